package dev.bellows.ps.transport;

import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.TimeUnit;

/**
 * Row 27 of the fault matrix: the system can't hand over another connection (too many open files).
 * Connections that are there go on; accepting pauses for a second, so that the loop does not spin
 * on the same error, and strangers' handshake deadlines free what they hold.
 */
@ChannelHandler.Sharable // one for every port that is tried
@SuppressWarnings("FutureReturnValueIgnored") // the timer of a closed channel has nothing to do
final class AcceptFailures extends ChannelInboundHandlerAdapter {

  private static final int PAUSE_MS = 1_000;

  private final TransportCounters counters;
  private final QuietLog log;

  AcceptFailures(TransportCounters counters, QuietLog log) {
    this.counters = counters;
    this.log = log;
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    counters.increment(TransportCounter.ACCEPT_FAILURES);
    log.warn(
        "cannot accept a connection on "
            + ctx.channel().localAddress()
            + ": "
            + cause.getMessage()
            + "; open connections go on, the next try is in "
            + PAUSE_MS
            + " ms; raise the limit of open files (ulimit -n)");
    ctx.channel().config().setAutoRead(false);
    ctx.executor()
        .schedule(() -> ctx.channel().config().setAutoRead(true), PAUSE_MS, TimeUnit.MILLISECONDS);
  }
}
