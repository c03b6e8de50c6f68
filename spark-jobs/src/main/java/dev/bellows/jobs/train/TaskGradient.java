package dev.bellows.jobs.train;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.plan.BatchBuffers;
import dev.bellows.engine.plan.PlanOptions;
import dev.bellows.engine.plan.SliceTrainer;
import dev.bellows.engine.sample.BatchSchedule;
import dev.bellows.engine.sample.RowOrder;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.jobs.block.BlockReader;
import dev.bellows.jobs.block.DataShard;
import dev.bellows.ps.shard.TreeSum;
import java.lang.management.ManagementFactory;
import java.util.List;

/**
 * The gradients of the slices that a task owns, step by step, added to maximal subtrees of the
 * step's sum. Whole subtrees of slices with equally many rows are computed at once where the
 * trainer is faster so; the sum has the same bits either way.
 */
final class TaskGradient implements AutoCloseable {
  private final long seed;
  private final int sliceFrom;
  private final Failpoints failpoints;
  private final SliceTrainer trainer;
  private final BlockReader reader;
  private final BatchSchedule schedule;
  private final TreeSum sums;
  private final int[][] orders;
  private final double[] noRows = new double[4];
  private final boolean oneByOne;
  private List<DataShard> owned = List.of();
  private long orderEpoch = -1;
  private long stepInEpoch;
  private long fillNanos;
  private long rows;
  private String badLayer = "";

  TaskGradient(
      TaskPlan plan,
      NetworkSpec spec,
      KernelProvider kernels,
      int sliceFrom,
      int sliceTo,
      Failpoints failpoints) {
    this.seed = plan.seed();
    this.sliceFrom = sliceFrom;
    this.failpoints = failpoints;
    this.oneByOne = failpoints.plans("task.nan");
    this.schedule = BatchSchedule.of(plan.rows(), plan.batchSize(), plan.slices());
    this.trainer =
        new SliceTrainer(
            spec,
            schedule.maxSliceRows(),
            kernels,
            plan.seed(),
            (plan.mixedPrecision() ? PlanOptions.MIXED : PlanOptions.DEFAULT)
                .withMemoryLimit(machineBytes()),
            List.of(),
            sliceTo - sliceFrom);
    this.reader = new BlockReader(plan.preprocess(), plan.augmentation(), plan.seed());
    this.sums = new TreeSum(plan.slices(), plan.length());
    this.orders = new int[sliceTo - sliceFrom][];
  }

  /** Sets the data of the slices and the counts to zero. */
  void beginTask(List<DataShard> shards) {
    owned = shards;
    fillNanos = 0;
    rows = 0;
    badLayer = "";
  }

  void setParameters(int at, float[] values, int offset, int length) {
    trainer.setParameters(at, values, offset, length);
  }

  /** Computes and adds the gradients of all owned slices. */
  void compute(long step) {
    long stepsPerEpoch = schedule.stepsPerEpoch();
    long epoch = step / stepsPerEpoch;
    stepInEpoch = step % stepsPerEpoch;
    if (epoch != orderEpoch) {
      shuffle(epoch);
    }
    sums.clear();
    int lanes = oneByOne ? 1 : trainer.lanes();
    for (int i = 0; i < owned.size(); ) {
      if (lanes > 1 && together(i, lanes)) {
        computeTogether(step, i, lanes);
        i += lanes;
      } else {
        compute(step, i++);
      }
    }
  }

  /** Whether the slices from the i-th owned one on are a whole subtree with equally many rows. */
  private boolean together(int i, int lanes) {
    int slice = sliceFrom + i;
    if (slice % lanes != 0 || i + lanes > owned.size()) {
      return false;
    }
    int count = schedule.count(stepInEpoch, slice);
    for (int lane = 1; lane < lanes; lane++) {
      if (schedule.count(stepInEpoch, slice + lane) != count) {
        return false;
      }
    }
    return count > 0;
  }

  private void computeTogether(long step, int i, int lanes) {
    int slice = sliceFrom + i;
    int filled = 0;
    for (int lane = 0; lane < lanes; lane++) {
      filled += fill(i + lane, trainer.batch(lane));
    }
    trainer.runLanes(step, slice);
    if (trainer.finite()) {
      int level = Integer.numberOfTrailingZeros(lanes);
      sums.add(level, slice >> level, trainer.gradientAddress(), trainer.scalars());
      rows += filled;
    } else { // the first bad slice has to be named
      for (int lane = 0; lane < lanes; lane++) {
        compute(step, i + lane);
      }
    }
  }

  private void compute(long step, int i) {
    int slice = sliceFrom + i;
    if (schedule.count(stepInEpoch, slice) == 0) {
      trainer.clearGradient();
      sums.add(slice, trainer.gradientAddress(), noRows);
      return;
    }
    rows += fill(i, trainer.batch());
    trainer.run(step, slice);
    if (failpoints.hit("task.nan", step)) {
      Memory.putFloat(trainer.gradientAddress(), Float.NaN);
    }
    boolean finite = sums.add(slice, trainer.gradientAddress(), trainer.scalars());
    if (!finite && badLayer.isEmpty()) {
      badLayer = layerOfBadElement();
      String first = trainer.firstNonFinite(step, slice);
      badLayer += first.isEmpty() ? "" : " (" + first + ")";
    }
  }

  private int fill(int i, BatchBuffers batch) {
    int slice = sliceFrom + i;
    int count = schedule.count(stepInEpoch, slice);
    long before = System.nanoTime();
    reader.fill(owned.get(i).block(), orders[i], schedule.from(stepInEpoch, slice), count, batch);
    fillNanos += System.nanoTime() - before;
    return count;
  }

  /** Sums of the last step. */
  TreeSum sums() {
    return sums;
  }

  /** Layer and op of the first value of this task that was not finite; "" when all were. */
  String badLayer() {
    return badLayer;
  }

  /** Rows computed in this task. */
  long rows() {
    return rows;
  }

  /** Time spent in reading rows in this task. */
  long fillNanos() {
    return fillNanos;
  }

  /** Rows of a data shard that are used: ranks below the plan's number of rows. */
  private int shardRows(int slice) {
    long last = schedule.stepsPerEpoch() - 1;
    return schedule.from(last, slice) + schedule.count(last, slice);
  }

  /** Memory of the machine or container: a plan above it can't work and is refused by name. */
  private static long machineBytes() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean machine
        ? machine.getTotalMemorySize()
        : Long.MAX_VALUE;
  }

  private String layerOfBadElement() {
    for (Segment segment : trainer.layout().segments()) {
      for (int i = segment.offset(); i < segment.end(); i++) {
        if (!Float.isFinite(Memory.getFloat(trainer.gradientAddress() + 4L * i))) {
          return segment.name();
        }
      }
    }
    return "loss";
  }

  private void shuffle(long epoch) {
    for (int i = 0; i < owned.size(); i++) {
      int slice = sliceFrom + i;
      orders[i] = RowOrder.permutation(seed, epoch, slice, shardRows(slice));
    }
    reader.beginEpoch(epoch);
    orderEpoch = epoch;
  }

  @Override
  public void close() {
    trainer.close();
  }
}
