package dev.bellows.jobs.train;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.model.Json;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.ParameterLayout;
import dev.bellows.engine.nn.SparseTable;
import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.engine.sample.BatchSchedule;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.Block;
import dev.bellows.jobs.block.DataShard;
import dev.bellows.jobs.block.DatasetShape;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.config.TrainerConfig;
import dev.bellows.jobs.evaluate.ScorePlan;
import dev.bellows.jobs.table.Preprocess;
import dev.bellows.ps.codec.Compression;
import dev.bellows.ps.shard.TreeSum;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A whole training in one thread, on some rows of a block: the steps of a distributed training,
 * with the same slices, the same sums and the same update, so that it ends with the same bits as
 * {@link TrainJob} on those rows alone. No server, no network, no Spark.
 *
 * <p>Epochs are taken one by one; {@link #point} and {@link #restore} carry a training from one
 * process to another. Not thread-safe.
 */
public final class LocalTraining implements AutoCloseable {
  private final RunConfig config;
  private final NetworkSpec spec;
  private final String network;
  private final SharedVector vector;
  private final KernelProvider kernels;
  private final TaskWork work;
  private final UpdateSpec update;
  private final UpdateRule rule;
  private final long stepsPerEpoch;
  private final long totalSteps;
  private float[] values;
  private final float[][] slots;
  private Divergence divergence = new Divergence(Double.NaN);
  private long step;
  private int skipped;
  private double loss = Double.NaN;
  private BooleanSupplier cancelled = () -> false;

  /**
   * A training before its first step.
   *
   * @param config the resolved configuration
   * @param preprocess fitted on these rows, for reading this block
   * @param classCounts the rows of each class in label order; empty for numbers
   * @param block holds the rows
   * @param rows which of its rows, in rank order: the i-th belongs to slice i mod V
   * @throws BellowsException exit 3 when the network does not fit the data, exit 4 without rows
   */
  public LocalTraining(
      RunConfig config, Preprocess preprocess, List<Long> classCounts, Block block, int[] rows) {
    if (rows.length == 0) {
      throw new BellowsException(ExitCode.DATA, "no training rows are left");
    }
    TrainerConfig trainer = config.trainer();
    this.config = config;
    this.spec = NetworkSpecs.of(config, DatasetShape.of(preprocess), classCounts);
    this.network = Json.compact(spec.toJson());
    if (!SparseTable.of(spec).isEmpty()) {
      throw new BellowsException(
          ExitCode.CONFIG,
          "features with sparse: true are trained through the parameter server; a study trains each model in one task: leave sparse out");
    }
    ParameterLayout layout = Network.layout(spec);
    this.vector =
        new SharedVector(
            layout, UpdateSpecs.of(trainer, layout), config.distributed().localSteps(), List.of());
    this.kernels = KernelProvider.choose(Setup.preference(config));
    int slices = Setup.slices(config);
    long steps = BatchSchedule.of(rows.length, trainer.batchSize(), slices).stepsPerEpoch();
    this.stepsPerEpoch = vector.rounds(steps);
    this.totalSteps = Math.multiplyExact(stepsPerEpoch, trainer.epochs());
    LocalSteps local =
        vector.local()
            ? new LocalSteps(
                vector.localSteps(),
                vector.update().encode(),
                steps,
                Math.multiplyExact(steps, (long) trainer.epochs()))
            : null;
    TaskPlan plan = plan(local, preprocess, slices, rows.length);
    this.work =
        local == null
            ? new TaskGradient(plan, spec, kernels, 0, slices, Failpoints.NONE, new Timeline())
            : new TaskAverage(plan, local, spec, kernels, 0, slices);
    this.update = vector.rule();
    this.rule = new UpdateRule(update);
    this.values = vector.initial(config.seed());
    this.slots = new float[vector.slots()][vector.length()];
    int[][] dealt = deal(rows, slices);
    List<DataShard> shards = new ArrayList<>();
    for (int slice = 0; slice < slices; slice++) {
      shards.add(new DataShard(slice, block));
    }
    work.beginTask(Collections.unmodifiableList(shards));
    work.choose(dealt);
  }

  private TaskPlan plan(@Nullable LocalSteps local, Preprocess preprocess, int slices, long rows) {
    return new TaskPlan(
        "",
        0,
        false,
        List.of(),
        network,
        vector.length(),
        List.of(),
        local,
        Compression.NONE, // there is no network
        false,
        null,
        preprocess,
        Setup.augmentation(config),
        slices,
        config.trainer().batchSize(),
        rows,
        config.seed(),
        totalSteps,
        config.distributed().deadline().toMillis(),
        config.trainer().precision() == TrainerConfig.Precision.BFLOAT16,
        Setup.preference(config).name(),
        kernels.id(),
        "");
  }

  /** The i-th row goes to slice i mod V, as {@code Dealing} does. */
  private static int[][] deal(int[] rows, int slices) {
    int[][] dealt = new int[slices][];
    for (int slice = 0; slice < slices; slice++) {
      dealt[slice] = new int[(rows.length - slice + slices - 1) / slices];
      for (int i = 0; i < dealt[slice].length; i++) {
        dealt[slice][i] = rows[i * slices + slice];
      }
    }
    return dealt;
  }

  /** Asked before each step; a training that is cancelled ends with {@link Cancelled}. */
  public void cancelWhen(BooleanSupplier asked) {
    cancelled = asked;
  }

  /** Said by a training that was cancelled. */
  public static final class Cancelled extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Cancelled(long step) {
      super("cancelled before step " + step);
    }
  }

  /**
   * Trains for one epoch more.
   *
   * @throws BellowsException exit 5 when the training diverges
   */
  public void epoch() {
    double[] sums = new double[2];
    for (long end = Math.min(totalSteps, step + stepsPerEpoch); step < end; step++) {
      if (cancelled.getAsBoolean()) {
        throw new Cancelled(step);
      }
      take(sums);
    }
    loss = sums[0] == 0 ? Double.NaN : sums[1] / sums[0];
  }

  private void take(double[] epochSums) {
    work.setParameters(0, values, 0, values.length);
    work.compute(step);
    TreeSum sums = work.sums();
    double weight = sums.scalar(0);
    float[] gradient = sums.sum();
    if (sums.badSlice() >= 0) {
      skip(sums.badSlice());
      return;
    }
    float clip =
        update.needsNorm()
            ? rule.clipFactor(
                UpdateRule.norm(rule.blockSquares(gradient, gradient.length, 0)), weight)
            : 1f;
    double rate = update.rate(step, stepsPerEpoch, totalSteps);
    rule.apply(step + 1, rate, weight, clip, values, gradient, slots, 0, values.length, 0);
    epochSums[0] += weight;
    epochSums[1] += sums.scalar(1);
    if (weight > 0) {
      String wrong = divergence.observe(step, sums.scalar(1) / weight);
      if (wrong != null) {
        throw diverged(wrong);
      }
    }
  }

  private void skip(int slice) {
    skipped++;
    if (update.nanPolicy() == NanPolicy.STOP) {
      throw diverged(
          "gradient is not finite at step "
              + step
              + ", slice "
              + slice
              + (work.badLayer().isEmpty() ? "" : ", layer " + work.badLayer()));
    }
    if (skipped > config.trainer().nanSkips()) {
      throw diverged(
          "gradient was not finite in "
              + skipped
              + " steps, trainer.on_nan allows "
              + config.trainer().nanSkips());
    }
  }

  private BellowsException diverged(String what) {
    return new BellowsException(
        ExitCode.DIVERGED,
        "training diverged: "
            + what
            + "; "
            + Divergence.advice(config.trainer().optimizer().learningRate()));
  }

  /** Mean training loss of the last epoch. */
  public double loss() {
    return loss;
  }

  /** Epochs taken so far. */
  public int epochs() {
    return Math.toIntExact((step + stepsPerEpoch - 1) / stepsPerEpoch);
  }

  /** The network as JSON text. */
  public String network() {
    return network;
  }

  /** The network that a configuration means for rows of such a fit, as JSON text. */
  public static String network(RunConfig config, Preprocess preprocess, List<Long> classCounts) {
    return Json.compact(NetworkSpecs.of(config, DatasetShape.of(preprocess), classCounts).toJson());
  }

  /** What a task needs to score rows with such a network. */
  public static ScorePlan scorePlan(RunConfig config, String network, Preprocess preprocess) {
    KernelProvider.Preference preference = Setup.preference(config);
    return new ScorePlan(
        network,
        preprocess,
        config.evaluate().threshold(),
        preference.name(),
        KernelProvider.choose(preference).id());
  }

  /** The values that are evaluated and stored, a copy. */
  public float[] exported() {
    return vector.exported(new RestorePoint(step, values, slots, Map.of())).clone();
  }

  /** A copy of the state, to go on from later. */
  public Point point() {
    float[][] copies = new float[slots.length][];
    for (int s = 0; s < slots.length; s++) {
      copies[s] = slots[s].clone();
    }
    return new Point(step, values.clone(), copies, divergence.firstLoss(), skipped);
  }

  /** Goes on from a state of the same training. */
  public void restore(Point point) {
    if (point.values().length != values.length || point.slots().length != slots.length) {
      throw new IllegalArgumentException(
          "a state of "
              + point.values().length
              + " values and "
              + point.slots().length
              + " slots is not of this training: it has "
              + values.length
              + " and "
              + slots.length);
    }
    step = point.step();
    values = point.values().clone();
    for (int s = 0; s < slots.length; s++) {
      System.arraycopy(point.slots()[s], 0, slots[s], 0, values.length);
    }
    divergence = new Divergence(point.firstLoss());
    skipped = point.skipped();
  }

  /**
   * Where a training stands.
   *
   * @param step next step
   * @param values parameters
   * @param slots optimiser slots
   * @param firstLoss loss of the first step
   * @param skipped steps that were left out
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Point(long step, float[] values, float[][] slots, double firstLoss, int skipped) {}

  @Override
  public void close() {
    work.close();
  }
}
