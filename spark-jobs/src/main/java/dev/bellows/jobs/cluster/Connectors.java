package dev.bellows.jobs.cluster;

import dev.bellows.ps.client.Connector;
import dev.bellows.ps.client.InProcessConnector;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ServerTotals;
import dev.bellows.ps.server.ShardServer;
import dev.bellows.ps.transport.WireMode;
import org.jspecify.annotations.Nullable;

/**
 * How this process reaches shards: one connector per secret, shared by all tasks, and the
 * in-process shard servers of local mode. Static because Spark gives tasks of one executor no other
 * common place.
 */
public final class Connectors {
  /**
   * Servers of local mode: tasks sum and update several shards at once only in different servers.
   */
  static final int LOCAL_SERVERS =
      Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors()));

  /** Trainings of this process that use connectors. */
  private static int users;

  private static @Nullable InProcessConnector inProcess;
  private static @Nullable Connector network;
  private static @Nullable String networkSecret;
  private static @Nullable WireMode networkMode;

  private Connectors() {}

  /**
   * A connector for a task or the driver.
   *
   * @param secret what connections prove; null for the shards of this very process
   */
  public static synchronized Connector get(@Nullable String secret) {
    if (secret == null) {
      InProcessConnector local = inProcess;
      if (local == null) {
        local = new InProcessConnector(() -> new ShardServer(share(), System::nanoTime));
        inProcess = local;
      }
      return local;
    }
    Connector remote = network;
    WireMode mode = Wire.mode();
    if (remote == null || !secret.equals(networkSecret) || mode != networkMode) {
      if (remote != null) {
        remote.close(); // a Spark context of earlier days in the same process
      }
      remote = Wire.connector(secret, mode);
      network = remote;
      networkMode = mode;
      networkSecret = secret;
    }
    return remote;
  }

  /** Limits of one of the servers of this process. */
  private static ServerOptions share() {
    ServerOptions whole = ServerOptions.defaults();
    return new ServerOptions(
        whole.maxBytes() / LOCAL_SERVERS,
        whole.maxNamespaces(),
        whole.maxWaiting(),
        whole.maxClients(),
        whole.idleDropNanos());
  }

  /**
   * A connector for a task, in any process.
   *
   * @param network whether the shards are reached over the network; the secret is this process's
   *     own, no task carries it
   */
  public static Connector forTask(boolean network) {
    return get(network ? ClusterSecret.ofTask() : null);
  }

  /** What the servers of local mode hold and have counted. */
  static synchronized ServerTotals totals() {
    return inProcess == null ? ServerTotals.NONE : inProcess.totals();
  }

  /** A training begins to use connectors. */
  static synchronized void enter() {
    users++;
  }

  /** A training has ended; after the last one threads, buffers and servers are freed. */
  static synchronized void leave() {
    if (--users == 0) {
      closeAll();
    }
  }

  /** Frees threads and buffers; the next {@link #get} makes them anew. */
  private static void closeAll() {
    Connector remote = network;
    network = null;
    networkSecret = null;
    if (remote != null) {
      remote.close();
    }
    Connector local = inProcess;
    inProcess = null;
    if (local != null) {
      local.close();
    }
  }
}
