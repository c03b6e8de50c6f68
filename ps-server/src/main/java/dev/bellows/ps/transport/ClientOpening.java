package dev.bellows.ps.transport;

import dev.bellows.ps.protocol.FrameHeader;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A connection on its way: TCP, then the handshake in which both sides prove the secret.
 *
 * @param tcp the attempt; closing its channel gives up
 * @param opened completes when the other side has proven the secret, or with what went wrong
 */
record ClientOpening(ChannelFuture tcp, CompletableFuture<@Nullable Void> opened) {
  @SuppressWarnings("FutureReturnValueIgnored") // the listener completes the other future
  static ClientOpening start(
      EventLoopGroup group,
      ConnectorOptions options,
      SecureRandom random,
      InetSocketAddress address,
      ClientConnection connection) {
    CompletableFuture<@Nullable Void> opened = new CompletableFuture<>();
    byte[] nonce = new byte[Handshake.NONCE_BYTES];
    random.nextBytes(nonce);
    Handshake.Client handshake =
        new Handshake.Client(
            options.secret(), options.mode(), FrameHeader.VERSION, options.run(), nonce);
    ChannelFuture tcp =
        new Bootstrap()
            .group(group)
            .channel(NioSocketChannel.class)
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.SO_KEEPALIVE, true)
            .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, options.connectTimeoutMs())
            .option(ChannelOption.RECVBUF_ALLOCATOR, connection.readRoom())
            .option(
                ChannelOption.WRITE_BUFFER_WATER_MARK,
                new WriteBufferWaterMark(
                    options.maxQueuedBytes() / 4, options.maxQueuedBytes() / 2))
            .handler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    channel
                        .pipeline()
                        .addLast(
                            new ClientHandshakeHandler(
                                handshake, options.maxFrameBytes(), connection, opened))
                        .addLast(connection);
                  }
                })
            .connect(address);
    tcp.addListener(
        done -> {
          if (!done.isSuccess()) {
            opened.completeExceptionally(done.cause());
          }
        });
    return new ClientOpening(tcp, opened);
  }
}
