package dev.bellows.ps.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import org.jspecify.annotations.Nullable;

/**
 * Seals every frame that goes out and opens every record that comes in; between the socket and the
 * frames of an encrypted connection. The bytes of a record reach the frames only after its tag has
 * been found right.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes the channel, and that is seen
final class RecordLayer extends ChannelDuplexHandler {
  private final RecordCipher seal;
  private final RecordCipher open;
  private final int maxFrameBytes;

  /** Bytes of a record that is not whole, or of its header. */
  private @Nullable ByteBuf partial;

  /** Length of the record whose header has been read; 0 before that. */
  private int recordBytes;

  private boolean broken;

  RecordLayer(RecordCipher seal, RecordCipher open, int maxFrameBytes) {
    this.seal = seal;
    this.open = open;
    this.maxFrameBytes = maxFrameBytes;
  }

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
    ByteBuf frame = (ByteBuf) message;
    int content = frame.readableBytes();
    int bytes = content + RecordCipher.OVERHEAD_BYTES;
    ByteBuf record = ctx.alloc().directBuffer(bytes, bytes);
    try {
      seal.seal(frame.nioBuffer(), record.nioBuffer(0, bytes));
      record.writerIndex(bytes);
    } catch (RuntimeException e) {
      record.release();
      throw e;
    } finally {
      frame.release();
    }
    ctx.write(record, promise);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf in = (ByteBuf) message;
    try {
      while (!broken && in.isReadable()) {
        take(ctx, in);
      }
    } catch (BadRecordException e) {
      drop();
      ctx.fireExceptionCaught(e);
      ctx.close();
    } finally {
      in.release();
    }
  }

  /** Takes one record, or what there is of it. */
  private void take(ChannelHandlerContext ctx, ByteBuf in) throws BadRecordException {
    ByteBuf gathered = partial;
    if (gathered == null && in.readableBytes() >= RecordCipher.HEADER_BYTES) {
      recordBytes = lengthAt(in, in.readerIndex());
      if (in.readableBytes() >= recordBytes) {
        int at = in.readerIndex();
        in.skipBytes(recordBytes);
        deliver(ctx, in, at);
        return;
      }
    }
    if (gathered == null) {
      gathered =
          ctx.alloc()
              .directBuffer(
                  Math.max(recordBytes, RecordCipher.HEADER_BYTES),
                  maxFrameBytes + RecordCipher.OVERHEAD_BYTES);
      partial = gathered;
    }
    fill(ctx, in, gathered);
  }

  private void fill(ChannelHandlerContext ctx, ByteBuf in, ByteBuf gathered)
      throws BadRecordException {
    int wanted = Math.max(recordBytes, RecordCipher.HEADER_BYTES);
    in.readBytes(gathered, Math.min(wanted - gathered.readableBytes(), in.readableBytes()));
    if (gathered.readableBytes() < wanted) {
      return;
    }
    if (recordBytes == 0) {
      recordBytes = lengthAt(gathered, 0);
      gathered.capacity(recordBytes);
      return;
    }
    partial = null;
    try {
      deliver(ctx, gathered, 0);
    } finally {
      gathered.release();
    }
  }

  private int lengthAt(ByteBuf in, int at) throws BadRecordException {
    return RecordCipher.recordBytes(
        in.getIntLE(at), in.getIntLE(at + RecordCipher.LENGTH_OFFSET), maxFrameBytes);
  }

  private void deliver(ChannelHandlerContext ctx, ByteBuf from, int at) throws BadRecordException {
    int record = recordBytes;
    recordBytes = 0;
    int content = record - RecordCipher.OVERHEAD_BYTES;
    ByteBuf frame = ctx.alloc().directBuffer(content, content);
    boolean whole = false;
    try {
      open.open(from.nioBuffer(at, record), frame.nioBuffer(0, content));
      frame.writerIndex(content);
      whole = true;
    } finally {
      if (!whole) {
        frame.release();
      }
    }
    ctx.fireChannelRead(frame);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    drop();
    ctx.fireChannelInactive();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    drop();
  }

  private void drop() {
    broken = true;
    ByteBuf gathered = partial;
    partial = null;
    if (gathered != null) {
      gathered.release();
    }
  }
}
