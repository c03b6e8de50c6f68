package dev.bellows.ps.client;

import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.server.Effects;
import dev.bellows.ps.server.ShardServer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Calls a {@link ShardServer} of this JVM under one lock, on the caller's thread; payloads are
 * copied once. Answers to other clients are handed over on the same thread, which is safe because
 * receivers neither block nor send.
 */
public final class InProcessConnector implements Connector {
  private final ShardServer server;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Long, Receiver> receivers = new HashMap<>();
  private final Effects effects = this::deliver;
  private long nextConnection = 1;

  /**
   * A connector to one server, whatever the address. The server must not be called from anywhere
   * else.
   */
  public InProcessConnector(ShardServer server) {
    this.server = server;
  }

  @Override
  public Connection connect(ShardAddress address, Receiver receiver) {
    lock.lock();
    try {
      long id = nextConnection++;
      receivers.put(id, receiver);
      return new Local(id);
    } finally {
      lock.unlock();
    }
  }

  private void deliver(long connection, long requestId, Message answer) {
    Receiver receiver = receivers.get(connection);
    if (receiver != null) {
      receiver.receive(requestId, answer);
    }
  }

  /** Cuts all connections as a dead server would; for tests. */
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

  private final class Local implements Connection {
    private final long id;

    Local(long id) {
      this.id = id;
    }

    @Override
    public void send(long requestId, Message request) {
      lock.lock();
      try {
        if (!receivers.containsKey(id)) {
          throw new PsException(
              PsErrorCode.CONNECTION_LOST, "connection to this process is closed");
        }
        server.handle(id, requestId, request, effects);
      } finally {
        lock.unlock();
      }
    }

    @Override
    public boolean isOpen() {
      lock.lock();
      try {
        return receivers.containsKey(id);
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void close() {
      lock.lock();
      try {
        if (receivers.remove(id) != null) {
          server.closed(id);
        }
      } finally {
        lock.unlock();
      }
    }
  }
}
