package dev.bellows.jobs.cluster;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The executors (and stand-alone servers) that the driver knows: who hosts a shard server and
 * where, and who was lost.
 *
 * <p>Filled by {@link BellowsPlugin} (registration over Spark's plugin channel) and by a Spark
 * listener (removal). One registry per JVM, as there is one Spark context per JVM. All methods may
 * be called from any thread.
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

  /** An executor that Spark removed, or a stand-alone server whose connection ended, and why. */
  public record Loss(String executorId, String host, String reason) {
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

  private final Map<String, Member> members = new LinkedHashMap<>();
  private final Map<String, String> failures = new LinkedHashMap<>();
  private final List<Loss> losses = new ArrayList<>();
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
    pluginActive = active;
    notifyAll();
  }

  synchronized void register(Member member) {
    members.put(member.executorId(), member);
    failures.remove(member.executorId());
    notifyAll();
  }

  /** A member that is not used any more; nothing was lost. */
  synchronized void forget(String executorId) {
    members.remove(executorId);
    notifyAll();
  }

  synchronized void failed(String executorId, String why) {
    failures.put(executorId, why);
    notifyAll();
  }

  synchronized void removed(String executorId, String reason) {
    Member member = members.remove(executorId);
    losses.add(new Loss(executorId, member == null ? "unknown host" : member.host(), reason));
    notifyAll();
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
   * Waits until at least {@code count} executors are registered.
   *
   * @param count how many are wanted, {@code >= 1}
   * @param timeoutMs the longest wait in milliseconds
   * @return the members at the end of the wait, possibly fewer than wanted
   * @throws InterruptedException when the waiting thread is interrupted
   */
  public synchronized List<Member> await(int count, long timeoutMs) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
    while (members().size() < count) {
      long leftMs = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (leftMs <= 0) {
        break;
      }
      wait(leftMs);
    }
    return members();
  }
}
