package dev.bellows.jobs.evaluate;

import dev.bellows.engine.metric.MetricSet;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.plan.Predictor;
import dev.bellows.jobs.block.Block;
import dev.bellows.jobs.block.BlockReader;
import dev.bellows.jobs.block.DataShard;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;

/** Scores the blocks of a partition with given parameters. */
final class ScoreTask implements FlatMapFunction<Iterator<DataShard>, Scores> {
  private static final long serialVersionUID = 1L;

  private final ScorePlan plan;
  private final List<String> metrics;
  private final Broadcast<float[]> parameters;

  ScoreTask(ScorePlan plan, List<String> metrics, Broadcast<float[]> parameters) {
    this.plan = plan;
    this.metrics = List.copyOf(metrics);
    this.parameters = parameters;
  }

  @Override
  public Iterator<Scores> call(Iterator<DataShard> blocks) {
    Scores scores = new Scores(plan.metrics(metrics));
    if (!blocks.hasNext()) {
      return List.of(scores).iterator();
    }
    NetworkSpec spec = plan.spec();
    int most = plan.rowsAtOnce();
    BlockReader reader = new BlockReader(plan.preprocess());
    RowScorer rows = new RowScorer(plan, scores.metrics());
    float[] predicted = new float[Math.multiplyExact(most, spec.scores())];
    try (Predictor predictor = new Predictor(spec, most, plan.kernels())) {
      predictor.setParameters(parameters.value());
      while (blocks.hasNext()) {
        DataShard shard = blocks.next();
        Block block = shard.block();
        for (int from = 0; from < block.rows(); from += most) {
          int count = Math.min(most, block.rows() - from);
          reader.fill(block, null, from, count, predictor.batch());
          predictor.run();
          scores.add(shard.id(), predictor.scalars());
          predictor.probabilities(predicted);
          rows.add(predicted, block, from, count);
        }
      }
    }
    return List.of(scores).iterator();
  }

  /** Hands rows to the metrics in their orientation and unit. */
  private static final class RowScorer {
    private final MetricSet metrics;
    private final int classes;
    private final int outputs;
    private final int positions;
    private final boolean swapped;
    private final boolean margin;
    private final double[] scales;
    private final double[] offsets;
    private final float[] row;
    private final float[] target;

    RowScorer(ScorePlan plan, MetricSet metrics) {
      this.metrics = metrics;
      this.classes = plan.classes();
      this.outputs = plan.spec().outputs();
      this.swapped = plan.swapped();
      this.margin = plan.margin();
      this.positions = plan.positions();
      this.scales = new double[outputs];
      this.offsets = new double[outputs];
      this.target = new float[outputs];
      plan.units(scales, offsets);
      this.row = new float[outputs];
    }

    void add(float[] predicted, Block block, int from, int count) {
      for (int i = 0; i < count * positions; i++) {
        System.arraycopy(predicted, i * outputs, row, 0, outputs);
        int at = from * positions + i;
        float weight = block.weight(at / positions);
        if (classes == 0) {
          for (int k = 0; k < outputs; k++) {
            row[k] = (float) (row[k] * scales[k] + offsets[k]);
            target[k] = block.target()[at * outputs + k];
          }
          metrics.add(row, 0, target, weight);
        } else if (block.labels()[at] >= 0) { // -1: none, or a class that training did not show
          orient();
          int label = block.labels()[at];
          metrics.add(row, outputs, 0, swapped ? 1 - label : label, weight);
        }
      }
    }

    private void orient() {
      if (margin) { // monotone and 0.5 at margin 0; not a calibrated probability
        row[0] = (float) (1 / (1 + StrictMath.exp(-row[0])));
      }
      if (swapped && outputs == 1) {
        row[0] = 1 - row[0];
      } else if (swapped) {
        float first = row[0];
        row[0] = row[1];
        row[1] = first;
      }
    }
  }
}
