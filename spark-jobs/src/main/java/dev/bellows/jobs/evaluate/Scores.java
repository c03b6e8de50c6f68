package dev.bellows.jobs.evaluate;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.ExternalizableSerializer;
import dev.bellows.engine.metric.MetricSet;
import java.io.Externalizable;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
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
  private MetricSet metrics = new MetricSet();

  /** For deserialisation only. */
  public Scores() {}

  Scores(MetricSet metrics) {
    this.metrics = metrics;
  }

  /** The metrics that rows are added to. */
  MetricSet metrics() {
    return metrics;
  }

  /** Adds {weightSum, lossSum, metricSum, rows} of a part of a block; parts in row order. */
  void add(int block, double[] sums) {
    double[] mine = blocks.computeIfAbsent(block, b -> new double[SUMS]);
    for (int i = 0; i < SUMS; i++) {
      mine[i] += sums[i];
    }
  }

  /** Takes over the blocks of another part. */
  void merge(Scores other) {
    other.blocks.forEach(this::add);
    metrics.merge(other.metrics);
  }

  /** Mean loss over all blocks; NaN without weight. */
  double loss() {
    double[] totals = totals();
    return totals[0] == 0 ? Double.NaN : totals[1] / totals[0];
  }

  /** {weightSum, lossSum, metricSum, rows} of all blocks. */
  private double[] totals() {
    double[] all = new double[SUMS];
    for (Map.Entry<Integer, double[]> block : blocks.entrySet()) {
      for (int i = 0; i < SUMS; i++) {
        all[i] += block.getValue()[i];
      }
    }
    return all;
  }

  @Override
  public void writeExternal(ObjectOutput out) throws IOException {
    out.writeInt(blocks.size());
    for (Map.Entry<Integer, double[]> block : blocks.entrySet()) {
      out.writeInt(block.getKey());
      for (double sum : block.getValue()) {
        out.writeDouble(sum);
      }
    }
    metrics.writeExternal(out);
  }

  @Override
  public void readExternal(ObjectInput in) throws IOException {
    int n = in.readInt();
    for (int b = 0; b < n; b++) {
      int id = in.readInt();
      double[] sums = new double[SUMS];
      for (int i = 0; i < SUMS; i++) {
        sums[i] = in.readDouble();
      }
      blocks.put(id, sums);
    }
    metrics = new MetricSet();
    metrics.readExternal(in);
  }
}
