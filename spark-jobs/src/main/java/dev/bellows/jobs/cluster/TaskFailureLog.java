package dev.bellows.jobs.cluster;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.ExecutorLostFailure;
import org.apache.spark.FetchFailed;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskEndReason;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/**
 * Why tasks of a Spark context failed; executor losses and kills on request are not failures of a
 * task.
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

  private final SparkContext context;
  private final List<Failure> failures = new ArrayList<>();

  private TaskFailureLog(SparkContext context) {
    this.context = context;
  }

  /** Starts to listen. */
  public static TaskFailureLog attach(SparkContext context) {
    TaskFailureLog log = new TaskFailureLog(context);
    context.addSparkListener(log);
    return log;
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd end) {
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
  }
}
