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
import dev.bellows.engine.plan.PlanOptions;
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
  private final NetworkSpec spec;
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

  /** Steps of the whole training, for schedules that fall to its end. */
  private long totalSteps = Long.MAX_VALUE;

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
    this.spec = spec;
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
  double epoch(Rows data) {
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
            update.rate(step, steps, totalSteps),
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

  /** The rest of the training: schedules end with its last step. */
  LocalTrainer epochs(Rows data, int count) {
    totalSteps = step + (long) count * ((data.rows() + batchSize - 1) / batchSize);
    for (int i = 0; i < count; i++) {
      epoch(data);
    }
    return this;
  }

  /** {mean loss, mean metric} in evaluation mode. */
  double[] evaluate(Rows data) {
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

  double accuracy(Rows data) {
    return evaluate(data)[1];
  }

  /** Mean metric of a head in evaluation mode: its accuracy when it classifies. */
  double accuracy(Samples data, String head) {
    predictor.setParameters(weights);
    double sum = 0;
    int[] order = Samples.identity(data.rows());
    for (int from = 0; from < data.rows(); from += 512) {
      data.fill(predictor.batch(), order, from, Math.min(512, data.rows() - from));
      predictor.run();
      sum += predictor.head(head)[1];
    }
    return sum / data.rows();
  }

  /** The predictor with the present weights. */
  Predictor predictor() {
    predictor.setParameters(weights);
    return predictor;
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

  /** What a layer gives for all rows at once, row-major. */
  float[] activations(Samples data, String layer) {
    try (Predictor watching =
        new Predictor(spec, data.rows(), KERNELS, PlanOptions.DEFAULT, List.of(layer))) {
      watching.setParameters(weights);
      // Labels don't matter here, and need not be among those that the network was trained on.
      Samples any = data.withLabels(new int[data.labels().length]);
      any.fill(watching.batch(), Samples.identity(data.rows()), 0, data.rows());
      watching.run();
      return watching.activation(layer);
    }
  }

  @Override
  public void close() {
    trainer.close();
    predictor.close();
  }

  /** Rows that can be written to a batch. */
  interface Rows {
    int rows();

    /** Writes {@code count} rows of the order, and how many there are. */
    void fill(BatchBuffers batch, int[] order, int from, int count);
  }

  /**
   * Rows of tokens: the codes of each row, and its labels per position, below 0 where there is
   * none.
   */
  record TokenRows(int[][] codes, int[][] labels) implements Rows {
    @Override
    public int rows() {
      return codes.length;
    }

    @Override
    public void fill(BatchBuffers batch, int[] order, int from, int count) {
      for (int i = 0; i < count; i++) {
        int[] row = codes[order[from + i]];
        int[] wanted = labels[order[from + i]];
        Memory.copyIn(row, 0, batch.codes() + 4L * i * row.length, row.length);
        Memory.copyIn(wanted, 0, batch.labels() + 4L * i * wanted.length, wanted.length);
      }
      batch.setRows(count);
    }

    TokenRows range(int from, int to) {
      return new TokenRows(
          java.util.Arrays.copyOfRange(codes, from, to),
          java.util.Arrays.copyOfRange(labels, from, to));
    }
  }

  /**
   * Rows in memory.
   *
   * @param width numeric columns
   * @param x [rows, width]
   * @param labels [rows] or [rows, k], or empty
   * @param outputs target columns
   * @param target [rows, outputs], or empty
   * @param codes [rows, k] of category columns, or empty
   */
  record Samples(int width, float[] x, int[] labels, int outputs, float[] target, int[] codes)
      implements Rows {
    Samples(int width, float[] x, int[] labels, int outputs, float[] target) {
      this(width, x, labels, outputs, target, new int[0]);
    }

    @Override
    public int rows() {
      return width == 0 ? labels.length : x.length / width;
    }

    /** These rows with other labels. */
    Samples withLabels(int... newLabels) {
      return new Samples(width, x, newLabels, outputs, target, codes);
    }

    /** These rows with other numbers. */
    Samples withX(int newWidth, float[] newX) {
      return new Samples(newWidth, newX, labels, outputs, target, codes);
    }

    static int[] identity(int n) {
      return java.util.stream.IntStream.range(0, n).toArray();
    }

    /** The rows chosen, in that order. */
    Samples take(int[] rows) {
      float[] newX = new float[rows.length * width];
      float[] newTarget = new float[target.length == 0 ? 0 : rows.length * outputs];
      for (int i = 0; i < rows.length; i++) {
        System.arraycopy(x, rows[i] * width, newX, i * width, width);
        if (newTarget.length > 0) {
          System.arraycopy(target, rows[i] * outputs, newTarget, i * outputs, outputs);
        }
      }
      return new Samples(width, newX, take(labels, rows), outputs, newTarget, take(codes, rows));
    }

    private int[] take(int[] values, int[] rows) {
      int each = values.length / rows();
      int[] taken = new int[each * rows.length];
      for (int i = 0; i < rows.length; i++) {
        System.arraycopy(values, rows[i] * each, taken, i * each, each);
      }
      return taken;
    }

    @Override
    public void fill(BatchBuffers batch, int[] order, int from, int count) {
      int each = labels.length / rows();
      int columns = codes.length / rows();
      for (int i = 0; i < count; i++) {
        int row = order[from + i];
        Memory.copyIn(x, row * width, batch.numeric() + 4L * i * width, width);
        Memory.copyIn(labels, row * each, batch.labels() + 4L * i * each, each);
        Memory.copyIn(codes, row * columns, batch.codes() + 4L * i * columns, columns);
        if (target.length > 0) {
          Memory.copyIn(target, row * outputs, batch.target() + 4L * i * outputs, outputs);
        }
      }
      batch.setRows(count);
    }
  }
}
