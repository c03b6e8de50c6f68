package dev.bellows.jobs.cluster;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * The executors (and stand-alone servers) that the driver knows: who hosts a shard server and
 * where, and who was lost.
 *
 * <p>Filled by {@link BellowsPlugin} (registration over Spark's plugin channel) and by a Spark
 * listener (removal). One registry per JVM, as there is one Spark context per JVM. All methods may
 * be called from any thread.
 *
 * <p>Two kinds of executors are there and yet not to be relied on. One that gave no sign of life
 * for too long is <em>away</em>: it counts as lost, and as a new one when it is heard of again. One
 * that the cluster manager wants back (decommissioning, see {@link #lookForLeaving}) is
 * <em>leaving</em>: it works, but should hold nothing that others need.
 */
public final class ShardRegistry {

  /**
   * One executor that hosts a shard server.
   *
   * @param executorId Spark's id of the executor
   * @param host the address that the executor's block manager advertises
   * @param port the TCP port of its shard server
   * @param pid its process id, for messages only
   */
  public record Member(String executorId, String host, int port, long pid) implements Serializable {
    @Override
    public String toString() {
      return "executor " + executorId + " (" + host + ":" + port + ", pid " + pid + ")";
    }
  }

  /**
   * An executor that Spark removed or that went silent, or a stand-alone server whose connection
   * ended.
   *
   * @param executorId which
   * @param host where
   * @param reason why
   * @param expected whether it was taken back on purpose, by a decommission or by dynamic
   *     allocation: nothing failed
   */
  public record Loss(String executorId, String host, String reason, boolean expected) {
    /** Whether it is a stand-alone server of some run. */
    public boolean isServer() {
      return StandaloneServers.isServer(executorId);
    }

    /** "executor 3 (host)" or "server host:port". */
    @Override
    public String toString() {
      return StandaloneServers.isServer(executorId)
          ? StandaloneServers.title(executorId)
          : "executor " + executorId + " (" + host + ")";
    }
  }

  private static final ShardRegistry CURRENT = new ShardRegistry();
  private static final String GIVEN_BACK = "killed by driver";

  private final Map<String, Member> members = new LinkedHashMap<>();
  private final Map<String, String> failures = new LinkedHashMap<>();
  private final List<Loss> losses = new ArrayList<>();
  private final Map<String, Member> away = new LinkedHashMap<>();
  private final Set<String> leaving = new HashSet<>();
  private final Set<String> gone = new HashSet<>();
  private final Map<String, Integer> cores = new LinkedHashMap<>();
  private final List<Member> returns = new ArrayList<>();
  private final Heartbeats heartbeats = new Heartbeats();
  private boolean pluginActive;

  ShardRegistry() {}

  /** The registry of this JVM's Spark context. */
  public static ShardRegistry current() {
    return CURRENT;
  }

  /** Forgets everything: a new Spark context starts. */
  synchronized void reset(boolean active) {
    members.clear();
    failures.clear();
    losses.clear();
    away.clear();
    leaving.clear();
    gone.clear();
    cores.clear();
    returns.clear();
    heartbeats.clear();
    pluginActive = active;
    notifyAll();
  }

  synchronized void register(Member member) {
    members.put(member.executorId(), member);
    if (!StandaloneServers.isServer(member.executorId())) { // their connections tell of them
      heartbeats.heard(member.executorId(), System.nanoTime());
    }
    failures.remove(member.executorId());
    gone.remove(member.executorId());
    notifyAll();
  }

  /** A member that is not used any more; nothing was lost. */
  synchronized void forget(String executorId) {
    members.remove(executorId);
    heartbeats.forget(executorId);
    notifyAll();
  }

  synchronized void failed(String executorId, String why) {
    failures.put(executorId, why);
    notifyAll();
  }

  synchronized void removed(String executorId, String reason) {
    Member member = members.remove(executorId);
    heartbeats.forget(executorId);
    cores.remove(executorId);
    boolean wanted = leaving.remove(executorId) || reason.contains(GIVEN_BACK);
    boolean silent = away.remove(executorId) != null; // counted when it went silent
    boolean again = !gone.add(executorId) && member == null; // Spark tells of some twice
    if (!silent && !again) {
      String host = member == null ? "unknown host" : member.host();
      losses.add(new Loss(executorId, host, reason, wanted));
    }
    notifyAll();
  }

  /** An executor has so many cores. */
  synchronized void cores(String executorId, int count) {
    cores.put(executorId, count);
  }

  /** Cores of an executor, at least 1. */
  public synchronized int cores(String executorId) {
    return Math.max(1, cores.getOrDefault(executorId, 1));
  }

  /** A sign of life; one who was away is back. */
  synchronized void heard(String executorId, long now) {
    Member back = away.remove(executorId);
    if (back != null) {
      members.put(executorId, back);
      returns.add(back);
      notifyAll();
    }
    if (members.containsKey(executorId)) {
      heartbeats.heard(executorId, now);
    }
  }

  /**
   * Executors that gave no sign of life for too long. They are still members.
   *
   * @param now the monotonic clock
   * @param limitNanos longest silence
   */
  public synchronized List<String> silent(long now, long limitNanos) {
    return heartbeats.silent(now, limitNanos);
  }

  /** A silent executor counts as lost from now on, until it is heard of again. */
  public synchronized void declareLost(String executorId, String reason) {
    Member member = members.remove(executorId);
    heartbeats.forget(executorId);
    if (member != null) {
      away.put(executorId, member);
      losses.add(new Loss(executorId, member.host(), reason, false));
      notifyAll();
    }
  }

  /** Cores of executors that are away: Spark counts them still. */
  synchronized int coresAway() {
    return away.keySet().stream().mapToInt(this::cores).sum();
  }

  /** Every executor that was away and came back, oldest first. */
  public synchronized List<Member> returns() {
    return new ArrayList<>(returns);
  }

  /**
   * Notes which executors the cluster manager wants back.
   *
   * @param wantedBack whether an executor is being decommissioned
   */
  synchronized void lookForLeaving(Predicate<String> wantedBack) {
    for (Member member : members()) {
      if (wantedBack.test(member.executorId())) {
        leaving.add(member.executorId());
      }
    }
  }

  /** Whether an executor is registered and will stay, as far as is known. */
  public synchronized boolean stays(String executorId) {
    return members.containsKey(executorId) && !leaving.contains(executorId);
  }

  /** The members that will stay, as far as is known; all of them when none will. */
  public synchronized List<Member> staying() {
    List<Member> all = members();
    List<Member> stay = all.stream().filter(member -> stays(member.executorId())).toList();
    return stay.isEmpty() ? all : stay;
  }

  /** Whether the plugin was loaded by the current Spark context. */
  public synchronized boolean pluginActive() {
    return pluginActive;
  }

  /**
   * The executors now, in the order of their ids (numeric where they are numbers); without
   * stand-alone servers.
   */
  public synchronized List<Member> members() {
    List<Member> all = new ArrayList<>(members.values());
    all.removeIf(member -> StandaloneServers.isServer(member.executorId()));
    all.sort(
        Comparator.comparingInt((Member m) -> m.executorId().length())
            .thenComparing(Member::executorId));
    return all;
  }

  /** Executors whose shard server could not start, with the reason. */
  public synchronized Map<String, String> failures() {
    return new LinkedHashMap<>(failures);
  }

  /** Every executor removed since the Spark context started, oldest first. */
  public synchronized List<Loss> losses() {
    return new ArrayList<>(losses);
  }

  /** How many executors were removed since the Spark context started. */
  public synchronized int lossCount() {
    return losses.size();
  }

  /** Whether an executor with this id is registered now. */
  public synchronized boolean alive(String executorId) {
    return members.containsKey(executorId);
  }

  /**
   * Waits until at least {@code count} executors are registered, those that leave left out.
   *
   * @param count how many are wanted, {@code >= 1}
   * @param timeoutMs the longest wait in milliseconds
   * @return the members at the end of the wait, possibly fewer than wanted
   * @throws InterruptedException when the waiting thread is interrupted
   */
  public synchronized List<Member> await(int count, long timeoutMs) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
    while (staying().size() < count) {
      long leftMs = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (leftMs <= 0) {
        break;
      }
      wait(leftMs);
    }
    return staying();
  }
}
