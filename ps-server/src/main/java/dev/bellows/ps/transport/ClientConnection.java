package dev.bellows.ps.transport;

import dev.bellows.ps.client.Connection;
import dev.bellows.ps.client.Receiver;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.protocol.FloatScratch;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The client's end of one connection.
 *
 * <p>{@code send} encodes on the caller's thread and leaves the frame in a queue; the event loop
 * drains the queue and flushes once, so that a burst of chunks costs few system calls and one
 * wake-up.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes the channel, and that is seen
final class ClientConnection extends ChannelInboundHandlerAdapter
    implements Connection, FrameReader.Sink {

  /** Request id of our own PINGs; clients count from 0 upwards. */
  private static final long HEARTBEAT_ID = -1;

  private static final int SILENT_HEARTBEATS = 3;

  private final ShardAddress address;
  private final Receiver receiver;
  private final ConnectorOptions options;
  private final LongSupplier nanoTime;
  private final FrameReader reader;
  private final ReadRoom readRoom = new ReadRoom();
  private final FrameBuffers sendBuffers;

  /** Frames that the channel has not got yet; a lock for itself and the next two. */
  private final FrameQueue outgoing = new FrameQueue();

  private long queuedBytes;
  private boolean drainScheduled;
  private final Runnable drain = this::drain;

  private volatile @Nullable Channel channel;
  private volatile boolean open;
  private volatile boolean closedByUs;
  private long lastHeardNanos;
  private @Nullable String closeReason;

  ClientConnection(
      ShardAddress address,
      Receiver receiver,
      ConnectorOptions options,
      FloatScratch scratch,
      LongSupplier nanoTime) {
    this.address = address;
    this.receiver = receiver;
    this.options = options;
    this.nanoTime = nanoTime;
    this.reader = new FrameReader(options.maxFrameBytes(), scratch, this);
    this.sendBuffers = new FrameBuffers(options.maxQueuedBytes());
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    channel = ctx.channel();
  }

  ReadRoom readRoom() {
    return readRoom;
  }

  /** The server has proven itself; on the event loop, before any frame comes. */
  void admitted(boolean sealed) {
    readRoom.admit(sealed ? null : reader);
  }

  /** Called once after the handshake. */
  void start() {
    Channel active = channel();
    open = true;
    active
        .eventLoop()
        .execute(
            () -> {
              lastHeardNanos = nanoTime.getAsLong();
              scheduleHeartbeat(active);
              if (!active.isActive()) {
                lost("closed by the server");
              }
            });
  }

  @Override
  public void send(long requestId, Message request) {
    if (!open) {
      throw connectionLost("the connection to " + address + " is closed");
    }
    ByteBuf frame =
        FrameWriter.encode(
            sendBuffers,
            PooledByteBufAllocator.DEFAULT,
            options.maxFrameBytes(),
            requestId,
            request);
    boolean schedule;
    synchronized (outgoing) {
      awaitRoom(frame);
      queuedBytes += frame.readableBytes();
      outgoing.add(frame, FrameQueue.place(request));
      schedule = !drainScheduled;
      drainScheduled = true;
    }
    if (schedule) {
      try {
        channel().eventLoop().execute(drain);
      } catch (RejectedExecutionException e) {
        releaseQueue();
        throw connectionLost("the connector of " + address + " is closed");
      }
    }
  }

  /**
   * Sends at once, for callers on the event loop: a queue would be written only after all that this
   * thread has read by now, when the peer could long be at work.
   */
  void sendNow(long requestId, Message request) {
    if (!open) {
      throw connectionLost("the connection to " + address + " is closed");
    }
    Channel active = channel();
    active.writeAndFlush(
        FrameWriter.encode(
            FrameBuffers.ofLoop(), active.alloc(), options.maxFrameBytes(), requestId, request),
        active.voidPromise());
  }

  @Override
  public boolean hasRoom(int bytes) {
    synchronized (outgoing) {
      return outgoing.isEmpty() || queuedBytes + bytes <= options.maxQueuedBytes() / 2;
    }
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public void close() {
    closedByUs = true;
    open = false;
    Channel active = channel;
    if (active != null) {
      active.close();
    }
    wakeSenders();
  }

  /** Hands over what is queued, as far as the channel takes it, and flushes once; event loop. */
  private void drain() {
    Channel active = channel();
    boolean wrote = false;
    synchronized (outgoing) {
      drainScheduled = false;
      while (active.isWritable() && !outgoing.isEmpty()) {
        ByteBuf frame = outgoing.remove();
        queuedBytes -= frame.readableBytes();
        active.write(frame, active.voidPromise());
        wrote = true;
      }
      if (wrote) {
        outgoing.notifyAll();
      }
    }
    if (wrote) {
      active.flush();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (ctx.channel().isWritable()) {
      ctx.executor().execute(drain);
    }
  }

  /** Waits until half of the limit has room: the channel itself may hold the other half. */
  private void awaitRoom(ByteBuf frame) {
    long deadline = nanoTime.getAsLong() + TimeUnit.MILLISECONDS.toNanos(options.sendTimeoutMs());
    boolean room = false;
    try {
      while (open
          && !outgoing.isEmpty()
          && queuedBytes + frame.readableBytes() > options.maxQueuedBytes() / 2) {
        long leftNanos = deadline - nanoTime.getAsLong();
        if (leftNanos <= 0) {
          throw connectionLost(
              address
                  + " has not read for "
                  + options.sendTimeoutMs()
                  + " ms; "
                  + queuedBytes
                  + " bytes are waiting");
        }
        TimeUnit.NANOSECONDS.timedWait(outgoing, leftNanos);
      }
      if (!open) {
        throw connectionLost("the connection to " + address + " was closed while waiting to send");
      }
      room = true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PsException(PsErrorCode.CANCELLED, "interrupted while sending to " + address, e);
    } finally {
      if (!room) {
        frame.release();
      }
    }
  }

  private void releaseQueue() {
    synchronized (outgoing) {
      while (!outgoing.isEmpty()) {
        outgoing.remove().release();
      }
      queuedBytes = 0;
    }
  }

  private void wakeSenders() {
    synchronized (outgoing) {
      outgoing.notifyAll();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf in = (ByteBuf) message;
    try {
      lastHeardNanos = nanoTime.getAsLong();
      reader.read(in, ctx.alloc());
    } finally {
      in.release();
    }
  }

  @Override
  public void frame(long requestId, Message answer, int frameBytes) {
    if (requestId != HEARTBEAT_ID && !closedByUs) {
      receiver.receive(requestId, answer);
    }
  }

  @Override
  public void badBody(long requestId, PsException problem) {
    badFrame(requestId, problem);
  }

  @Override
  public void badFrame(long requestId, PsException problem) {
    reader.close();
    closeReason = "bad frame from " + address + ": " + problem.getMessage();
    channel().close();
  }

  private void scheduleHeartbeat(Channel active) {
    active
        .eventLoop()
        .schedule(() -> heartbeat(active), options.heartbeatMs(), TimeUnit.MILLISECONDS);
  }

  private void heartbeat(Channel active) {
    if (!active.isActive()) {
      return;
    }
    long silentMs = TimeUnit.NANOSECONDS.toMillis(nanoTime.getAsLong() - lastHeardNanos);
    if (silentMs > (long) SILENT_HEARTBEATS * options.heartbeatMs()) {
      closeReason = "nothing heard from " + address + " for " + silentMs + " ms";
      active.close();
      return;
    }
    active.writeAndFlush(
        FrameWriter.encode(
            FrameBuffers.ofLoop(),
            active.alloc(),
            options.maxFrameBytes(),
            HEARTBEAT_ID,
            new Message.Ping()),
        active.voidPromise());
    scheduleHeartbeat(active);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    lost("closed by the server");
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    closeReason = String.valueOf(cause.getMessage());
    ctx.close();
  }

  private void lost(String reason) {
    boolean tell;
    synchronized (outgoing) { // before the queue is emptied: nobody adds a frame behind that
      tell = open && !closedByUs;
      open = false;
    }
    reader.close();
    releaseQueue();
    sendBuffers.close();
    wakeSenders();
    if (tell) {
      String known = closeReason;
      receiver.closed("connection to " + address + " lost: " + (known == null ? reason : known));
    }
  }

  private Channel channel() {
    Channel active = channel;
    if (active == null) {
      throw new IllegalStateException("not connected yet");
    }
    return active;
  }

  private static PsException connectionLost(String message) {
    return new PsException(PsErrorCode.CONNECTION_LOST, message);
  }
}
