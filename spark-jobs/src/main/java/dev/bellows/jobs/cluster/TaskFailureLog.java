package dev.bellows.jobs.cluster;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.ExecutorLostFailure;
import org.apache.spark.FetchFailed;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskEndReason;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
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
  public void onTaskEnd(SparkListenerTaskEnd end) {
    if (!isOwn(end.stageId())) {
      return; // of another training, or of the program around it
    }
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
