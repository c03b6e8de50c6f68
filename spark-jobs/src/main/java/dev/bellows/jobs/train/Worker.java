package dev.bellows.jobs.train;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.jobs.block.DataShard;
import dev.bellows.jobs.cluster.Meters;
import dev.bellows.jobs.cluster.Paces;
import dev.bellows.jobs.cluster.TaskPace;
import dev.bellows.ps.client.ClientOptions;
import dev.bellows.ps.client.Connector;
import dev.bellows.ps.client.DivergedException;
import dev.bellows.ps.client.PsClient;
import dev.bellows.ps.client.StaleException;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.shard.ShardMap;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.jspecify.annotations.Nullable;

/**
 * What a training task keeps between segments: the compiled network, its buffers and its connection
 * to the shards. Used by one task at a time.
 */
final class Worker implements AutoCloseable {
  /** Stands before the name of a layer in the message of a task that met a bad work. */
  static final String LAYER = "first in layer ";

  private static final int STAND_BACK_MS = 500;

  /** The driver is told the pace so often, at most. */
  private static final long PACE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private final int sliceFrom;
  private final int sliceTo;
  private final long incarnation;
  private final TaskWork work;
  private final Failpoints failpoints;
  private final Timeline timeline = new Timeline();
  private @Nullable PsClient client;
  private volatile @Nullable TaskContext context;

  Worker(TaskPlan plan, NetworkSpec spec, KernelProvider kernels, int sliceFrom, int sliceTo) {
    this.sliceFrom = sliceFrom;
    this.sliceTo = sliceTo;
    this.incarnation = plan.incarnation();
    this.failpoints =
        plan.failpoints().isEmpty() ? Failpoints.NONE : Failpoints.parse(plan.failpoints());
    LocalSteps local = plan.local();
    this.work =
        local == null
            ? new TaskGradient(plan, spec, kernels, sliceFrom, sliceTo, failpoints, timeline)
            : new TaskAverage(plan, local, spec, kernels, sliceFrom, sliceTo);
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
      ps.pull(work::setParameters);
      PartExchange exchange = work.exchange();
      if (exchange != null) {
        exchange.connected(ps);
      }
    }
    needResiduals(plan, ps);
    long startedAt = System.nanoTime();
    long waitedBefore = waitedNanos(ps);
    long bytesBefore = payloadBytes(ps);
    work.beginTask(owned);
    long told = startedAt;
    long untold = 0;
    long untoldNanos = 0;
    String executor = SparkEnv.get().executorId();
    long first = ps.version();
    long underWayBefore = underWay(ps);
    timeline.begin(first, plan.toStep());
    for (long step = first; step < plan.toStep(); step++) {
      long began = System.nanoTime();
      long waited = waitedNanos(ps);
      long bytes = payloadBytes(ps);
      long rows = work.rows();
      long sent = underWay(ps);
      failpoints.hit("task.step", step);
      try {
        work.compute(step);
        long waits = waitedNanos(ps) - waited; // for parts of the step before
        failpoints.stretch("task.compute", step, System.nanoTime() - began - waits);
        long computed = System.nanoTime();
        untold++;
        untoldNanos += computed - began - waits;
        if (computed - told > PACE_NANOS) {
          Paces.report(new TaskPace(plan.run(), executor, sliceFrom, sliceTo, untold, untoldNanos));
          told = computed;
          untold = 0;
          untoldNanos = 0;
        }
        failpoints.hit("task.push", step);
        timeline.add(Timeline.COMPUTE, step, began, System.nanoTime());
        exchange(ps, step, step + 1 == plan.toStep());
      } catch (DivergedException e) {
        if (work.badLayer().isEmpty()) {
          standBack();
          throw e;
        }
        throw new PsException(
            PsErrorCode.DIVERGED, e.getMessage() + "; " + LAYER + work.badLayer(), e);
      }
      Meters.step(
          work.rows() - rows,
          payloadBytes(ps) - bytes,
          System.nanoTime() - began,
          waitedNanos(ps) - waited,
          underWay(ps) - sent);
    }
    return new TaskReport(
        Math.max(0, plan.toStep() - first),
        work.rows(),
        System.nanoTime() - startedAt,
        waitedNanos(ps) - waitedBefore,
        work.fillNanos(),
        payloadBytes(ps) - bytesBefore,
        underWay(ps) - underWayBefore,
        timeline.intervals(),
        unitFrom(plan),
        residuals(plan, ps));
  }

  /** The step's sums leave and the next parameters come, now or while the next step is computed. */
  private void exchange(PsClient ps, long step, boolean last) {
    PartExchange exchange = work.exchange();
    if (exchange == null) {
      long began = System.nanoTime();
      push(ps, step);
      long ended = System.nanoTime();
      timeline.add(Timeline.WAIT, step, began, ended);
      timeline.add(Timeline.UNDER_WAY, step, began, ended);
      return;
    }
    exchange.leave();
    if (last) {
      exchange.finish();
    }
  }

  /** Time in which something of a step was under way; without overlap that is all waited for. */
  private long underWay(PsClient ps) {
    PartExchange exchange = work.exchange();
    return exchange == null ? waitedNanos(ps) : exchange.underWayNanos();
  }

  /**
   * Sends rows, then the vector. The vector goes out even when rows were not finite: its shards
   * know the first bad slice then, and every task hears of it.
   */
  private void push(PsClient ps, long step) {
    DivergedException ofRows = null;
    try {
      work.pushRows(step);
    } catch (DivergedException e) {
      ofRows = e;
    }
    ps.pushPull(work.sums(), work::setParameters);
    if (ofRows != null) {
      throw ofRows;
    }
  }

  private long waitedNanos(PsClient ps) {
    return ps.waitedNanos() + work.waitedNanos();
  }

  private long payloadBytes(PsClient ps) {
    return ps.payloadBytes() + work.payloadBytes();
  }

  /**
   * With compression a worker goes on from its own residuals, or from those of the segment's start.
   */
  private void needResiduals(TaskPlan plan, PsClient ps) {
    Residuals known = plan.residuals();
    if (known == null || ps.hasResiduals()) {
      return;
    }
    if (known.version() != ps.version()) {
      throw new Residuals.Lost(ps.version(), known.version());
    }
    float[][] all = known.ofUnits().value();
    ps.loadResiduals(unitFrom(plan), unitTo(plan), unit -> all[unit]);
  }

  private float[][] residuals(TaskPlan plan, PsClient ps) {
    int from = unitFrom(plan);
    float[][] residuals = new float[unitTo(plan) - from][];
    for (int i = 0; i < residuals.length; i++) {
      residuals[i] = ps.residual(from + i);
    }
    return residuals;
  }

  private int unitFrom(TaskPlan plan) {
    return plan.compression().isNone() ? 0 : sliceFrom >> plan.compression().level(plan.slices());
  }

  private int unitTo(TaskPlan plan) {
    return plan.compression().isNone()
        ? 0
        : ((sliceTo - 1) >> plan.compression().level(plan.slices())) + 1;
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
            .coded(plan.compression(), plan.slices())
            .cancelledWhen(
                () -> {
                  TaskContext now = context;
                  return now != null && now.isInterrupted();
                });
    work.connect(options, connector);
    return PsClient.open(options, connector);
  }

  private void disconnect() {
    PsClient ps = client;
    client = null;
    work.disconnect();
    if (ps != null) {
      ps.close();
    }
  }

  @Override
  public void close() {
    disconnect();
    work.close();
  }
}
