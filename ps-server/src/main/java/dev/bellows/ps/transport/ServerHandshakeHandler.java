package dev.bellows.ps.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * First handler of an accepted connection: lets nobody past who does not prove the secret in time.
 * Holds at most one handshake message, so a stranger costs a few hundred bytes.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes the channel, and that is seen
final class ServerHandshakeHandler extends ChannelInboundHandlerAdapter {

  private final Handshake.Server handshake;
  private final Strangers strangers;
  private final TransportCounters counters;
  private final QuietLog log;
  private final long timeoutMs;
  private final Consumer<ChannelHandlerContext> onAccepted;

  private final FixedBytes hello = new FixedBytes(Handshake.HELLO_BYTES);
  private final FixedBytes proof = new FixedBytes(Handshake.PROOF_BYTES);
  private boolean helloAnswered;
  private boolean finished;
  private @Nullable ScheduledFuture<?> deadline;

  /**
   * @param onAccepted puts the frame handlers behind this one; called once, on the event loop
   */
  ServerHandshakeHandler(
      Handshake.Server handshake,
      Strangers strangers,
      TransportCounters counters,
      QuietLog log,
      long timeoutMs,
      Consumer<ChannelHandlerContext> onAccepted) {
    this.handshake = handshake;
    this.strangers = strangers;
    this.counters = counters;
    this.log = log;
    this.timeoutMs = timeoutMs;
    this.onAccepted = onAccepted;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    Channel evicted = strangers.add(ctx.channel());
    if (evicted != null) {
      counters.increment(TransportCounter.UNAUTHENTICATED_EVICTED);
      evicted.close();
    }
    deadline =
        ctx.executor()
            .schedule(
                () -> {
                  if (!finished) {
                    counters.increment(TransportCounter.HANDSHAKE_TIMEOUTS);
                    refuse(ctx, "no handshake within " + timeoutMs + " ms");
                  }
                },
                timeoutMs,
                TimeUnit.MILLISECONDS);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf in = (ByteBuf) message;
    try {
      if (!finished) {
        advance(ctx, in);
      }
    } finally {
      ReferenceCountUtil.release(in);
    }
  }

  private void advance(ChannelHandlerContext ctx, ByteBuf in) {
    if (!helloAnswered) {
      boolean whole = hello.takeFrom(in);
      if (!Handshake.startsLikeHello(hello.bytes(), hello.length())) {
        counters.increment(TransportCounter.NOT_OUR_PROTOCOL);
        refuse(ctx, "first bytes are no Bellows handshake");
        return;
      }
      if (!whole) {
        return;
      }
      helloAnswered = true;
      ctx.writeAndFlush(Unpooled.wrappedBuffer(handshake.challenge(hello.bytes())));
      String other = handshake.otherMode();
      if (other != null) {
        // Refused with the proof like any other; an honest client has closed by then.
        log.warn("refusing " + ctx.channel().remoteAddress() + ": " + other);
      }
    }
    if (!proof.takeFrom(in)) {
      return;
    }
    byte[] result = handshake.result(proof.bytes());
    // Nothing may follow the proof before the result was read.
    if (Handshake.accepted(result) && !in.isReadable()) {
      accept(ctx, result);
    } else {
      counters.increment(TransportCounter.HANDSHAKES_REFUSED);
      finished = true;
      ctx.writeAndFlush(Unpooled.wrappedBuffer(result)).addListener(ChannelFutureListener.CLOSE);
      log.warn("refused " + ctx.channel().remoteAddress() + ": it could not prove the secret");
    }
  }

  private void accept(ChannelHandlerContext ctx, byte[] result) {
    finished = true;
    counters.increment(TransportCounter.HANDSHAKES_ACCEPTED);
    forget(ctx);
    onAccepted.accept(ctx);
    ctx.writeAndFlush(Unpooled.wrappedBuffer(result));
    ctx.pipeline().remove(this);
  }

  private void refuse(ChannelHandlerContext ctx, String why) {
    finished = true;
    log.warn("dropped " + ctx.channel().remoteAddress() + ": " + why);
    ctx.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    finished = true;
    forget(ctx);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    // A reset by a port scanner is no news.
    ctx.close();
  }

  private void forget(ChannelHandlerContext ctx) {
    strangers.remove(ctx.channel());
    ScheduledFuture<?> pending = deadline;
    if (pending != null) {
      pending.cancel(false);
    }
  }
}
