package dev.bellows.jobs.evaluate;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.ExternalizableSerializer;
import dev.bellows.engine.metric.MetricSet;
import java.io.Externalizable;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What scoring some blocks of held-out rows gave; parts merge to the same bits in any order.
 *
 * <p>Loss sums are kept per block and added in block order at the end.
 */
@DefaultSerializer(ExternalizableSerializer.class) // whatever registrator the session has
public final class Scores implements Externalizable {
  private static final long serialVersionUID = 1L;
  private static final int SUMS = 4;

  private final TreeMap<Integer, double[]> blocks = new TreeMap<>();
  private List<OutputScores> outputs = List.of();

  /** For deserialisation only. */
  public Scores() {}

  Scores(List<OutputScores> outputs) {
    this.outputs = outputs;
  }

  /** The metrics that rows are added to, one set per output. */
  List<OutputScores> outputs() {
    return outputs;
  }

  /** The metrics of the main output. */
  MetricSet metrics() {
    return outputs.get(0).metrics();
  }

  /**
   * Adds {weightSum, lossSum, metricSum, rows} of a part of a block, and behind them the loss sums
   * of the heads; parts in row order.
   */
  void add(int block, double[] sums) {
    double[] mine = blocks.computeIfAbsent(block, b -> new double[sums.length]);
    for (int i = 0; i < sums.length; i++) {
      mine[i] += sums[i];
    }
  }

  /** Takes over the blocks of another part. */
  void merge(Scores other) {
    other.blocks.forEach(this::add);
    for (int i = 0; i < outputs.size(); i++) {
      outputs.get(i).merge(other.outputs.get(i));
    }
  }

  /** Mean loss over all blocks; NaN without weight. */
  double loss() {
    double[] totals = totals();
    return totals[0] == 0 ? Double.NaN : totals[1] / totals[0];
  }

  /** Mean loss of a head over all blocks, without its weight; NaN without rows. */
  double headLoss(int head) {
    double[] totals = totals();
    return totals[0] == 0 ? Double.NaN : totals[SUMS + head] / totals[0];
  }

  /** The metrics of all outputs, and the losses of the heads behind theirs. */
  Map<String, Double> figures(List<OutputPlan> plans) {
    Map<String, Double> figures = new LinkedHashMap<>();
    for (int i = 0; i < plans.size(); i++) {
      figures.putAll(outputs.get(i).figures());
      if (i > 0) {
        figures.put(plans.get(i).prefix() + "loss", headLoss(i - 1));
      }
    }
    return figures;
  }

  /** The sums of {@link #add} over all blocks. */
  private double[] totals() {
    int length = blocks.isEmpty() ? SUMS : blocks.firstEntry().getValue().length;
    double[] all = new double[Math.max(length, SUMS + Math.max(0, outputs.size() - 1))];
    for (double[] block : blocks.values()) {
      for (int i = 0; i < block.length; i++) {
        all[i] += block[i];
      }
    }
    return all;
  }

  @Override
  public void writeExternal(ObjectOutput out) throws IOException {
    out.writeInt(blocks.size());
    for (Map.Entry<Integer, double[]> block : blocks.entrySet()) {
      out.writeInt(block.getKey());
      out.writeInt(block.getValue().length);
      for (double sum : block.getValue()) {
        out.writeDouble(sum);
      }
    }
    out.writeInt(outputs.size());
    for (OutputScores output : outputs) {
      output.write(out);
    }
  }

  @Override
  public void readExternal(ObjectInput in) throws IOException {
    int n = in.readInt();
    for (int b = 0; b < n; b++) {
      int id = in.readInt();
      double[] sums = new double[in.readInt()];
      for (int i = 0; i < sums.length; i++) {
        sums[i] = in.readDouble();
      }
      blocks.put(id, sums);
    }
    outputs = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      outputs.add(OutputScores.read(in));
    }
  }
}
