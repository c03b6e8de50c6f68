package dev.bellows.jobs.train;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.plan.PartListener;
import dev.bellows.engine.plan.PlanOptions;
import dev.bellows.engine.plan.SliceTrainer;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.jobs.block.DataShard;
import dev.bellows.ps.client.ClientOptions;
import dev.bellows.ps.client.Connector;
import dev.bellows.ps.shard.ShardMap;
import dev.bellows.ps.shard.TreeSum;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The gradients of the slices that a task owns, step by step, added to maximal subtrees of the
 * step's sum. Whole subtrees of slices with equally many rows are computed at once where the
 * trainer is faster so; the sum has the same bits either way.
 */
final class TaskGradient implements TaskWork {
  private final int sliceFrom;
  private final Failpoints failpoints;
  private final SliceTrainer trainer;
  private final SliceRows rows;
  private final TreeSum sums;
  private final @Nullable PartExchange exchange;
  private final double[] noRows = new double[4];
  private final @Nullable RowWork tables;
  private final boolean oneByOne;
  private long stepInEpoch;
  private String badLayer = "";

  TaskGradient(
      TaskPlan plan,
      NetworkSpec spec,
      KernelProvider kernels,
      int sliceFrom,
      int sliceTo,
      Failpoints failpoints,
      Timeline timeline) {
    this.sliceFrom = sliceFrom;
    this.failpoints = failpoints;
    this.oneByOne = failpoints.plans("task.nan");
    this.rows = new SliceRows(plan, sliceFrom, sliceTo);
    this.tables = RowWork.of(plan, rows, sliceTo - sliceFrom);
    this.trainer =
        trainer(
            plan,
            tables == null ? spec : tables.cut(spec),
            kernels,
            rows.schedule().maxSliceRows(),
            tables == null ? mostLanes(plan, sliceTo - sliceFrom) : 1);
    if (tables != null) {
      tables.bind(trainer);
    }
    this.sums =
        plan.compression().isNone()
            ? new TreeSum(plan.slices(), plan.length())
            : TreeSum.ofUnits(plan.slices(), plan.length(), plan.compression().units());
    this.exchange =
        plan.overlap()
            ? new PartExchange(
                trainer,
                plan.slices(),
                ShardMap.of(plan.length(), plan.placement().size()),
                oneByOne,
                timeline)
            : null;
  }

  /** Slices that are computed at once lie in one unit. */
  private static int mostLanes(TaskPlan plan, int owned) {
    return plan.compression().isNone()
        ? owned
        : Math.min(owned, 1 << plan.compression().level(plan.slices()));
  }

  static SliceTrainer trainer(
      TaskPlan plan, NetworkSpec spec, KernelProvider kernels, int maxRows, int mostLanes) {
    PlanOptions options = plan.mixedPrecision() ? PlanOptions.MIXED : PlanOptions.DEFAULT;
    return new SliceTrainer(
        spec,
        maxRows,
        kernels,
        plan.seed(),
        options.withMemoryLimit(machineBytes()),
        List.of(),
        mostLanes);
  }

  @Override
  public void beginTask(List<DataShard> shards) {
    rows.beginTask(shards);
    badLayer = "";
  }

  @Override
  public void choose(int[][] chosen) {
    rows.choose(chosen);
  }

  @Override
  public void setParameters(int at, float[] values, int offset, int length) {
    trainer.setParameters(at, values, offset, length);
  }

  @Override
  public void compute(long step) {
    long stepsPerEpoch = rows.schedule().stepsPerEpoch();
    rows.beginStep(step / stepsPerEpoch);
    stepInEpoch = step % stepsPerEpoch;
    if (exchange == null) {
      sums.clear();
    } else {
      exchange.begin(step);
    }
    if (tables != null) {
      pull(tables, step);
    }
    int lanes = oneByOne ? 1 : trainer.lanes();
    for (int i = 0; i < rows.slices(); ) {
      if (lanes > 1 && together(i, lanes)) {
        computeTogether(step, i, lanes);
        i += lanes;
      } else {
        compute(step, i, i + 1 == rows.slices());
        i++;
      }
    }
  }

  private void pull(RowWork of, long step) {
    of.beginStep();
    for (int i = 0; i < rows.slices(); i++) {
      of.collect(rows, stepInEpoch, i);
    }
    of.pull(step, trainer);
  }

