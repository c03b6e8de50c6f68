package dev.bellows.jobs.train;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.cluster.ShardCluster;
import dev.bellows.jobs.cluster.ShardRegistry;
import dev.bellows.jobs.cluster.TaskFailureLog;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.jobs.source.DataException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Counts what goes wrong during training and decides whether it may go on: lost executors and
 * failed tasks, against {@code distributed.max_failures}.
 */
final class Watch {
  /** A broken program or bad data: trying again would give the same. */
  private static final Set<String> HOPELESS =
      Set.of(
          "java.lang.IllegalArgumentException",
          "java.lang.NullPointerException",
          "java.lang.ClassCastException",
          "java.lang.ArrayIndexOutOfBoundsException",
          "java.lang.IndexOutOfBoundsException",
          "java.lang.UnsupportedOperationException",
          "java.lang.NoClassDefFoundError",
          "java.lang.NoSuchMethodError",
          "java.lang.UnsatisfiedLinkError",
          "java.lang.ExceptionInInitializerError");

  private final Console console;
  private final RunFolder folder;
  private final TaskFailureLog taskFailures;
  private final int maxFailures;
  private final long leaseNanos;
  private final boolean movable;
  private volatile int lossesSeen;
  private int returnsSeen;
  private long stepSeen = -1;
  private long stepNanos;
  private int used;

  /**
   * Starts to count.
   *
   * @param deadline longest wait for a part of a step; an executor that shows no sign of life for
   *     two thirds of it, while no step ends, counts as lost
   * @param movable whether slices may change hands inside a segment
   */
  Watch(
      Console console,
      RunFolder folder,
      TaskFailureLog taskFailures,
      int maxFailures,
      Duration deadline,
      boolean movable) {
    this.movable = movable;
    this.leaseNanos = deadline.toNanos() / 3 * 2;
    this.returnsSeen = ShardRegistry.current().returns().size();
    this.console = console;
    this.folder = folder;
    this.taskFailures = taskFailures;
    this.maxFailures = maxFailures;
    this.lossesSeen = ShardRegistry.current().lossCount();
  }

  /** Failures counted so far. */
  int used() {
    return used;
  }

  /** True when an executor was lost that {@link #losses} has not looked at yet. Any thread. */
  boolean unseenLoss() {
    return lossesSeen < ShardRegistry.current().lossCount();
  }

  /**
   * Declares executors lost that stand still: no sign of life for the length of a lease, and no
   * step was finished for as long. One alone says nothing: a busy driver hears late, a slow step is
   * no fault. To be called several times a second, also while a call to the shards waits.
   *
   * @param step the first step that is not finished
   */
  void silent(long step) {
    long now = System.nanoTime();
    if (step != stepSeen) {
      stepSeen = step;
      stepNanos = now;
    }
    ShardRegistry registry = ShardRegistry.current();
    List<String> silent = registry.silent(now, leaseNanos);
    if (now - stepNanos <= leaseNanos) {
      return;
    }
    for (String executor : silent) {
      registry.declareLost(
          executor,
          String.format(
              Locale.ROOT,
              "no sign of life for %.1f s while step %d waits",
              leaseNanos / 1e9,
              step));
    }
  }

  /** Tells of executors that were declared lost and are back. */
  private void returned(long step) {
    List<ShardRegistry.Member> all = ShardRegistry.current().returns();
    for (int i = returnsSeen; i < all.size(); i++) {
      folder.event("returned", Map.of("step", step, "executor", all.get(i).executorId()));
      console.detail(all.get(i) + " is back; what it was at is refused, it gets new work");
    }
    returnsSeen = all.size();
  }

