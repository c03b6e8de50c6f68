package dev.bellows.ps.sim;

import dev.bellows.ps.client.Connection;
import dev.bellows.ps.client.Connector;
import dev.bellows.ps.client.Receiver;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.protocol.FloatScratch;
import dev.bellows.ps.protocol.FrameHeader;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.MessageCodec;
import dev.bellows.ps.protocol.Peer;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.server.Effects;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ShardServer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Servers and a network that loses, doubles, delays, overtakes, flips bits and cuts. Every frame
 * goes through the real codec; a frame with a wrong checksum closes its connection, as the real
 * transport does.
 */
final class SimNetwork {
  private final SimWorld world;
  private final Faults faults;
  private final FloatScratch scratch = FloatScratch.reusing();
  private final Map<Long, Wire> wires = new HashMap<>();
  private final List<Host> hosts = new ArrayList<>();
  private long nextWire = 1;
  long dropped;
  long doubled;
  long rejected;

  /** False once faults are switched off. */
  boolean faulty = true;

  SimNetwork(SimWorld world, Faults faults) {
    this.world = world;
    this.faults = faults;
  }

  /** One process with a shard server, which may forward to the others. */
  final class Host {
    private static final long TICK_NANOS = 300 * SimWorld.MS;

    private final Map<Peer, Wire> peers = new HashMap<>();
    private final Effects effects =
        new Effects() {
          @Override
          public void send(long connection, long requestId, Message answer) {
            Wire wire = wires.get(connection);
            if (wire != null) {
              wire.transmit(requestId, answer, wire::atClient);
            }
          }

          @Override
          public void forward(Peer to, long requestId, Message.Request request) {
            Wire wire = peers.get(to);
            if (wire == null) {
              connect(to);
            } else {
              wire.send(requestId, request);
            }
          }

          @Override
          public boolean canForward() {
            return true;
          }
        };
    final ShardAddress address = new ShardAddress("host" + hosts.size(), 7000 + hosts.size());
    ShardServer server = newServer();
    boolean up = true;
    private long pausedUntil;

    /** Stops the process for a while; frames go on arriving in its buffers. */
    void pause(long nanos) {
      pausedUntil = Math.max(pausedUntil, world.now() + nanos);
    }

    /** Does something now, or as soon as the process goes on. */
    private void whenAwake(Runnable action) {
      if (world.now() < pausedUntil) {
        world.after(pausedUntil - world.now(), () -> whenAwake(action));
      } else {
        action.run();
      }
    }

    void crash() {
      up = false;
      for (Wire wire : new ArrayList<>(wires.values())) {
        if (wire.host == this || peers.containsValue(wire)) {
          wire.cut("connection reset");
        }
      }
      peers.clear();
    }

    /** Housekeeping from now on, as the real host does. */
    void ticking() {
      if (up && world.now() >= pausedUntil) {
        server.tick(effects);
      }
      world.after(TICK_NANOS, this::ticking);
    }

    private void connect(Peer to) {
      ShardServer owner = server;
      for (Host host : hosts) {
        if (host.up && host.address.equals(new ShardAddress(to.host(), to.port()))) {
          Wire wire = new Wire(nextWire++, host, new FromPeer(this, to, owner), () -> {});
          wires.put(wire.id, wire);
          peers.put(to, wire);
          world.after(1, () -> owner.connected(to, effects));
        }
      }
    }

    void restart() {
      server = newServer();
      up = true;
    }

    private ShardServer newServer() {
      return new ShardServer(new ServerOptions(1L << 30, 100, 10_000, 100, 0), world::now);
    }
  }

  /** What a server gets back from one that it forwards to; nothing after it lost its memory. */
  private record FromPeer(Host host, Peer peer, ShardServer owner) implements Receiver {
    @Override
    public void receive(long requestId, Message answer) {
      host.whenAwake(
          () -> {
            if (host.server == owner) {
              owner.answered(requestId, answer, host.effects);
            }
          });
    }

    @Override
    public void closed(String reason) {
      host.peers.remove(peer);
    }
  }

