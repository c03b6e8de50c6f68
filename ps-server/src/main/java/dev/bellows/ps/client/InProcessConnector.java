package dev.bellows.ps.client;

import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.server.Effects;
import dev.bellows.ps.server.ServerTotals;
import dev.bellows.ps.server.ShardServer;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Calls {@link ShardServer}s of this JVM on its clients' threads, each server under its own lock;
 * payloads are copied once. Answers to other clients are handed over on the same thread, which is
 * safe because receivers neither block nor send.
 *
 * <p>Shards at different addresses ({@link ShardAddress#local}) are different servers. Pushes are
 * put into the server's inbox and worked on by {@link #help}, which every waiting client calls:
 * when the last task's gradients arrive, tasks that wait already sum and update some of the shards
 * instead of watching that task do all of it. A push's arrays are read until it is answered or its
 * connection closed.
 */
public final class InProcessConnector implements Connector {
  private final Map<ShardAddress, Host> hosts = new ConcurrentHashMap<>();
  private final Function<ShardAddress, Host> hostOf;

  /** A connector that makes a server for each address when it is first used. */
  public InProcessConnector(Supplier<ShardServer> servers) {
    this.hostOf = address -> new Host(servers.get());
  }

  /**
   * A connector to one server, whatever the address. The server must not be called from anywhere
   * else.
   */
  public InProcessConnector(ShardServer server) {
    Host only = new Host(server);
    this.hostOf = address -> only;
  }

  @Override
  public Connection connect(ShardAddress address, Receiver receiver) {
    return hosts.computeIfAbsent(address, hostOf).connect(receiver);
  }

  /**
   * Works on pushes that nobody works on.
   *
   * @return whether there were any
   */
  @Override
  public boolean help() {
    boolean any = false;
    for (Host host : hosts.values()) {
      any |= host.help();
    }
    return any;
  }

  /** What the servers hold and have counted. */
  public ServerTotals totals() {
    ServerTotals all = ServerTotals.NONE;
    for (Host host : hosts.values()) {
      host.lock.lock();
      try {
        all = all.plus(host.server.totals());
      } finally {
        host.lock.unlock();
      }
    }
    return all;
  }

  /** Cuts all connections as dead servers would; for tests. */
  void cutAll(String reason) {
    hosts.values().forEach(host -> host.cutAll(reason));
  }

  /** One server, its lock, and who waits for its answers. */
  private static final class Host {
    private final ShardServer server;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Long, Receiver> receivers = new ConcurrentHashMap<>();
    private final Queue<Envelope> inbox = new ConcurrentLinkedQueue<>();
    private final Effects effects = this::deliver;
    private long nextConnection = 1;

    Host(ShardServer server) {
      this.server = server;
    }

    Connection connect(Receiver receiver) {
      lock.lock();
      try {
        long id = nextConnection++;
        receivers.put(id, receiver);
        return new Local(this, id);
      } finally {
        lock.unlock();
      }
    }

    /** Looks again after the lock is free: a push may have come since, and its sender may sleep. */
    boolean help() {
      boolean any = false;
      while (!inbox.isEmpty() && lock.tryLock()) {
        try {
          any |= empty();
        } finally {
          lock.unlock();
        }
      }
      return any;
    }

    private boolean empty() {
      boolean any = false;
      for (Envelope next = inbox.poll(); next != null; next = inbox.poll()) {
        any = true;
        if (receivers.containsKey(next.connection())) {
          server.handle(next.connection(), next.request(), next.message(), effects);
        }
      }
      return any;
    }

    private void deliver(long connection, long requestId, Message answer) {
      Receiver receiver = receivers.get(connection);
      if (receiver != null) {
        receiver.receive(requestId, answer);
      }
    }

    void cutAll(String reason) {
      lock.lock();
      try {
        for (Map.Entry<Long, Receiver> entry : receivers.entrySet()) {
          server.closed(entry.getKey());
          entry.getValue().closed(reason);
        }
        receivers.clear();
      } finally {
        lock.unlock();
      }
    }
  }

  private record Envelope(long connection, long request, Message message) {}

  private record Local(Host host, long id) implements Connection {
    @Override
    public void send(long requestId, Message request) {
      boolean push = request instanceof Message.Push || request instanceof Message.CodedPush;
      if (push && isOpen()) {
        host.inbox.add(new Envelope(id, requestId, request));
        return;
      }
      host.lock.lock();
      try {
        host.empty();
        if (!host.receivers.containsKey(id)) {
          throw new PsException(
              PsErrorCode.CONNECTION_LOST, "connection to this process is closed");
        }
        host.server.handle(id, requestId, request, host.effects);
      } finally {
        host.lock.unlock();
      }
    }

    @Override
    public boolean isOpen() {
      return host.receivers.containsKey(id);
    }

    @Override
    public void close() {
      host.lock.lock();
      try {
        if (host.receivers.remove(id) != null) {
          host.server.closed(id);
        }
      } finally {
        host.lock.unlock();
      }
    }
  }
}
