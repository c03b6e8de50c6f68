package dev.bellows.jobs.train;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.block.DataShard;
import dev.bellows.jobs.cluster.ClusterView;
import dev.bellows.jobs.cluster.ShardCluster;
import dev.bellows.jobs.cluster.ShardRegistry;
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

  /** Executors often come and go several at a time. */
  private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private static final long IDLE_MS = 1000;
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
  private int slotsSeen;
  private long slotsSince;
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
    boolean begun = false;
    try {
      this.job = submit();
      begun = true;
    } finally {
      if (!begun) {
        giveBack();
      }
    }
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
        fit();
        if (training.pacing().pays(seats(), training.nextStep())) {
          restart("slices move to faster executors");
        }
      } catch (ExecutionException e) {
        failed(e);
      }
    }
  }

  /**
   * Starts the job again on the slots that there are now.
   *
   * @param why for the event
   */
  void restart(String why) throws Stopped, ShardsLost, InterruptedException {
    if (!setup.movable()) {
      throw new ShardsLost(why + ": back to the newest copy of the shards");
    }
    job.cancel(true);
    job = submit();
    training.dealt(tasks, why);
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
      int granted = SlotGate.current().take(training.runId(), setup.mostTasks(), there);
      if (granted > 0) {
        slotsSeen = there;
        slotsSince = System.nanoTime();
        return granted;
      }
      training.waiting();
      Thread.sleep(POLL_MS / 2);
    }
  }

  private JavaFutureAction<List<long[]>> submit() throws Stopped, InterruptedException {
    giveBack();
    tasks = slots();
    JavaRDD<DataShard> joined = dealt();
    training.pacing().dealt();
    context.setJobDescription(
        "bellows: train to step "
            + plan.toStep()
            + " of "
            + setup.segments().totalSteps()
            + remark());
    return joined.mapPartitions(new TrainTask(plan)).collectAsync();
  }

  private String remark() {
    String slow = training.pacing().remark();
    return slow.isEmpty() ? "" : " (" + slow + ")";
  }

  /** The rows of each task: even ones, or by what is known of the executors. */
  private JavaRDD<DataShard> dealt() throws InterruptedException {
    List<Balance.Seat> seats = seats();
    boolean whole = setup.partitions() <= tasks && !setup.rebalances();
    if (whole || seats.size() < tasks) {
      return ContiguousCoalescer.join(rows, tasks);
    }
    Balance.Deal deal = training.pacing().deal(seats.subList(0, tasks));
    if (!deal.even()) {
      training.awaitIdle(IDLE_MS); // a task goes where it should when all slots are free
    }
    return ContiguousCoalescer.join(rows, deal);
  }

  /** The slots of the executors that are known and will stay; none in local mode. */
  private List<Balance.Seat> seats() {
    List<Balance.Seat> seats = new ArrayList<>();
    if (setup.view().local()) {
      return seats;
    }
    ShardRegistry registry = ShardRegistry.current();
    int cpus = context.conf().getInt("spark.task.cpus", 1);
    for (ShardRegistry.Member member : registry.staying()) {
      for (int c = registry.cores(member.executorId()) / cpus; c > 0; c--) {
        seats.add(new Balance.Seat(member.executorId(), member.host()));
      }
    }
    return seats;
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
      if (lost == 1 && !setup.movable()) {
        throw new ShardsLost("an executor was lost with its part of several steps", cause);
      }
      if (lost == 1) {
        job = submit();
        return;
      }
      Thread.sleep(POLL_MS);
    }
    watch.jobFailed(shards.version(), cause, shards.diagnosis());
    if (!setup.movable()) {
      throw new ShardsLost("a task failed with its part of several steps", cause);
    }
    job = submit();
  }

  /** Uses executors that came, does without those that went: the job is dealt anew. */
  private void fit() throws Stopped, ShardsLost, InterruptedException {
    if (!setup.movable()) {
      return; // the next segment is dealt anew
    }
    int slots = ClusterView.now(context).slots();
    long now = System.nanoTime();
    if (slots != slotsSeen) {
      slotsSeen = slots;
      slotsSince = now;
    }
    int could = Math.min(setup.mostTasks(), SlotGate.current().available(tasks, slots));
    if ((could > tasks || (slots > 0 && slots < tasks)) && now - slotsSince > QUIET_NANOS) {
      restart(slots < tasks ? "executors left" : "executors came");
    }
  }
}
