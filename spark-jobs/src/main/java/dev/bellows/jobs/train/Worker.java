package dev.bellows.jobs.train;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.ParameterLayout;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.plan.BatchBuffers;
import dev.bellows.engine.plan.PlanOptions;
import dev.bellows.engine.plan.SliceTrainer;
import dev.bellows.engine.sample.BatchSchedule;
import dev.bellows.engine.sample.RowOrder;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.jobs.block.Block;
import dev.bellows.jobs.block.BlockReader;
import dev.bellows.jobs.block.DataShard;
import dev.bellows.ps.client.ClientOptions;
import dev.bellows.ps.client.Connector;
import dev.bellows.ps.client.DivergedException;
import dev.bellows.ps.client.PsClient;
import dev.bellows.ps.client.StaleException;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.shard.ShardMap;
import dev.bellows.ps.shard.TreeSum;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import org.apache.spark.TaskContext;
import org.jspecify.annotations.Nullable;

/**
 * What a training task keeps between segments: the compiled network, its buffers and its connection
 * to the shards. Used by one task at a time.
 */
final class Worker implements AutoCloseable {
  /** Stands before the name of a layer in the message of a task that met a bad gradient. */
  static final String LAYER = "first in layer ";

  private static final int STAND_BACK_MS = 500;

  private final int sliceFrom;
  private final int sliceTo;
  private final long incarnation;
  private final SliceTrainer trainer;
  private final BlockReader reader;
  private final BatchSchedule schedule;
  private final TreeSum sums;
  private final int[][] orders;
  private final Failpoints failpoints;
  private final ParameterLayout layout;
  private final double[] noRows = new double[4];
  private long orderEpoch = -1;
  private @Nullable PsClient client;
  private volatile @Nullable TaskContext context;

  Worker(TaskPlan plan, NetworkSpec spec, KernelProvider kernels, int sliceFrom, int sliceTo) {
    this.sliceFrom = sliceFrom;
    this.sliceTo = sliceTo;
    this.incarnation = plan.incarnation();
    this.schedule = BatchSchedule.of(plan.rows(), plan.batchSize(), plan.slices());
    this.trainer =
        new SliceTrainer(
            spec,
            schedule.maxSliceRows(),
            kernels,
            plan.seed(),
            (plan.mixedPrecision() ? PlanOptions.MIXED : PlanOptions.DEFAULT)
                .withMemoryLimit(machineBytes()));
    this.layout = Network.layout(spec);
    this.reader = new BlockReader(plan.preprocess(), plan.augmentation(), plan.seed());
    this.sums = new TreeSum(plan.slices(), plan.length());
    this.orders = new int[sliceTo - sliceFrom][];
    this.failpoints =
        plan.failpoints().isEmpty() ? Failpoints.NONE : Failpoints.parse(plan.failpoints());
  }

  /** Whether this worker can go on with the plan and these slices. */
  boolean fits(TaskPlan plan, int from, int to) {
    return incarnation == plan.incarnation() && sliceFrom == from && sliceTo == to;
  }

  /** Takes steps until the plan's last one. */
  TaskReport train(TaskPlan plan, List<DataShard> owned, String name, TaskContext task) {
    context = task;
    boolean reused = client != null;
    try {
      return steps(plan, owned, name, task);
    } catch (StaleException e) {
      if (!reused) {
        throw e;
      }
      // Others owned these slices in between; the shards forgot this connection's older attempt.
      disconnect();
      return steps(plan, owned, name, task);
    }
  }

  private TaskReport steps(TaskPlan plan, List<DataShard> owned, String name, TaskContext task) {
    PsClient ps = client;
    if (ps == null) {
      ps = connect(plan, name, task);
      client = ps;
      ps.pull(trainer::setParameters);
    }
    long startedAt = System.nanoTime();
    long waitedBefore = ps.waitedNanos();
    long bytesBefore = ps.payloadBytes();
    long fillNanos = 0;
    long rows = 0;
    long steps = 0;
    String badLayer = "";
    long stepsPerEpoch = schedule.stepsPerEpoch();
    for (long step = ps.version(); step < plan.toStep(); step = ps.version()) {
      failpoints.hit("task.step", step);
      long epoch = step / stepsPerEpoch;
      long stepInEpoch = step % stepsPerEpoch;
      if (epoch != orderEpoch) {
        shuffle(plan.seed(), epoch, owned);
      }
      sums.clear();
      for (int i = 0; i < owned.size(); i++) {
        int slice = sliceFrom + i;
        int count = schedule.count(stepInEpoch, slice);
        if (count == 0) {
          trainer.clearGradient();
          sums.add(slice, trainer.gradientAddress(), noRows);
          continue;
        }
        Block block = owned.get(i).block();
        BatchBuffers batch = trainer.batch();
        long before = System.nanoTime();
        reader.fill(block, orders[i], schedule.from(stepInEpoch, slice), count, batch);
        fillNanos += System.nanoTime() - before;
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
        rows += count;
      }
      failpoints.hit("task.push", step);
      try {
        ps.pushPull(sums, trainer::setParameters);
      } catch (DivergedException e) {
        if (badLayer.isEmpty()) {
          standBack();
          throw e;
        }
        throw new PsException(PsErrorCode.DIVERGED, e.getMessage() + "; " + LAYER + badLayer, e);
      }
      steps++;
    }
    return new TaskReport(
        steps,
        rows,
        System.nanoTime() - startedAt,
        ps.waitedNanos() - waitedBefore,
        fillNanos,
        ps.payloadBytes() - bytesBefore);
  }

  /**
   * Waits a moment before this task fails for another one's gradient: the first failure ends the
   * job, and the task that can name the layer should be heard.
   */
  private static void standBack() {
    try {
      Thread.sleep(STAND_BACK_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private PsClient connect(TaskPlan plan, String name, TaskContext task) {
    Connector connector = WorkerRuntime.connector(plan);
    ClientOptions options =
        ClientOptions.of(
                plan.run(),
                plan.incarnation(),
                ShardMap.of(plan.length(), plan.placement().size()),
                plan.placement())
            .task(task.taskAttemptId() + 1, name, sliceFrom, sliceTo)
            .deadlines(
                Duration.ofMillis(plan.deadlineMs()),
                Duration.ofMillis(Math.max(200, Math.min(5000, plan.deadlineMs() / 6))))
            .cancelledWhen(
                () -> {
                  TaskContext now = context;
                  return now != null && now.isInterrupted();
                });
    return PsClient.open(options, connector);
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
    for (Segment segment : layout.segments()) {
      for (int i = segment.offset(); i < segment.end(); i++) {
        if (!Float.isFinite(Memory.getFloat(trainer.gradientAddress() + 4L * i))) {
          return segment.name();
        }
      }
    }
    return "loss";
  }

  private void shuffle(long seed, long epoch, List<DataShard> owned) {
    for (int i = 0; i < owned.size(); i++) {
      int slice = sliceFrom + i;
      orders[i] = RowOrder.permutation(seed, epoch, slice, shardRows(slice));
    }
    reader.beginEpoch(epoch);
    orderEpoch = epoch;
  }

  private void disconnect() {
    PsClient ps = client;
    client = null;
    if (ps != null) {
      ps.close();
    }
  }

  @Override
  public void close() {
    disconnect();
    trainer.close();
  }
}
