package dev.bellows.jobs.cluster;

import dev.bellows.ps.client.ShardAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Where the copies of every shard live. A value: what happens to it gives another one.
 *
 * @param primaries the server that tasks talk to, by shard
 * @param replicas the server that has a copy, by the number of the shard; absent where there is
 *     none
 */
public record ShardPlacement(List<Seat> primaries, Map<Integer, Seat> replicas) {
  /** {@link Seat#executorId} of the driver's own server. */
  public static final String DRIVER = "driver";

  /**
   * A shard server.
   *
   * @param executorId the process that it lives and dies with
   * @param address where it listens
   */
  public record Seat(String executorId, ShardAddress address) {
    boolean inDriver() {
      return executorId.equals(DRIVER);
    }
  }

  /** Copies. */
  public ShardPlacement {
    primaries = List.copyOf(primaries);
    replicas = Map.copyOf(replicas);
  }

  /** Addresses of the primaries, by shard. */
  public List<ShardAddress> addresses() {
    return primaries.stream().map(Seat::address).toList();
  }

  /**
   * Addresses of the replicas, by shard; that of the primary, not to be used, where there is none.
   */
  public List<ShardAddress> replicaAddresses() {
    List<ShardAddress> all = new ArrayList<>();
    for (int s = 0; s < primaries.size(); s++) {
      all.add(replicas.getOrDefault(s, primaries.get(s)).address());
    }
    return all;
  }

  /** Whether a shard has a replica. */
  public boolean hasReplica(int shard) {
    return replicas.containsKey(shard);
  }

  /** Whether some copy lives in this executor. */
  boolean uses(String executorId) {
    return executors().contains(executorId);
  }

  /** The processes that hold copies. */
  Set<String> executors() {
    Set<String> all = new HashSet<>();
    primaries.forEach(seat -> all.add(seat.executorId()));
    replicas.values().forEach(seat -> all.add(seat.executorId()));
    return all;
  }

  /**
   * What is left when processes are lost: replicas take the place of lost primaries.
   *
   * @param alive whether a process is there
   * @return empty when a shard has no copy left
   */
  public Optional<ShardPlacement> survivors(Predicate<String> alive) {
    List<Seat> left = new ArrayList<>();
    Map<Integer, Seat> copies = new TreeMap<>();
    for (int s = 0; s < primaries.size(); s++) {
      Seat primary = primaries.get(s);
      Seat replica = replicas.get(s);
      boolean copy = replica != null && alive.test(replica.executorId());
      if (alive.test(primary.executorId())) {
        left.add(primary);
        if (copy) {
          copies.put(s, replica);
        }
      } else if (copy) {
        left.add(replica);
      } else {
        return Optional.empty();
      }
    }
    return Optional.of(new ShardPlacement(left, copies));
  }

  /**
   * Seats for replicas that are missing, and better ones for those in the driver.
   *
   * @param executors servers in executors, in a fixed order
   * @return seat by shard, never that of its primary; empty when nothing can be bettered
   */
  Map<Integer, Seat> wanted(List<Seat> executors) {
    Map<Integer, Seat> seats = new TreeMap<>();
    for (int s = 0; s < primaries.size(); s++) {
      Seat replica = replicas.get(s);
      if (replica != null && !replica.inDriver()) {
        continue;
      }
      int at = executors.indexOf(primaries.get(s));
      for (int k = 1; k <= executors.size(); k++) {
        Seat seat = executors.get(Math.floorMod(at + k, executors.size()));
        if (!seat.executorId().equals(primaries.get(s).executorId())) {
          seats.put(s, seat);
          break;
        }
      }
    }
    return seats;
  }

  /** The same without the replicas in processes that won't stay. */
  ShardPlacement withoutLeaving(Predicate<String> stays) {
    Map<Integer, Seat> rest = new TreeMap<>(replicas);
    rest.values().removeIf(seat -> !stays.test(seat.executorId()));
    return new ShardPlacement(primaries, rest);
  }

  /** The same without the replicas of some shards. */
  public ShardPlacement without(Set<Integer> shards) {
    Map<Integer, Seat> rest = new TreeMap<>(replicas);
    rest.keySet().removeAll(shards);
    return new ShardPlacement(primaries, rest);
  }

  /** The same with some more replicas. */
  public ShardPlacement with(Map<Integer, Seat> more) {
    Map<Integer, Seat> all = new TreeMap<>(replicas);
    all.putAll(more);
    return new ShardPlacement(primaries, all);
  }
}
