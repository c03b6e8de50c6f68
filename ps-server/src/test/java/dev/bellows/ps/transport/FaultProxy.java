package dev.bellows.ps.transport;

import dev.bellows.engine.sample.Mix64;
import dev.bellows.ps.protocol.FrameHeader;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A TCP proxy between client and host that mistreats whole frames: drops, doubles, delays, reorders
 * them, flips a bit, cuts them into tiny writes; or swallows everything in both directions without
 * closing (a half-open peer). What happens to frame n of a connection and direction is a function
 * of the seed. The handshake passes untouched.
 */
final class FaultProxy implements AutoCloseable {

  /**
   * How often what happens, each a probability per frame.
   *
   * @param delay probability that a frame is held back for 1 to {@code maxDelayMs}, others overtake
   *     it
   * @param reorder probability that a frame changes places with the next one
   * @param split cut every frame into writes of 1 to 97 bytes
   */
  record Faults(
      double drop,
      double duplicate,
      double delay,
      int maxDelayMs,
      double reorder,
      double flip,
      boolean split) {
    static final Faults NONE = new Faults(0, 0, 0, 0, 0, 0, false);

    static Faults drop(double p) {
      return new Faults(p, 0, 0, 0, 0, 0, false);
    }

    static Faults duplicate(double p) {
      return new Faults(0, p, 0, 0, 0, 0, false);
    }

    static Faults reorderAndDelay(double p, int maxDelayMs) {
      return new Faults(0, 0, p, maxDelayMs, p, 0, false);
    }

    static Faults flip(double p) {
      return new Faults(0, 0, 0, 0, 0, p, false);
    }

    static Faults splitting() {
      return new Faults(0, 0, 0, 0, 0, 0, true);
    }
  }

  private static final int CLIENT_HANDSHAKE_BYTES = Handshake.HELLO_BYTES + Handshake.PROOF_BYTES;
  private static final int SERVER_HANDSHAKE_BYTES =
      Handshake.CHALLENGE_BYTES + Handshake.RESULT_BYTES;

  private final long seed;
  private final Faults faults;
  private final InetSocketAddress target;
  private final EventLoopGroup group = EventLoops.single("fault-proxy");
  private final Channel listener;
  private final List<Channel> open = new ArrayList<>();
  private volatile boolean swallowing;
  private int connections;

  final AtomicLong dropped = new AtomicLong();
  final AtomicLong duplicated = new AtomicLong();
  final AtomicLong delayed = new AtomicLong();
  final AtomicLong reordered = new AtomicLong();
  final AtomicLong flipped = new AtomicLong();

