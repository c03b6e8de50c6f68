package dev.bellows.ps.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.io.EOFException;
import java.util.concurrent.CompletableFuture;

/**
 * First handler of a connection we open; completes {@code opened} when the server has proven
 * itself.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes the channel, and that is seen
final class ClientHandshakeHandler extends ChannelInboundHandlerAdapter {

  private final Handshake.Client handshake;
  private final int maxFrameBytes;
  private final ClientConnection connection;
  private final CompletableFuture<Void> opened;
  private final FixedBytes challenge = new FixedBytes(Handshake.CHALLENGE_BYTES);
  private final FixedBytes result = new FixedBytes(Handshake.RESULT_BYTES);
  private boolean proofSent;

  ClientHandshakeHandler(
      Handshake.Client handshake,
      int maxFrameBytes,
      ClientConnection connection,
      CompletableFuture<Void> opened) {
    this.handshake = handshake;
    this.maxFrameBytes = maxFrameBytes;
    this.connection = connection;
    this.opened = opened;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    ctx.writeAndFlush(Unpooled.wrappedBuffer(handshake.hello()));
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf in = (ByteBuf) message;
    try {
      advance(ctx, in);
    } catch (HandshakeException e) {
      opened.completeExceptionally(e);
      ctx.close();
    } finally {
      ReferenceCountUtil.release(in);
    }
  }

  private void advance(ChannelHandlerContext ctx, ByteBuf in) throws HandshakeException {
    if (!proofSent) {
      if (!challenge.takeFrom(in)) {
        return;
      }
      proofSent = true;
      ctx.writeAndFlush(Unpooled.wrappedBuffer(handshake.prove(challenge.bytes())));
    }
    if (!in.isReadable() || !result.takeFrom(in)) {
      return;
    }
    handshake.finish(result.bytes());
    RecordLayer records = handshake.records(maxFrameBytes);
    if (records != null) {
      ctx.pipeline().addAfter(ctx.name(), null, records);
    }
    connection.admitted(records != null);
    // The server speaks only when asked: no bytes can follow the result yet.
    ctx.pipeline().remove(this);
    opened.complete(null);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    opened.completeExceptionally(
        new EOFException(
            "the parameter server closed the connection during the handshake (after "
                + (proofSent ? "the proof" : "the first message")
                + "); it may be stopping, or have too many unauthenticated connections"));
    ctx.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    opened.completeExceptionally(cause);
    ctx.close();
  }
}
