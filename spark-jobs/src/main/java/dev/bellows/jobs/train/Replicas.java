package dev.bellows.jobs.train;

import dev.bellows.jobs.Console;
import dev.bellows.jobs.cluster.ShardCluster;
import dev.bellows.jobs.cluster.ShardPlacement;
import dev.bellows.jobs.cluster.ShardPlacement.Seat;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Keeps every shard in two places: opens shards with their replicas, promotes the replicas of lost
 * shards, and makes new ones while the tasks go on. Used by the training thread.
 */
final class Replicas {
  /** How long a lost executor's successor may take before the driver keeps replicas instead. */
  private static final long SUCCESSOR_NANOS = TimeUnit.SECONDS.toNanos(5);

  private static final int MAX_LEAD = 1024;

  private final ShardSession.Shared shared;
  private final int slots;
  private final ShardCluster cluster;
  private final RunFolder folder;
  private final Console console;
  private int incarnations;
  private int promotions;

  /** Step whose end is awaited after a loss, or -1. */
  private long awaited = -1;

  private long lossNanos = System.nanoTime() - SUCCESSOR_NANOS;

  /** Steps added to the caller's lead because shards had passed the step asked for. */
  private int moreLead;

  Replicas(
      ShardSession.Shared shared,
      int slots,
      ShardCluster cluster,
      RunFolder folder,
      Console console) {
    this.shared = shared;
    this.slots = slots;
    this.cluster = cluster;
    this.folder = folder;
    this.console = console;
  }

  /** How often replicas took over. */
  int promotions() {
    return promotions;
  }

  /**
   * An executor was lost: the time until the next step counts from here.
   *
   * @param step a step that is not finished yet, as far as is known
   */
  void lost(long step) {
    lossNanos = System.nanoTime();
    awaited = Math.max(awaited, step);
  }

  /** A step was finished. */
  void stepTaken(long step) {
    if (awaited >= 0 && step >= awaited) {
      awaited = -1;
      long ms = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - lossNanos);
      folder.event("recovered", Map.of("step", step, "ms", ms));
      console.detail("step " + step + " was taken " + ms + " ms after the loss was noticed");
    }
  }

  /** Makes shards and replicas and loads them. */
  ShardSession open(ShardPlacement placement, RestorePoint point) {
    ShardSession session = ShardSession.open(shared, nextIncarnation(), placement, point);
    cluster.adopt(session.placement());
    if (session.replicaProblem() != null) {
      giveUp(String.valueOf(session.replicaProblem()));
    }
    return session;
  }

  /**
   * Goes on with the copies of the shards that are left.
   *
   * @param present the session that lost some; closed when another one takes its place
   * @param step for the event
   * @return null when a shard has no copy left, or when no executor is known to be lost or to leave
   */
  @Nullable ShardSession promote(ShardSession present, long step) {
    Optional<ShardPlacement> left = cluster.survivors();
    if (left.isEmpty() || cluster.allStay()) {
      return null;
    }
    cluster.adopt(left.get());
    try {
      ShardSession next = present.promote(left.get(), nextIncarnation());
      present.close();
      promotions++;
      awaited = Math.max(awaited, next.version());
      folder.event("promotion", Map.of("step", step));
      return next;
    } catch (PsException e) {
      console.detail("replicas could not take over: " + e.getMessage());
      return null;
    }
  }

  /**
   * Makes the replicas that are missing, a little ahead of where the shards are, while the tasks go
   * on.
   *
   * @param lead how far ahead, in steps
   * @param end step at which the tasks end
   * @return what the new replicas hold, or null when there is nothing to make, or not now
   */
  @Nullable RestorePoint make(ShardSession shards, int lead, long end) {
    boolean late = System.nanoTime() - lossNanos >= SUCCESSOR_NANOS;
    Map<Integer, Seat> seats = cluster.replicaSeats(late);
    return seats.isEmpty() ? null : copy(shards, seats, lead, end);
  }

  /**
   * Makes copies of the shards whose every copy is in an executor that leaves.
   *
   * @return whether the leaving executors can be done without now
   */
  boolean handOff(ShardSession shards, int lead, long end) {
    Map<Integer, Seat> seats = cluster.handOffSeats();
    return seats.isEmpty() || copy(shards, seats, lead, end) != null;
  }

  private @Nullable RestorePoint copy(
      ShardSession shards, Map<Integer, Seat> seats, int lead, long end) {
    long from = shards.newest() + lead + moreLead;
    if (from >= end) {
      return null;
    }
    try {
      RestorePoint point = shards.replicate(seats, from, slots);
      folder.event("replicas", Map.of("step", from, "shards", (long) seats.size()));
      console.detail("replicas of " + seats.size() + " shards made at step " + from);
      return point;
    } catch (PsException e) {
      if (e.code() == PsErrorCode.STALE_STEP) {
        moreLead = Math.min(MAX_LEAD, 2 * moreLead + 1);
      } else if (e.code().remedy() == PsErrorCode.Remedy.FAIL) {
        giveUp(String.valueOf(e.getMessage()));
      } else {
        throw e;
      }
      return null;
    } finally {
      cluster.adopt(shards.placement());
    }
  }

  private void giveUp(String why) {
    cluster.giveUpReplicas();
    console.warn(
        "shards go on without replicas ("
            + why
            + "): a lost executor costs about a second of steps");
  }

  private long nextIncarnation() {
    return folder.attempt() * 10_000 + incarnations++;
  }
}
