package dev.bellows.jobs.cluster;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.ExecutorLostFailure;
import org.apache.spark.FetchFailed;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskEndReason;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Why tasks of a training failed; executor losses and kills on request are not failures of a task.
 */
public final class TaskFailureLog extends SparkListener implements AutoCloseable {
  /**
   * One failure.
   *
   * @param executorId where
   * @param className class of the exception
   * @param message its message
   */
  public record Failure(String executorId, String className, String message) {}

  /** Local property of the Spark jobs of a run. */
  private static final String RUN = "bellows.run";

  private static final String POOL = "spark.scheduler.pool";

  private final SparkContext context;
  private final String run;
  private final boolean ownPool;
  private final Set<Integer> stages = new HashSet<>();
  private final List<Failure> failures = new ArrayList<>();
  private int running;

  private TaskFailureLog(SparkContext context, String run) {
    this.context = context;
    this.run = run;
    this.ownPool = context.getLocalProperty(POOL) == null; // the program's own choice stays
  }

  /** Starts to listen to the Spark jobs that the calling thread starts from now on. */
  public static TaskFailureLog attach(SparkContext context, String run) {
    TaskFailureLog log = new TaskFailureLog(context, run);
    context.setLocalProperty(RUN, run);
    if (log.ownPool) {
      context.setLocalProperty(POOL, run); // counts where Spark's mode is FAIR
    }
    context.addSparkListener(log);
    return log;
  }

  @Override
  public void onJobStart(SparkListenerJobStart start) {
    if (start.properties() != null && run.equals(start.properties().getProperty(RUN))) {
      synchronized (this) {
        CollectionConverters.asJava(start.stageIds()).forEach(stage -> stages.add((Integer) stage));
      }
    }
  }

  private synchronized boolean isOwn(int stage) {
    return stages.contains(stage);
  }

  @Override
  public void onTaskStart(SparkListenerTaskStart start) {
    if (isOwn(start.stageId())) {
      count(1);
    }
  }

  private synchronized void count(int change) {
    running += change;
    notifyAll();
  }

  /**
   * Waits until no task of the training runs, so that new ones find all slots free.
   *
   * @param timeoutMs the longest wait: tasks of an executor that stands still do not end
   */
  public synchronized void awaitIdle(long timeoutMs) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
    while (running > 0) {
      long leftMs = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (leftMs <= 0) {
        return;
      }
      wait(leftMs);
    }
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd end) {
    if (!isOwn(end.stageId())) {
      return; // of another training, or of the program around it
    }
    count(-1);
    TaskEndReason reason = end.reason();
    String executorId = end.taskInfo() == null ? "?" : end.taskInfo().executorId();
    if (reason instanceof ExceptionFailure failure) {
      add(new Failure(executorId, failure.className(), failure.description()));
    } else if (reason instanceof FetchFailed failed) {
      add(new Failure(executorId, "FetchFailed", failed.message()));
    } else if (reason instanceof ExecutorLostFailure) {
      // the registry counts lost executors
      return;
    }
  }

  private synchronized void add(Failure failure) {
    failures.add(failure);
  }

  /** Returns what happened since the last call. */
  public synchronized List<Failure> drain() {
    List<Failure> out = List.copyOf(failures);
    failures.clear();
    return out;
  }

  @Override
  public void close() {
    context.removeSparkListener(this);
    context.setLocalProperty(RUN, null);
    if (ownPool) {
      context.setLocalProperty(POOL, null);
    }
  }
}
