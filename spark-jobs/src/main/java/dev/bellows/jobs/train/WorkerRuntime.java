package dev.bellows.jobs.train;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.model.Json;
import dev.bellows.engine.model.ModelFileException;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.jobs.cluster.Connectors;
import dev.bellows.jobs.cluster.ExecutorCleanup;
import dev.bellows.jobs.evaluate.TaskKernels;
import dev.bellows.ps.client.Connector;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What an executor process keeps between the segments of a run: compiled networks, buffers,
 * connections. Static because Spark gives tasks of one executor no other common place.
 *
 * <p>Idle workers hold memory outside of the heap. They are closed when a task of another run comes
 * and they have waited a few seconds, when no task came for {@link #IDLE_MINUTES}, and when the
 * executor shuts down; in the driver's process (local mode) when the run is over.
 */
final class WorkerRuntime {
  /** Longer than a validation between two segments; making a worker anew costs time only. */
  private static final long IDLE_MINUTES = 5;

  /** Trainings side by side come back sooner than that to one of their slots, mostly. */
  private static final long OVER_SECONDS = 10;

  private static final IdlePool<Worker> IDLE =
      new IdlePool<>(2 * Runtime.getRuntime().availableProcessors() + 2, Worker::close);

  private static @Nullable Thread sweeper;

  private WorkerRuntime() {}

  /** A worker for these slices, used before when there is one. */
  static Worker take(TaskPlan plan, int sliceFrom, int sliceTo) {
    Worker used =
        IDLE.take(
            plan.run(),
            worker -> worker.fits(plan, sliceFrom, sliceTo),
            System.nanoTime(),
            TimeUnit.SECONDS.toNanos(OVER_SECONDS));
    if (used != null) {
      return used;
    }
    KernelProvider kernels = TaskKernels.choose(plan.kernelPreference(), plan.kernelId());
    return new Worker(plan, spec(plan.network()), kernels, sliceFrom, sliceTo);
  }

  /** Gives a worker back for the next segment. */
  static void giveBack(TaskPlan plan, Worker worker) {
    sweep();
    IDLE.giveBack(plan.run(), worker, System.nanoTime());
  }

  /** Closes what is left of a run in this process. */
  static void close(String run) {
    IDLE.closeRun(run);
  }

  /** Closes workers that no task wants any more: executors do not hear that a run is over. */
  private static synchronized void sweep() {
    if (sweeper != null) {
      return;
    }
    Thread thread = new Thread(WorkerRuntime::closeIdle, "bellows-idle-workers");
    thread.setDaemon(true);
    thread.start();
    sweeper = thread;
    ExecutorCleanup.atShutdown(WorkerRuntime::shutdown);
  }

  private static void closeIdle() {
    try {
      while (true) {
        TimeUnit.MINUTES.sleep(1);
        IDLE.closeIdle(System.nanoTime(), TimeUnit.MINUTES.toNanos(IDLE_MINUTES));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the executor shuts down
    }
  }

  private static void shutdown() {
    synchronized (WorkerRuntime.class) {
      Thread thread = sweeper;
      sweeper = null;
      if (thread != null) {
        thread.interrupt();
      }
    }
    IDLE.closeAll();
  }

  /** The way to the shards. */
  static Connector connector(TaskPlan plan) {
    return Connectors.forTask(plan.overNetwork());
  }

  /** Reads the network of a plan. */
  static NetworkSpec spec(String json) {
    try {
      return NetworkSpec.fromJson(Json.parseObject(json, "network of the task"));
    } catch (ModelFileException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }
}
