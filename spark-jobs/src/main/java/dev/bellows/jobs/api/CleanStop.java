package dev.bellows.jobs.api;

import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.train.StopRequest;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Runs a training so that an interrupt of the caller ends it at a step, with a checkpoint.
 *
 * <p>The training has a thread of its own, which an interrupt does not reach: Spark's and Hadoop's
 * calls would otherwise fail half way, and the checkpoint with them. A second interrupt does reach
 * it.
 */
final class CleanStop {
  /** A training that asks now and then whether it should stop. */
  interface Work {
    TrainedRun run(StopRequest.Source stop);
  }

  private CleanStop() {}

  static TrainedRun run(Work work) {
    AtomicReference<@Nullable ExitCode> asked = new AtomicReference<>();
    boolean interrupted = false;
    try {
      FutureTask<TrainedRun> task = new FutureTask<>(() -> work.run(asked::get));
      Thread thread = new Thread(task, "bellows-train");
      thread.setDaemon(true);
      thread.start();
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException e) {
          if (interrupted) {
            thread.interrupt();
          }
          interrupted = true;
          asked.set(ExitCode.INTERRUPTED);
        }
      }
    } catch (ExecutionException e) {
      throw CleanStop.<RuntimeException>undeclared(Objects.requireNonNull(e.getCause()));
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Spark throws checked exceptions that no method declares. */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <E extends Throwable> E undeclared(Throwable e) throws E {
    throw (E) e;
  }
}
