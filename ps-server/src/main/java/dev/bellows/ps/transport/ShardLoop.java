package dev.bellows.ps.transport;

import dev.bellows.ps.protocol.FloatScratch;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.Peer;
import dev.bellows.ps.server.Effects;
import dev.bellows.ps.server.ServerTotals;
import dev.bellows.ps.server.ShardServer;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * What the one owner thread of a {@link ShardServer} holds: the connections by id, the answers that
 * wait for a flush, the scratch array of the decoder. No method but {@link #totals} may be called
 * from another thread.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes the channel, and that is seen
final class ShardLoop implements Effects {

  private static final int SILENT_HEARTBEATS = 3;

  private final ShardServer server;
  private final HostOptions options;
  private final TransportCounters counters;
  private final QuietLog log;
  private final LongSupplier nanoTime;
  private final FloatScratch scratch = FloatScratch.reusing();
  private final LongObjectMap<HostConnection> connections = new LongObjectHashMap<>();
  private final List<HostConnection> unflushed = new ArrayList<>();
  private final PeerLinks peers;
  private long nextId = 1;

  /** As of the last tick, for other threads. */
  private volatile ServerTotals totals = ServerTotals.NONE;

  ShardLoop(
      ShardServer server,
      EventLoopGroup group,
      HostOptions options,
      TransportCounters counters,
      QuietLog log,
      LongSupplier nanoTime) {
    this.server = server;
    this.options = options;
    this.counters = counters;
    this.log = log;
    this.nanoTime = nanoTime;
    this.peers = new PeerLinks(group, options, nanoTime, log, new FromPeers());
  }

  /** What replicas answer; it may let answers go that wait for them. */
  private final class FromPeers implements PeerLinks.Sink {
    @Override
    public void answered(long requestId, Message answer) {
      server.answered(requestId, answer, ShardLoop.this);
      flushAnswers();
    }

    @Override
    public void connected(Peer peer) {
      server.connected(peer, ShardLoop.this);
    }
  }

  HostOptions options() {
    return options;
  }

  TransportCounters counters() {
    return counters;
  }

  QuietLog log() {
    return log;
  }

  long nanoTime() {
    return nanoTime.getAsLong();
  }

  /** Registers an authenticated connection; when the house is full its channel is closed. */
  HostConnection admit(Channel channel) {
    HostConnection connection =
        new HostConnection(nextId++, channel, this, scratch, nanoTime.getAsLong());
    if (connections.size() >= options.maxConnections()) {
      log.warn(
          "closing "
              + channel.remoteAddress()
              + ": "
              + connections.size()
              + " connections are open");
      channel.close();
    } else {
      connections.put(connection.id(), connection);
    }
    return connection;
  }

  void handle(long connection, long requestId, Message request) {
    server.handle(connection, requestId, request, this);
  }

  @Override
  public void send(long connection, long requestId, Message answer) {
    HostConnection to = connections.get(connection);
    if (to != null) {
      to.answer(requestId, answer);
    }
  }

  @Override
  public void forward(Peer to, long requestId, Message.Request request) {
    peers.forward(to, requestId, request);
  }

  @Override
  public boolean canForward() {
    return true;
  }

  void needsFlush(HostConnection connection) {
    unflushed.add(connection);
  }

  /** Flushes every connection that got an answer since the last call. */
  void flushAnswers() {
    for (int i = 0; i < unflushed.size(); i++) {
      unflushed.get(i).flush();
    }
    unflushed.clear();
  }

  void gone(HostConnection connection) {
    if (connections.remove(connection.id()) != null) {
      server.closed(connection.id());
    }
  }

  /** Once a second or so: housekeeping of the state machine, and peers that fell silent. */
  void tick() {
    server.tick(this);
    totals = server.totals();
    peers.closeUnless(server::forwardsTo);
    flushAnswers();
    long now = nanoTime.getAsLong();
    long limitNanos = SILENT_HEARTBEATS * 1_000_000L * options.heartbeatMs();
    for (HostConnection connection : List.copyOf(connections.values())) {
      connection.checkSilence(now, limitNanos);
    }
  }

  /** Closes all connections. */
  void closeAll() {
    peers.close();
    for (HostConnection connection : List.copyOf(connections.values())) {
      connection.channel().close();
    }
  }

  /** What the server holds and has counted, about a second ago; any thread. */
  ServerTotals totals() {
    return totals;
  }

  int connectionCount() {
    return connections.size();
  }
}