  /**
   * Looks for executors that were lost since the last call.
   *
   * @param step the step that is worked on, for messages
   * @return 0: none was lost; 1: some were, the shards are whole; 2: shards were lost
   */
  int losses(ShardCluster cluster, long step) {
    returned(step);
    List<ShardRegistry.Loss> all = ShardRegistry.current().losses();
    int result = 0;
    for (int i = lossesSeen; i < all.size(); i++) {
      ShardRegistry.Loss loss = all.get(i);
      lossesSeen = i + 1;
      boolean shard = cluster.hostsShard(loss.executorId());
      if (!shard && loss.isServer()) {
        continue; // of another training, or one that holds nothing now
      }
      if (loss.expected()) { // nothing failed; slices that may move are dealt anew by the slots
        result = Math.max(result, shard ? 2 : movable ? 0 : 1);
        folder.event("left", Map.of("step", step, "executor", loss.executorId()));
        console.detail(loss + " was given back (" + oneLine(loss.reason()) + ")");
        continue;
      }
      result = Math.max(result, shard ? 2 : 1);
      count(
          "step "
              + step
              + ": "
              + loss
              + " lost ("
              + oneLine(loss.reason())
              + ")"
              + (!shard
                  ? "; its slices are redone"
                  : cluster.survivors().isPresent()
                      ? "; its shards go on in their replicas, what it was at is redone"
                      : "; its shards go back to the newest restore point"),
          step);
    }
    if (result > 0) {
      taskFailures.drain(); // what tasks met because of it is not a failure of its own
    }
    return result;
  }

  /**
   * A Spark job failed without a lost executor.
   *
   * @throws BellowsException when trying again makes no sense or the limit is passed
   */
  void jobFailed(long step, Throwable cause, String diagnosis) {
    List<TaskFailureLog.Failure> failures = taskFailures.drain();
    String what = String.valueOf(cause.getMessage());
    for (TaskFailureLog.Failure f : failures) {
      if (f.className().equals("java.lang.OutOfMemoryError")) {
        throw new BellowsException(
            ExitCode.MEMORY_OR_DISK,
            "a task on executor "
                + f.executorId()
                + " ran out of memory ("
                + f.message()
                + "); give executors more memory or lower trainer.batch_size",
            cause);
      }
      if (f.className().equals(DataException.class.getName())) {
        throw new BellowsException(ExitCode.DATA, f.message(), cause);
      }
      if (f.className().equals(Refusals.TaskRefused.class.getName())) {
        BellowsException refused = Refusals.hopeless(Refusals.TaskRefused.parse(f.message()));
        if (refused != null) {
          throw refused;
        }
      }
      if (HOPELESS.contains(f.className())) {
        throw new BellowsException(
            ExitCode.INTERNAL,
            "a task on executor "
                + f.executorId()
                + " failed: "
                + f.className()
                + ": "
                + f.message(),
            cause);
      }
      if (f.className().equals(Residuals.Lost.class.getName())) {
        continue; // a consequence of the failure before
      }
      what = f.className() + " on executor " + f.executorId() + ": " + f.message();
    }
    count(
        "step "
            + step
            + ": a task failed ("
            + oneLine(what)
            + (diagnosis.isEmpty() ? "" : "; " + diagnosis)
            + "); it is tried again",
        step);
  }

  /** The layer that a task named when it met a gradient that is not finite, or an empty text. */
  String divergedLayer() {
    for (TaskFailureLog.Failure f : taskFailures.drain()) {
      int at = f.message().indexOf(Worker.LAYER);
      if (at >= 0) {
        return f.message().substring(at + Worker.LAYER.length()).split("\\s", 2)[0];
      }
    }
    return "";
  }

  private void count(String warning, long step) {
    used++;
    folder.event("failure", Map.of("step", step, "what", warning, "used", (long) used));
    if (used > maxFailures) {
      throw new BellowsException(
          ExitCode.CLUSTER,
          "lost "
              + used
              + " > maxFailures "
              + maxFailures
              + " (distributed.max_failures); the last one: "
              + warning
              + ". "
              + Checkpoints.kept(folder));
    }
    console.warn(warning + "; " + used + " of " + maxFailures + " failures used");
  }

  private static String oneLine(String text) {
    int end = text.indexOf('\n');
    String line = end < 0 ? text : text.substring(0, end);
    return line.length() > 300 ? line.substring(0, 300) + "..." : line;
  }
}