  FaultProxy(InetSocketAddress target, Faults faults, long seed) {
    this.target = target;
    this.faults = faults;
    this.seed = seed;
    this.listener =
        new ServerBootstrap()
            .group(group, group)
            .channel(NioServerSocketChannel.class)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.AUTO_READ, false)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    join(channel);
                  }
                })
            .bind("127.0.0.1", 0)
            .syncUninterruptibly()
            .channel();
  }

  int port() {
    return ((InetSocketAddress) listener.localAddress()).getPort();
  }

  /** From now on nothing passes in either direction, and no end is told. */
  void goHalfOpen() {
    swallowing = true;
  }

  /** Lets everything pass again; swallowed frames stay lost. */
  void heal() {
    swallowing = false;
  }

  /** Closes all connections that go through, as a crash in the middle would. */
  void cutAll() {
    group.submit(() -> List.copyOf(open).forEach(Channel::close)).syncUninterruptibly();
  }

  @Override
  public void close() {
    listener.close().syncUninterruptibly();
    group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
  }

  private void join(SocketChannel client) {
    int connection = connections++;
    ChannelFuture connecting =
        new Bootstrap()
            .group(group)
            .channel(NioSocketChannel.class)
            .option(ChannelOption.TCP_NODELAY, true)
            .handler(new Direction(client, connection, 1, SERVER_HANDSHAKE_BYTES))
            .connect(target);
    Channel server = connecting.channel();
    open.add(client);
    open.add(server);
    client.closeFuture().addListener(closed -> closeOther(client, server));
    server.closeFuture().addListener(closed -> closeOther(server, client));
    client.pipeline().addLast(new Direction(server, connection, 0, CLIENT_HANDSHAKE_BYTES));
    connecting.addListener(connected -> client.config().setAutoRead(true));
  }

  private void closeOther(Channel closed, Channel other) {
    open.remove(closed);
    if (!swallowing) {
      other.close();
    }
  }

  /** One direction of one connection: cuts the bytes into frames and sends them on, or not. */
  private final class Direction extends ChannelInboundHandlerAdapter {
    private final Channel to;
    private final long key;
    private final ByteArrayOutputStream gathered = new ByteArrayOutputStream();
    private int handshakeLeft;
    private long frame;
    private byte[] heldBack;

    Direction(Channel to, int connection, int direction, int handshakeBytes) {
      this.to = to;
      this.key = connection * 2L + direction;
      this.handshakeLeft = handshakeBytes;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ByteBuf in = (ByteBuf) message;
      byte[] bytes = new byte[in.readableBytes()];
      in.readBytes(bytes);
      in.release();
      if (swallowing) {
        return;
      }
      int shake = Math.min(handshakeLeft, bytes.length);
      if (shake > 0) {
        handshakeLeft -= shake;
        to.writeAndFlush(Unpooled.copiedBuffer(bytes, 0, shake));
      }
      gathered.write(bytes, shake, bytes.length - shake);
      cutFrames();
    }

    private void cutFrames() {
      byte[] all = gathered.toByteArray();
      ByteBuffer view = ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN);
      int at = 0;
      while (all.length - at >= FrameHeader.BYTES) {
        int length = FrameHeader.BYTES + view.getInt(at + FrameHeader.BODY_BYTES_OFFSET);
        if (all.length - at < length) {
          break;
        }
        byte[] whole = new byte[length];
        System.arraycopy(all, at, whole, 0, length);
        at += length;
        mistreat(whole);
      }
      gathered.reset();
      gathered.write(all, at, all.length - at);
    }

    private void mistreat(byte[] whole) {
      long n = frame++;
      if (chance(n, 1) < faults.drop()) {
        dropped.incrementAndGet();
        return;
      }
      byte[] sent = whole;
      if (chance(n, 2) < faults.flip()) {
        flipped.incrementAndGet();
        sent = whole.clone();
        long bit = Math.floorMod(bits(n, 3), sent.length * 8L);
        sent[(int) (bit / 8)] ^= (byte) (1 << (bit % 8));
      }
      if (chance(n, 4) < faults.duplicate()) {
        duplicated.incrementAndGet();
        write(sent);
      }
      if (chance(n, 5) < faults.delay()) {
        delayed.incrementAndGet();
        byte[] late = sent;
        long delayMs = 1 + Math.floorMod(bits(n, 6), (long) faults.maxDelayMs());
        to.eventLoop().schedule(() -> write(late), delayMs, TimeUnit.MILLISECONDS);
        return;
      }
      if (heldBack == null && chance(n, 7) < faults.reorder()) {
        reordered.incrementAndGet();
        byte[] held = sent;
        heldBack = held;
        // Nothing may follow: then it goes out after all.
        to.eventLoop().schedule(() -> releaseHeldBack(held), 20, TimeUnit.MILLISECONDS);
        return;
      }
      write(sent);
      if (heldBack != null) {
        releaseHeldBack(heldBack);
      }
    }

    private void releaseHeldBack(byte[] held) {
      if (heldBack == held) {
        heldBack = null;
        write(held);
      }
    }

    private void write(byte[] bytes) {
      if (swallowing) {
        return;
      }
      if (!faults.split()) {
        to.writeAndFlush(Unpooled.wrappedBuffer(bytes));
        return;
      }
      int at = 0;
      for (int piece = 0; at < bytes.length; piece++) {
        int length = (int) Math.min(bytes.length - at, 1 + Math.floorMod(bits(frame, piece), 97L));
        to.writeAndFlush(Unpooled.copiedBuffer(bytes, at, length));
        at += length;
      }
    }

    private long bits(long n, long what) {
      return Mix64.mix(Mix64.mix(seed * 1_000_003 + key) + Mix64.mix(n * 64 + what));
    }

    private double chance(long n, long what) {
      return (bits(n, what) >>> 11) * 0x1p-53;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close();
    }
  }
}
