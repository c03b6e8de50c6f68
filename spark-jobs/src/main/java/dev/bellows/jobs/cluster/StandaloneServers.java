package dev.bellows.jobs.cluster;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.cluster.ShardPlacement.Seat;
import dev.bellows.jobs.config.ServerAddress;
import dev.bellows.ps.client.Connection;
import dev.bellows.ps.client.Connector;
import dev.bellows.ps.client.Receiver;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * The stand-alone servers of a run, seen from the driver. One connection to each is held open: its
 * end is the news that the server is lost, and the {@link ShardRegistry} learns it as it learns of
 * a lost executor, so that replicas and roll-backs work alike.
 */
final class StandaloneServers implements AutoCloseable {
  private static final long RETRY_MS = 250;
  private static final String ID = "server ";
  private static final String OF_RUN = " #";
  private static final AtomicLong RUNS = new AtomicLong();

  private final List<ServerAddress> servers;
  private final Supplier<Connector> connector;
  private final ShardRegistry registry;
  private final Map<String, Connection> open = new ConcurrentHashMap<>();

  /** Several trainings may use the same servers at once: what one loses is not the others'. */
  private final String ofRun = OF_RUN + RUNS.incrementAndGet();

  private volatile boolean closed;

  StandaloneServers(
      List<ServerAddress> servers, Supplier<Connector> connector, ShardRegistry registry) {
    this.servers = List.copyOf(servers);
    this.connector = connector;
    this.registry = registry;
  }

  /** Name of this run's connection to a server in the registry. */
  private String id(ServerAddress server) {
    return ID + server + ofRun;
  }

  /** "server host:port" of an id. */
  static String title(String id) {
    return id.substring(0, id.indexOf(OF_RUN));
  }

  /** Whether an id of the registry is that of a stand-alone server. */
  static boolean isServer(String id) {
    return id.startsWith(ID);
  }

  /**
   * Connects to all.
   *
   * @throws BellowsException naming the server: exit 9 when it and this driver don't trust each
   *     other, else 7
   */
  void connect() {
    for (ServerAddress server : servers) {
      try {
        connect(server);
      } catch (PsException e) {
        throw refused(server, e);
      }
    }
  }

  /** The servers that are there now, in the order of the configuration. */
  List<Seat> seats() {
    List<Seat> seats = new ArrayList<>();
    for (ServerAddress server : servers) {
      if (registry.alive(id(server))) {
        seats.add(new Seat(id(server), new ShardAddress(server.host(), server.port())));
      }
    }
    return seats;
  }

  /**
   * The servers that are there, after a wait for one when all are lost.
   *
   * @throws BellowsException exit 7 when none came back in time
   */
  List<Seat> await(Duration longest) throws InterruptedException {
    long end = System.nanoTime() + longest.toNanos();
    while (true) {
      PsException last = null;
      for (ServerAddress server : servers) {
        try {
          connect(server);
        } catch (PsException e) {
          if (e.code() != PsErrorCode.CONNECTION_LOST) {
            throw refused(server, e);
          }
          last = e;
        }
      }
      List<Seat> seats = seats();
      if (!seats.isEmpty()) {
        return seats;
      }
      if (System.nanoTime() - end > 0) {
        throw new BellowsException(
            ExitCode.CLUSTER,
            "no stand-alone server of distributed.servers "
                + servers
                + " came back within "
                + longest.toSeconds()
                + " s; start one there with submit/bellows-server",
            last);
      }
      Thread.sleep(RETRY_MS);
    }
  }

  private void connect(ServerAddress server) {
    String id = id(server);
    Connection present = open.get(id);
    if (present != null && present.isOpen()) {
      return;
    }
    Connection made =
        connector.get().connect(new ShardAddress(server.host(), server.port()), new Watcher(id));
    open.put(id, made);
    registry.register(new ShardRegistry.Member(id, server.host(), server.port(), -1));
  }

  private static BellowsException refused(ServerAddress server, PsException e) {
    boolean distrust = e.code() == PsErrorCode.NOT_AUTHENTICATED;
    String advice =
        e.code() == PsErrorCode.CONNECTION_LOST
            ? "; start it there with submit/bellows-server, or take it out of distributed.servers"
            : "";
    return new BellowsException(
        distrust ? ExitCode.AUTHENTICATION : ExitCode.CLUSTER,
        "distributed.servers: " + server + ": " + e.getMessage() + advice,
        e);
  }

  /** The end of the connection is the end of the server, as far as this run can know. */
  private final class Watcher implements Receiver {
    private final String id;

    Watcher(String id) {
      this.id = id;
    }

    @Override
    public void receive(long requestId, Message answer) {
      // Nothing is asked over this connection.
    }

    @Override
    public void closed(String reason) {
      if (!closed) {
        registry.removed(id, reason);
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    open.values().forEach(Connection::close);
    servers.forEach(server -> registry.forget(id(server)));
  }
}