  Host addHost() {
    Host host = new Host();
    hosts.add(host);
    return host;
  }

  List<Host> hosts() {
    return hosts;
  }

  /** A connector for one actor, which is told when something came in. */
  Connector connector(Runnable activity) {
    return (address, receiver) -> {
      for (Host host : hosts) {
        if (host.address.equals(address) && host.up) {
          Wire wire = new Wire(nextWire++, host, receiver, activity);
          wires.put(wire.id, wire);
          return wire;
        }
      }
      throw new PsException(PsErrorCode.CONNECTION_LOST, address + " refused the connection");
    };
  }

  /** One connection with both ends. */
  private final class Wire implements Connection {
    private final long id;
    private final Host host;
    private final Receiver receiver;
    private final Runnable activity;
    private boolean open = true;

    Wire(long id, Host host, Receiver receiver, Runnable activity) {
      this.id = id;
      this.host = host;
      this.receiver = receiver;
      this.activity = activity;
    }

    @Override
    public void send(long requestId, Message request) {
      if (!open) {
        throw new PsException(PsErrorCode.CONNECTION_LOST, "closed");
      }
      transmit(requestId, request, this::atServer);
    }

    private void transmit(
        long requestId, Message message, java.util.function.Consumer<byte[]> delivery) {
      byte[] frame = new byte[MessageCodec.frameBytes(message)];
      MessageCodec.encode(requestId, message, ByteBuffer.wrap(frame));
      SimRandom random = world.random;
      if (!faulty) {
        world.after(50_000, () -> delivery.accept(frame));
        return;
      }
      if (faults.cut() > 0 && random.chance(faults.cut())) {
        world.after(10_000, () -> cut("connection reset"));
      }
      if (faults.drop() > 0 && random.chance(faults.drop())) {
        dropped++;
        return;
      }
      if (faults.duplicate() > 0 && random.chance(faults.duplicate())) {
        doubled++;
        world.after(delay(), () -> delivery.accept(frame));
      }
      byte[] sent = frame;
      if (faults.corrupt() > 0 && random.chance(faults.corrupt())) {
        sent = frame.clone();
        int bit = random.below(8 * sent.length);
        sent[bit >>> 3] ^= (byte) (1 << (bit & 7));
      }
      byte[] arriving = sent;
      world.after(delay(), () -> delivery.accept(arriving));
    }

    private long delay() {
      double u = world.random.unit();
      // mostly short, sometimes up to the limit
      return 50_000 + (long) (u * u * u * faults.maxDelayMs() * SimWorld.MS);
    }

    private void atServer(byte[] frame) {
      host.whenAwake(() -> handled(frame));
    }

    private void handled(byte[] frame) {
      if (!open || !host.up) {
        return;
      }
      try {
        ByteBuffer in = ByteBuffer.wrap(frame);
        FrameHeader header = FrameHeader.read(in, FrameHeader.DEFAULT_MAX_FRAME_BYTES);
        host.server.handle(
            id, header.requestId(), MessageCodec.decode(in, header, scratch), host.effects);
      } catch (PsException e) {
        rejected++;
        cut("bad frame");
      }
    }

    private void atClient(byte[] frame) {
      if (!open) {
        return;
      }
      try {
        ByteBuffer in = ByteBuffer.wrap(frame);
        FrameHeader header = FrameHeader.read(in, FrameHeader.DEFAULT_MAX_FRAME_BYTES);
        receiver.receive(header.requestId(), MessageCodec.decode(in, header, scratch));
        world.after(1, activity);
      } catch (PsException e) {
        rejected++;
        cut("bad frame");
      }
    }

    void cut(String reason) {
      if (open) {
        close();
        receiver.closed(reason);
        world.after(1, activity);
      }
    }

    @Override
    public boolean isOpen() {
      return open;
    }

    @Override
    public void close() {
      if (open) {
        open = false;
        wires.remove(id);
        if (host.up) {
          host.server.closed(id);
        }
      }
    }
  }
}
