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
import java.util.concurrent.CountDownLatch;

/**
 * The floor: every client sends the bytes of a vector, the server waits for all of them and sends
 * as many back to each. No frames, no checksum, no sums, no threads but the event loops.
 */
final class BarePingPong {

  private BarePingPong() {}

  @SuppressWarnings("deprecation")
  static double[] run(int length, int clients, int rounds, int steps) throws Exception {
    int bytes = length * Float.BYTES;
    EventLoopGroup serverGroup = new NioEventLoopGroup(1);
    EventLoopGroup clientGroup = new NioEventLoopGroup(1);
    Server server = new Server(bytes, clients);
    try {
      Channel listener =
          new ServerBootstrap()
              .group(serverGroup)
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
                      channel.pipeline().addLast(server.peer());
                    }
                  })
              .bind("127.0.0.1", 0)
              .sync()
              .channel();
      double[] ms = new double[rounds];
      for (int round = -1; round < rounds; round++) {
        CountDownLatch done = new CountDownLatch(clients);
        List<Channel> channels = new ArrayList<>();
        long start = System.nanoTime();
        for (int c = 0; c < clients; c++) {
          channels.add(
              new Bootstrap()
                  .group(clientGroup)
                  .channel(NioSocketChannel.class)
                  .option(ChannelOption.TCP_NODELAY, true)
                  .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                  .option(
                      ChannelOption.RECVBUF_ALLOCATOR,
                      new AdaptiveRecvByteBufAllocator(4096, 64 << 10, 512 << 10))
                  .handler(new Client(bytes, steps, done))
                  .connect((InetSocketAddress) listener.localAddress())
                  .sync()
                  .channel());
        }
        done.await();
        if (round >= 0) {
          ms[round] = (System.nanoTime() - start) / 1e6 / steps;
        }
        for (Channel channel : channels) {
          channel.close().sync();
        }
        server.forget();
      }
      listener.close().sync();
      return ms;
    } finally {
      serverGroup.shutdownGracefully(0, 1, java.util.concurrent.TimeUnit.SECONDS).sync();
      clientGroup.shutdownGracefully(0, 1, java.util.concurrent.TimeUnit.SECONDS).sync();
    }
  }

  private static void send(ChannelHandlerContext ctx, int bytes) {
    int left = bytes;
    while (left > 0) {
      int part = Math.min(left, 256 << 10);
      ByteBuf buffer = ctx.alloc().directBuffer(part, part);
      buffer.writerIndex(part);
      ctx.write(buffer, ctx.voidPromise());
      left -= part;
    }
    ctx.flush();
  }

  /** Answers all peers when all have sent a whole vector; one event loop thread. */
  private static final class Server {
    private final int bytes;
    private final int clients;
    private final List<ChannelHandlerContext> peers = new ArrayList<>();
    private int whole;

    Server(int bytes, int clients) {
      this.bytes = bytes;
      this.clients = clients;
    }

    synchronized void forget() {
      peers.clear();
      whole = 0;
    }

    ChannelInboundHandlerAdapter peer() {
      return new ChannelInboundHandlerAdapter() {
        private long got;

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
          peers.add(ctx);
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
          ByteBuf in = (ByteBuf) message;
          got += in.readableBytes();
          in.release();
          if (got >= bytes) {
            got -= bytes;
            if (++whole == clients) {
              whole = 0;
              for (ChannelHandlerContext peer : peers) {
                send(peer, bytes);
              }
            }
          }
        }
      };
    }
  }

  /** Sends a vector, waits for one, and so on. */
  private static final class Client extends ChannelInboundHandlerAdapter {
    private final int bytes;
    private int stepsLeft;
    private final CountDownLatch done;
    private long got;

    Client(int bytes, int steps, CountDownLatch done) {
      this.bytes = bytes;
      this.stepsLeft = steps;
      this.done = done;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      send(ctx, bytes);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ByteBuf in = (ByteBuf) message;
      got += in.readableBytes();
      in.release();
      if (got >= bytes) {
        got -= bytes;
        if (--stepsLeft == 0) {
          done.countDown();
        } else {
          send(ctx, bytes);
        }
      }
    }
  }
}
