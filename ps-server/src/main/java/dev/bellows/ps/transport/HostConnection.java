package dev.bellows.ps.transport;

import dev.bellows.ps.protocol.FloatScratch;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/**
 * One authenticated connection of a {@link ShardHost}: bytes in, frames to the state machine,
 * answers out. Everything here runs on the host's event loop thread.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes the channel, and that is seen
final class HostConnection extends ChannelInboundHandlerAdapter implements FrameReader.Sink {

  private static final int FLUSH_BYTES = 128 * 1024;

  private final long id;
  private final ShardLoop loop;
  private final FrameReader reader;
  private final Channel channel;
  private long lastHeardNanos;
  private long lastPendingBytes;
  private int unflushedBytes;
  private boolean closeAfterAnswers;

  HostConnection(long id, Channel channel, ShardLoop loop, FloatScratch scratch, long nowNanos) {
    this.id = id;
    this.channel = channel;
    this.loop = loop;
    this.reader = new FrameReader(loop.options().maxFrameBytes(), scratch, this);
    this.lastHeardNanos = nowNanos;
  }

  long id() {
    return id;
  }

  Channel channel() {
    return channel;
  }

  FrameReader reader() {
    return reader;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf in = (ByteBuf) message;
    try {
      lastHeardNanos = loop.nanoTime();
      reader.read(in, ctx.alloc());
    } finally {
      in.release();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    loop.flushAnswers();
  }

  @Override
  public void frame(long requestId, Message request, int frameBytes) {
    loop.counters().increment(TransportCounter.FRAMES_IN);
    loop.counters().add(TransportCounter.BYTES_IN, frameBytes);
    if (request.opcode().isAnswer()) {
      answer(
          requestId,
          failure(PsErrorCode.BAD_REQUEST, request.opcode() + " is an answer, not a request"));
    } else {
      loop.handle(id, requestId, request);
    }
  }

  @Override
  public void badBody(long requestId, PsException problem) {
    loop.counters().increment(TransportCounter.BAD_FRAMES);
    answer(requestId, failure(problem.code(), problem.getMessage()));
  }

  @Override
  public void badFrame(long requestId, PsException problem) {
    boolean checksum = problem.code() == PsErrorCode.BAD_CHECKSUM;
    loop.counters()
        .increment(checksum ? TransportCounter.BAD_CHECKSUMS : TransportCounter.BAD_FRAMES);
    loop.log()
        .warn("closing " + channel.remoteAddress() + " after a bad frame: " + problem.getMessage());
    if (problem.code() == PsErrorCode.BAD_OPCODE || problem.code() == PsErrorCode.BAD_VERSION) {
      // The header was read, so a peer of another release can be told.
      answer(requestId, failure(problem.code(), problem.getMessage()));
      closeAfterAnswers = true;
      loop.flushAnswers();
    } else {
      channel.close();
    }
  }

  /** Encodes and queues an answer; the loop flushes. */
  void answer(long requestId, Message answer) {
    if (!channel.isActive() || closeAfterAnswers) {
      return;
    }
    ByteBuf frame;
    try {
      frame =
          FrameWriter.encode(
              FrameBuffers.ofLoop(),
              channel.alloc(),
              loop.options().maxFrameBytes(),
              requestId,
              answer);
    } catch (PsException e) {
      frame =
          FrameWriter.encode(
              FrameBuffers.ofLoop(),
              channel.alloc(),
              loop.options().maxFrameBytes(),
              requestId,
              failure(e.code(), e.getMessage()));
    }
    int bytes = frame.readableBytes();
    loop.counters().increment(TransportCounter.FRAMES_OUT);
    loop.counters().add(TransportCounter.BYTES_OUT, bytes);
    channel.write(frame, channel.voidPromise());
    if (unflushedBytes == 0) {
      loop.needsFlush(this);
    }
    unflushedBytes += bytes;
    if (unflushedBytes >= FLUSH_BYTES) {
      // A large answer is worth its own system call: the client copies it while we go on.
      unflushedBytes = 1;
      channel.flush();
    }
    if (pendingBytes() > loop.options().maxPendingBytes()) {
      loop.log()
          .warn(
              "closing "
                  + channel.remoteAddress()
                  + ": it does not read its answers, "
                  + pendingBytes()
                  + " bytes are waiting");
      channel.close();
    }
  }

  void flush() {
    unflushedBytes = 0;
    channel.flush();
    if (closeAfterAnswers) {
      channel.close();
    }
  }

  /** A peer that does not take its answers can't ask for more meanwhile. */
  @Override
  public boolean ready() {
    return channel.isWritable();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    boolean writable = channel.isWritable();
    channel.config().setAutoRead(writable);
    // The pause was ours: the peer's silence counts from here.
    lastHeardNanos = loop.nanoTime();
    if (writable) {
      // Later, not from inside the state machine, which may be what has just flushed.
      ctx.executor().execute(() -> resume(ctx));
    } else {
      loop.counters().increment(TransportCounter.BACK_PRESSURE_PAUSES);
    }
  }

  private void resume(ChannelHandlerContext ctx) {
    reader.resume(ctx.alloc());
    loop.flushAnswers();
  }

  /** Closes the connection when the peer has been silent for three heartbeats. */
  void checkSilence(long nowNanos, long limitNanos) {
    long pending = pendingBytes();
    if (pending != lastPendingBytes) {
      // We have paused reading, but the peer takes its answers: slow is not dead.
      lastPendingBytes = pending;
      lastHeardNanos = nowNanos;
    }
    if (nowNanos - lastHeardNanos > limitNanos) {
      loop.counters().increment(TransportCounter.SILENT_PEERS);
      loop.log()
          .warn(
              "closing "
                  + channel.remoteAddress()
                  + ": nothing heard for "
                  + (nowNanos - lastHeardNanos) / 1_000_000
                  + " ms");
      channel.close();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    reader.close();
    loop.gone(this);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof BadRecordException) {
      loop.counters().increment(TransportCounter.BAD_RECORDS);
    }
    loop.log().warn("closing " + channel.remoteAddress() + ": " + cause);
    ctx.close();
  }

  /** Answers beyond the low watermark; 0 while the peer keeps up. */
  private long pendingBytes() {
    return channel.bytesBeforeWritable();
  }

  private static Message.Failure failure(PsErrorCode code, @Nullable String detail) {
    String text = String.valueOf(detail);
    return new Message.Failure(
        code, -1, -1, text.length() <= 1000 ? text : text.substring(0, 1000));
  }
}
