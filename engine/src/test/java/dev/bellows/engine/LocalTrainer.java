package dev.bellows.engine;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.Initializers;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.ParameterLayout;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.engine.plan.BatchBuffers;
import dev.bellows.engine.plan.Predictor;
import dev.bellows.engine.plan.SliceTrainer;
import dev.bellows.engine.sample.RowOrder;
import dev.bellows.engine.tensor.Memory;
import java.util.List;

/**
 * Mini-batch training in one thread with one slice per batch: the engine without Spark and servers.
 */
final class LocalTrainer implements AutoCloseable {
  private static final KernelProvider KERNELS =
      KernelProvider.choose(KernelProvider.Preference.AUTO);

  final ParameterLayout layout;
  final float[] weights;
  private final SliceTrainer trainer;
  private final Predictor predictor;
  private final UpdateSpec update;
  private final UpdateRule rule;
  private final float[] gradient;
  private final float[][] slots;
  private final int batchSize;
  private final long seed;
  private long step;
  private long epoch;

  /**
   * Set when a step's loss or gradient was not finite; that step and all later ones are not
   * applied.
   */
  boolean diverged;

  LocalTrainer(NetworkSpec spec, OptimizerSpec optimizer, int batchSize, long seed) {
    this(spec, optimizer, ScheduleSpec.constant(), 0, batchSize, seed);
  }

  LocalTrainer(
      NetworkSpec spec,
      OptimizerSpec optimizer,
      ScheduleSpec schedule,
      double l2,
      int batchSize,
      long seed) {
    trainer = new SliceTrainer(spec, batchSize, KERNELS, seed);
    predictor = new Predictor(spec, 512, KERNELS);
    layout = trainer.layout();
    List<UpdateSpec.Range> ranges =
        layout.segments().stream()
            .map(
                s ->
                    s.kind() == Segment.Kind.STATE
                        ? UpdateSpec.Range.state(s.offset(), s.end(), s.stateMomentum())
                        : UpdateSpec.Range.trainable(s.offset(), s.end(), s.decay(), s.rateScale()))
            .toList();
    update = new UpdateSpec(optimizer, schedule, 0, l2, 0, 0, NanPolicy.STOP, ranges);
    rule = new UpdateRule(update);
    weights = Initializers.init(layout, seed);
    gradient = new float[layout.length()];
    slots = new float[rule.slots()][layout.length()];
    this.batchSize = batchSize;
    this.seed = seed;
  }

  /** One pass over the rows in a new order; the mean loss as it was while training. */
  double epoch(Samples data) {
    int[] order = RowOrder.permutation(seed, epoch++, 0, data.rows());
    double loss = 0;
    double weight = 0;
    int steps = (data.rows() + batchSize - 1) / batchSize;
    for (int from = 0; from < data.rows() && !diverged; from += batchSize) {
      data.fill(trainer.batch(), order, from, Math.min(batchSize, data.rows() - from));
      trainer.setParameters(weights);
      trainer.run(step, 0);
      diverged = !trainer.finite();
      if (!diverged) {
        trainer.gradient(gradient);
        double[] scalars = trainer.scalars();
        loss += scalars[1];
        weight += scalars[0];
        rule.apply(
            step + 1,
            update.rate(step, steps, Long.MAX_VALUE),
            scalars[0],
            1,
            weights,
            gradient,
            slots,
            0,
            weights.length,
            0);
        step++;
      }
    }
    return diverged ? Double.NaN : loss / weight;
  }

  LocalTrainer epochs(Samples data, int count) {
    for (int i = 0; i < count; i++) {
      epoch(data);
    }
    return this;
  }

  /** {mean loss, mean metric} in evaluation mode. */
  double[] evaluate(Samples data) {
    predictor.setParameters(weights);
    double[] sums = new double[4];
    int[] order = Samples.identity(data.rows());
    for (int from = 0; from < data.rows(); from += 512) {
      data.fill(predictor.batch(), order, from, Math.min(512, data.rows() - from));
      predictor.run();
      double[] scalars = predictor.scalars();
      for (int i = 0; i < 4; i++) {
        sums[i] += scalars[i];
      }
    }
    return new double[] {sums[1] / sums[0], sums[2] / sums[3]};
  }

  double accuracy(Samples data) {
    return evaluate(data)[1];
  }

  /** Raw scores of all rows (at most 512 at a time), [rows, outputs]. */
  float[] outputs(Samples data, int outputs) {
    predictor.setParameters(weights);
    float[] all = new float[data.rows() * outputs];
    int[] order = Samples.identity(data.rows());
    for (int from = 0; from < data.rows(); from += 512) {
      int count = Math.min(512, data.rows() - from);
      data.fill(predictor.batch(), order, from, count);
      predictor.run();
      float[] part = new float[count * outputs];
      predictor.outputs(part);
      System.arraycopy(part, 0, all, from * outputs, part.length);
    }
    return all;
  }

  @Override
  public void close() {
    trainer.close();
    predictor.close();
  }

  /**
   * Rows in memory.
   *
   * @param width numeric columns
   * @param x [rows, width]
   * @param labels [rows], or empty
   * @param outputs target columns
   * @param target [rows, outputs], or empty
   */
  record Samples(int width, float[] x, int[] labels, int outputs, float[] target) {
    int rows() {
      return x.length / width;
    }

    static int[] identity(int n) {
      return java.util.stream.IntStream.range(0, n).toArray();
    }

    /** The rows chosen, in that order. */
    Samples take(int[] rows) {
      float[] newX = new float[rows.length * width];
      int[] newLabels = new int[labels.length == 0 ? 0 : rows.length];
      float[] newTarget = new float[target.length == 0 ? 0 : rows.length * outputs];
      for (int i = 0; i < rows.length; i++) {
        System.arraycopy(x, rows[i] * width, newX, i * width, width);
        if (newLabels.length > 0) {
          newLabels[i] = labels[rows[i]];
        }
        if (newTarget.length > 0) {
          System.arraycopy(target, rows[i] * outputs, newTarget, i * outputs, outputs);
        }
      }
      return new Samples(width, newX, newLabels, outputs, newTarget);
    }

    void fill(BatchBuffers batch, int[] order, int from, int count) {
      for (int i = 0; i < count; i++) {
        int row = order[from + i];
        Memory.copyIn(x, row * width, batch.numeric() + 4L * i * width, width);
        if (labels.length > 0) {
          Memory.copyIn(labels, row, batch.labels() + 4L * i, 1);
        }
        if (target.length > 0) {
          Memory.copyIn(target, row * outputs, batch.target() + 4L * i * outputs, outputs);
        }
      }
      batch.setRows(count);
    }
  }
}
