package dev.bellows.ps.transport;

import dev.bellows.ps.client.Receiver;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.protocol.FloatScratch;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.Peer;
import dev.bellows.ps.protocol.PsException;
import io.netty.channel.EventLoopGroup;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The connections of a shard host to the hosts of its replicas. They share the host's one event
 * loop thread, so that nothing here waits and nothing needs a lock; no method may be called from
 * another thread. Frames are not bounded in number here: the state machine has at most one step on
 * its way.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes the channel, and that is seen
final class PeerLinks {
  private static final int CONNECT_TIMEOUT_MS = 5_000;

  /** Gets what comes back, on the event loop. */
  interface Sink {
    /** An answer to a forwarded request. */
    void answered(long requestId, Message answer);

    /** A connection is open: what was not acknowledged may be sent again. */
    void connected(Peer peer);
  }

  private final EventLoopGroup group;
  private final ConnectorOptions options;
  private final LongSupplier nanoTime;
  private final QuietLog log;
  private final Sink sink;
  private final FloatScratch scratch = FloatScratch.reusing();
  private final SecureRandom random = new SecureRandom();
  private final Map<Peer, Link> links = new HashMap<>();
  private boolean closed;

  PeerLinks(
      EventLoopGroup group, HostOptions host, LongSupplier nanoTime, QuietLog log, Sink sink) {
    this.group = group;
    this.options =
        new ConnectorOptions(
            host.secret(),
            host.mode(),
            "bellows-replica",
            CONNECT_TIMEOUT_MS,
            CONNECT_TIMEOUT_MS,
            host.heartbeatMs(),
            host.maxFrameBytes(),
            Integer.MAX_VALUE); // waiting for room would stop the very thread that makes it
    this.nanoTime = nanoTime;
    this.log = log;
    this.sink = sink;
  }

  /** Sends a request when the connection is open, else opens it. */
  void forward(Peer to, long requestId, Message request) {
    if (!closed) {
      links.computeIfAbsent(to, Link::new).send(requestId, request);
    }
  }

  /** Closes connections that nothing is forwarded over any more. */
  void closeUnless(Predicate<Peer> used) {
    links
        .values()
        .removeIf(
            link -> {
              boolean over = !used.test(link.peer);
              if (over) {
                link.close();
              }
              return over;
            });
  }

  /** Closes all. */
  void close() {
    closed = true;
    closeUnless(peer -> false);
  }

  private final class Link implements Receiver {
    private final Peer peer;
    private @Nullable ClientConnection open;
    private boolean connecting;
    private boolean over;

    Link(Peer peer) {
      this.peer = peer;
    }

    void send(long requestId, Message request) {
      ClientConnection to = open;
      if (to == null) {
        connect();
        return;
      }
      try {
        to.sendNow(requestId, request);
      } catch (PsException e) {
        log.warn("a step could not be forwarded to " + peer + ": " + e.getMessage());
      }
    }

    private void connect() {
      if (connecting || over) {
        return;
      }
      connecting = true;
      ClientConnection connection =
          new ClientConnection(
              new ShardAddress(peer.host(), peer.port()), this, options, scratch, nanoTime);
      ClientOpening opening =
          ClientOpening.start(
              group,
              options,
              random,
              InetSocketAddress.createUnresolved(peer.host(), peer.port()),
              connection);
      opening.opened().whenComplete((nothing, problem) -> opened(connection, problem));
    }

    /** Runs on the event loop, as all that completes an attempt does. */
    private void opened(ClientConnection connection, @Nullable Throwable problem) {
      connecting = false;
      if (problem != null) {
        log.warn("no connection to the replica at " + peer + ": " + problem.getMessage());
      } else if (over) {
        connection.close();
      } else {
        connection.start();
        open = connection;
        sink.connected(peer);
      }
    }

    @Override
    public void receive(long requestId, Message answer) {
      sink.answered(requestId, answer);
    }

    @Override
    public void closed(String reason) {
      open = null;
      connect(); // once; after a failure the next attempt comes with the next frame
    }

    void close() {
      over = true;
      ClientConnection held = open;
      open = null;
      if (held != null) {
        held.close();
      }
    }
  }
}