  /** Whether the slices from the i-th owned one on are a whole subtree with equally many rows. */
  private boolean together(int i, int lanes) {
    int slice = sliceFrom + i;
    if (slice % lanes != 0 || i + lanes > rows.slices()) {
      return false;
    }
    int count = rows.count(stepInEpoch, i);
    for (int lane = 1; lane < lanes; lane++) {
      if (rows.count(stepInEpoch, i + lane) != count) {
        return false;
      }
    }
    return count > 0;
  }

  private void computeTogether(long step, int i, int lanes) {
    int slice = sliceFrom + i;
    for (int lane = 0; lane < lanes; lane++) {
      rows.fill(stepInEpoch, i + lane, trainer.batch(lane));
    }
    int level = Integer.numberOfTrailingZeros(lanes);
    PartListener hears = listener(level, slice >> level, i + lanes == rows.slices());
    if (hears == null) {
      trainer.runLanes(step, slice);
    } else {
      trainer.runLanes(step, slice, hears);
    }
    if (trainer.finite() || leftInRun() > 0) {
      note(add(level, slice >> level, trainer.scalars()), step, slice);
    } else { // the first bad slice has to be named
      for (int lane = 0; lane < lanes; lane++) {
        compute(step, i + lane, false);
      }
    }
  }

  private @Nullable PartListener listener(int level, int index, boolean last) {
    return exchange == null ? null : exchange.listener(level, index, last);
  }

  private int leftInRun() {
    return exchange == null ? 0 : exchange.leftInRun();
  }

  /** Adds the last run to the step's sums; whether it is finite. */
  private boolean add(int level, int index, double[] scalars) {
    return exchange == null
        ? sums.add(level, index, trainer.gradientAddress(), scalars)
        : exchange.add(level, index, scalars);
  }

  private void compute(long step, int i, boolean last) {
    int slice = sliceFrom + i;
    if (rows.count(stepInEpoch, i) == 0) {
      trainer.clearGradient();
      add(0, slice, noRows);
      if (tables != null) {
        tables.addNothing(slice);
      }
      return;
    }
    rows.fill(stepInEpoch, i, trainer.batch());
    if (tables != null) {
      tables.number(i, trainer.batch());
    }
    PartListener hears = listener(0, slice, last);
    if (hears == null) {
      trainer.run(step, slice);
    } else {
      trainer.run(step, slice, hears);
    }
    if (failpoints.hit("task.nan", step)) {
      Memory.putFloat(trainer.gradientAddress(), Float.NaN);
    }
    boolean finite = add(0, slice, trainer.scalars());
    if (tables != null) {
      tables.add(i, slice, trainer, finite);
    }
    note(finite, step, slice);
  }

  /**
   * Notes the layer of the first value that is not finite. When parts have left, parameters of the
   * next step may have come and the op can't be found by computing the slice once more.
   */
  private void note(boolean finite, long step, int slice) {
    if (!finite && badLayer.isEmpty()) {
      badLayer = layerOfBadElement(trainer);
      String first = leftInRun() > 0 ? "" : trainer.firstNonFinite(step, slice);
      badLayer += first.isEmpty() ? "" : " (" + first + ")";
    }
  }

  @Override
  public void connect(ClientOptions options, Connector connector) {
    if (tables != null) {
      tables.connect(options, connector);
    }
  }

  @Override
  public void disconnect() {
    if (tables != null) {
      tables.disconnect();
    }
  }

  @Override
  public void pushRows(long step) {
    if (tables != null) {
      tables.push(step);
    }
  }

  @Override
  public long waitedNanos() {
    return tables == null ? 0 : tables.waitedNanos();
  }

  @Override
  public long payloadBytes() {
    return tables == null ? 0 : tables.payloadBytes();
  }

  @Override
  public @Nullable PartExchange exchange() {
    return exchange;
  }

  @Override
  public TreeSum sums() {
    return sums;
  }

  @Override
  public String badLayer() {
    return badLayer;
  }

  @Override
  public long rows() {
    return rows.rows();
  }

  @Override
  public long fillNanos() {
    return rows.fillNanos();
  }

  /** Memory of the machine or container: a plan above it can't work and is refused by name. */
  private static long machineBytes() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean machine
        ? machine.getTotalMemorySize()
        : Long.MAX_VALUE;
  }

  static String layerOfBadElement(SliceTrainer trainer) {
    for (Segment segment : trainer.layout().segments()) {
      for (int i = segment.offset(); i < segment.end(); i++) {
        if (!Float.isFinite(Memory.getFloat(trainer.gradientAddress() + 4L * i))) {
          return segment.name();
        }
      }
    }
    return "loss";
  }

  @Override
  public void close() {
    trainer.close();
  }
}
