package dev.bellows.ps.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * The floor under an exchange: every client sends the bytes of a vector, the server waits for all
 * of them and sends as many back to each. No frames, no checksum, no sums, no threads but the event
 * loops; buffers are written and read by nobody but the kernel.
 */
@SuppressWarnings("deprecation") // as the transport makes its event loops
final class BarePing {
  private static final int CHUNK_BYTES = 256 << 10;

  private BarePing() {}

  private static void send(ChannelHandlerContext ctx, int bytes) {
    for (int left = bytes; left > 0; left -= CHUNK_BYTES) {
      int part = Math.min(left, CHUNK_BYTES);
      ByteBuf buffer = ctx.alloc().directBuffer(part, part);
      ctx.write(buffer.writerIndex(part), ctx.voidPromise());
    }
    ctx.flush();
  }

  /** Counts what comes in; tells whoever waits when a vector is whole. */
  private abstract static class Counting extends ChannelInboundHandlerAdapter {
    private final int bytes;
    private int got;

    Counting(int bytes) {
      this.bytes = bytes;
    }

    abstract void whole(ChannelHandlerContext ctx);

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ByteBuf in = (ByteBuf) message;
      got += in.readableBytes();
      in.release();
      if (got >= bytes) {
        got -= bytes;
        whole(ctx);
      }
    }
  }

  /** Answers all peers when all have sent a whole vector; one event loop thread. */
  static final class Server implements AutoCloseable {
    private final EventLoopGroup group = new NioEventLoopGroup(1);
    private final List<ChannelHandlerContext> peers = new ArrayList<>();
    private final Channel listener;
    private int whole;

    Server(int bytes, int clients) throws InterruptedException {
      listener =
          new ServerBootstrap()
              .group(group)
              .channel(NioServerSocketChannel.class)
              .childOption(ChannelOption.TCP_NODELAY, true)
              .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
              .childOption(
                  ChannelOption.RECVBUF_ALLOCATOR,
                  new AdaptiveRecvByteBufAllocator(4096, 64 << 10, 512 << 10))
              .childHandler(
                  new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                      channel.pipeline().addLast(peer(bytes, clients));
                    }
                  })
              .bind("127.0.0.1", 0)
              .sync()
              .channel();
    }

    int port() {
      return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    private Counting peer(int bytes, int clients) {
      return new Counting(bytes) {
        @Override
        public void channelActive(ChannelHandlerContext ctx) {
          peers.add(ctx);
        }

        @Override
        void whole(ChannelHandlerContext ctx) {
          if (++whole == clients) {
            whole = 0;
            for (ChannelHandlerContext peer : peers) {
              send(peer, bytes);
            }
          }
        }
      };
    }

    @Override
    public void close() {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
  }

  /** Sends a vector, waits for one, and so on. */
  static final class Client implements AutoCloseable {
    private final EventLoopGroup group = new NioEventLoopGroup(1);
    private final Semaphore done = new Semaphore(0);
    private final Exchange exchange;
    private final Channel channel;

    Client(int port, int bytes) throws InterruptedException {
      exchange = new Exchange(bytes, done);
      channel =
          new Bootstrap()
              .group(group)
              .channel(NioSocketChannel.class)
              .option(ChannelOption.TCP_NODELAY, true)
              .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
              .option(
                  ChannelOption.RECVBUF_ALLOCATOR,
                  new AdaptiveRecvByteBufAllocator(4096, 64 << 10, 512 << 10))
              .handler(exchange)
              .connect("127.0.0.1", port)
              .sync()
              .channel();
    }

    void run(int steps) throws InterruptedException {
      channel.eventLoop().execute(() -> exchange.begin(channel.pipeline().lastContext(), steps));
      done.acquire();
    }

    @Override
    public void close() {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
  }

  private static final class Exchange extends Counting {
    private final int bytes;
    private final Semaphore done;
    private int stepsLeft;

    Exchange(int bytes, Semaphore done) {
      super(bytes);
      this.bytes = bytes;
      this.done = done;
    }

    void begin(ChannelHandlerContext ctx, int steps) {
      stepsLeft = steps;
      send(ctx, bytes);
    }

    @Override
    void whole(ChannelHandlerContext ctx) {
      if (--stepsLeft == 0) {
        done.release();
      } else {
        send(ctx, bytes);
      }
    }
  }
}
