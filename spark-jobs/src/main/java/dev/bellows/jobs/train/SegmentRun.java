package dev.bellows.jobs.train;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.block.DataShard;
import dev.bellows.jobs.cluster.ClusterView;
import dev.bellows.jobs.cluster.ShardCluster;
import dev.bellows.jobs.cluster.SlotGate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaRDD;

/**
 * One segment: a Spark job of plain long tasks, started again when tasks fail or when executors
 * come and go. The shards remember the step, so a new job goes on where the old one ended.
 */
final class SegmentRun implements AutoCloseable {
  private static final int POLL_MS = 100;
  private static final long GROW_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final long COPY_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int COPY_SHARE = 50;

  private final SparkContext context;
  private final Setup setup;
  private final TaskPlan plan;
  private final ShardCluster cluster;
  private final ShardSession shards;
  private final Watch watch;
  private final Training training;
  private final JavaRDD<DataShard> rows;
  private JavaFutureAction<List<long[]>> job;
  private int tasks;
  private long moreSlotsSince;
  private long copiedAt = System.nanoTime();
  private long copyStarted;
  private long copyInterval = COPY_NANOS;

  SegmentRun(
      SparkContext context,
      Setup setup,
      TaskPlan plan,
      ShardCluster cluster,
      ShardSession shards,
      Watch watch,
      Training training)
      throws Stopped, InterruptedException {
    this.context = context;
    this.setup = setup;
    this.plan = plan;
    this.cluster = cluster;
    this.shards = shards;
    this.watch = watch;
    this.training = training;
    this.rows = setup.data().train();
    this.job = submit();
  }

  /** The step at which the segment ends. */
  long end() {
    return plan.toStep();
  }

  /** Waits for the end of the segment and keeps {@link Training} informed meanwhile. */
  void await() throws Stopped, ShardsLost, InterruptedException {
    while (true) {
      try {
        List<TaskReport> reports = new ArrayList<>();
        for (long[] numbers : job.get(POLL_MS, TimeUnit.MILLISECONDS)) {
          reports.add(TaskReport.of(numbers));
        }
        training.finished(reports);
        return;
      } catch (TimeoutException running) {
        training.tick(this);
        grow();
      } catch (ExecutionException e) {
        failed(e);
      }
    }
  }

  /** Starts the job again on the slots that there are now. */
  void restart() throws Stopped, InterruptedException {
    job.cancel(true);
    job = submit();
  }

  /** Whether it is time for the driver to copy the shards' state. */
  boolean copyDue() {
    copyStarted = System.nanoTime();
    return copyStarted - copiedAt > copyInterval;
  }

  /** The copy was made; it may take a fiftieth of the time. */
  void copyDone() {
    copiedAt = System.nanoTime();
    copyInterval = Math.max(COPY_NANOS, COPY_SHARE * (copiedAt - copyStarted));
  }

  @Override
  public void close() {
    if (!job.isDone()) {
      job.cancel(true);
    }
    giveBack();
  }

  private void giveBack() {
    SlotGate.current().giveBack(tasks);
    tasks = 0;
  }

  /** Waits for slots; other trainings of this context may have them. */
  private int slots() throws Stopped, InterruptedException {
    while (true) {
      int there = ClusterView.now(context).slots();
      int granted = SlotGate.current().take(training.runId(), setup.partitions(), there);
      if (granted > 0) {
        return granted;
      }
      training.waiting();
      Thread.sleep(POLL_MS / 2);
    }
  }

  private JavaFutureAction<List<long[]>> submit() throws Stopped, InterruptedException {
    giveBack();
    tasks = slots();
    moreSlotsSince = 0;
    context.setJobDescription(
        "bellows: train to step " + plan.toStep() + " of " + setup.segments().totalSteps());
    return ContiguousCoalescer.join(rows, tasks).mapPartitions(new TrainTask(plan)).collectAsync();
  }

  private void failed(ExecutionException e) throws Stopped, ShardsLost, InterruptedException {
    Throwable cause = e.getCause() == null ? e : e.getCause();
    BellowsException diverged = training.diverged();
    if (diverged != null) {
      throw diverged;
    }
    // The news of a lost executor may come a moment after the failure that it caused.
    for (int i = 0; i < 10; i++) {
      int lost = watch.losses(cluster, shards.version());
      if (lost == 2) {
        throw new ShardsLost("a process with shards was lost", cause);
      }
      if (lost == 1 && setup.compressed()) {
        throw new ShardsLost("what units had not sent was lost with their executor", cause);
      }
      if (lost == 1) {
        job = submit();
        return;
      }
      Thread.sleep(POLL_MS);
    }
    watch.jobFailed(shards.version(), cause, shards.diagnosis());
    if (setup.compressed()) {
      throw new ShardsLost("what units had not sent was lost with their task", cause);
    }
    job = submit();
  }

  /** Uses executors that came (back): after a moment of quiet, the job is dealt anew. */
  private void grow() throws Stopped, InterruptedException {
    if (setup.compressed()) {
      return; // tasks that move leave their residuals: the next segment is dealt anew
    }
    int slots = ClusterView.now(context).slots();
    if (tasks >= setup.partitions() || SlotGate.current().available(tasks, slots) <= tasks) {
      moreSlotsSince = 0;
      return;
    }
    long now = System.nanoTime();
    if (moreSlotsSince == 0) {
      moreSlotsSince = now;
    } else if (now - moreSlotsSince > GROW_NANOS) {
      restart();
    }
  }
}
