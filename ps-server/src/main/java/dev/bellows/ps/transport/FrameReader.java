package dev.bellows.ps.transport;

import dev.bellows.ps.protocol.FloatScratch;
import dev.bellows.ps.protocol.FrameDecoder;
import dev.bellows.ps.protocol.FrameHeader;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a stream of bytes into frames. A frame that lies whole in one read is decoded where it lies;
 * otherwise its bytes are gathered in one buffer of exactly its length, allocated only after magic,
 * version, opcode and length have been found good. A channel that reads into {@link #room} gathers
 * there, without a copy.
 */
@SuppressWarnings(
    "ReferenceEquality") // whether it is the same buffer, not whether it holds the same
final class FrameReader {

  /** What comes out. */
  interface Sink {
    /** A whole frame; float payloads are valid until this returns. */
    void frame(long requestId, Message message, int frameBytes);

    /**
     * A frame whose checksum was right but whose body was not; the stream goes on behind it.
     *
     * @param requestId of the frame
     */
    void badBody(long requestId, PsException problem);

    /**
     * Bytes that are no frame, or a damaged one: nothing behind them can be trusted.
     *
     * @param requestId as the damaged header has it
     */
    void badFrame(long requestId, PsException problem);

    /** False while no further frame is wanted; {@link FrameReader#resume} goes on. */
    default boolean ready() {
      return true;
    }
  }

  /** A read takes at least this much: many small frames come at once. */
  private static final int MIN_READ_BYTES = 16 << 10;

  private final int maxFrameBytes;
  private final FrameDecoder decoder;
  private final Sink sink;

  private @Nullable ByteBuf partial;

  /** Last header that was read. */
  private final FrameHeader next = new FrameHeader();

  /** That of the frame that is not whole, once it is known. */
  private @Nullable FrameHeader header;

  private boolean broken;
  private final Deque<ByteBuf> backlog = new ArrayDeque<>();

  /** What {@link #room} gave last; only to be compared with. */
  private @Nullable ByteBuf given;

  private int longestFrame = MIN_READ_BYTES;

  FrameReader(int maxFrameBytes, FloatScratch scratch, Sink sink) {
    this.maxFrameBytes = maxFrameBytes;
    this.decoder = new FrameDecoder(scratch);
    this.sink = sink;
  }

  /**
   * Room for the next bytes of the stream, which are then handed to {@link #read}: the frame that
   * is not whole, when there is one. The caller releases it.
   */
  ByteBuf room(ByteBufAllocator allocator) {
    ByteBuf gathered = partial;
    if (gathered != null && header != null && backlog.isEmpty() && gathered.isWritable()) {
      given = gathered;
      return gathered.retain();
    }
    ByteBuf empty = FrameBuffers.ofLoop().take(allocator, longestFrame);
    given = empty;
    return empty;
  }

  /**
   * Takes all readable bytes; the caller keeps ownership of {@code in}. Bytes behind the frame
   * after which the sink was not ready are kept for {@link #resume}.
   */
  void read(ByteBuf in, ByteBufAllocator allocator) {
    if (!backlog.isEmpty() && !broken) {
      backlog.add(in.readRetainedSlice(in.readableBytes()));
      resume(allocator);
      return;
    }
    decodeAll(in, allocator);
    if (in != partial) {
      if (in.isReadable()) {
        backlog.add(in.readRetainedSlice(in.readableBytes()));
      }
    } else if (in.readableBytes() == in.capacity()) { // whole, and the sink was not ready
      partial = null;
      header = null;
      backlog.add(in);
    }
  }

  /** Decodes what was kept, as far as the sink is ready; not to be called from inside the sink. */
  void resume(ByteBufAllocator allocator) {
    while (!broken && !backlog.isEmpty() && sink.ready()) {
      // Out of the backlog while it is decoded: the sink may close this reader.
      ByteBuf next = backlog.remove();
      try {
        decodeAll(next, allocator);
      } finally {
        if (!broken && next.isReadable()) {
          backlog.addFirst(next);
        } else {
          next.release();
        }
      }
    }
  }

  private void decodeAll(ByteBuf in, ByteBufAllocator allocator) {
    while (!broken && in.isReadable() && sink.ready()) {
      ByteBuf gathered = partial;
      if (gathered == null) {
        if (!readInPlace(in)) {
          gather(in, allocator);
        }
      } else if (gathered == in) {
        if (in.readableBytes() < in.capacity()) {
          return;
        }
        partial = null; // whole now, and read in place
        header = null;
        in.release();
      } else {
        fill(in, gathered);
      }
    }
    if (broken) {
      in.skipBytes(in.readableBytes());
    }
  }

  /** Frees what was gathered. */
  void close() {
    broken = true;
    ByteBuf gathered = partial;
    partial = null;
    header = null;
    if (gathered != null) {
      gathered.release();
    }
    while (!backlog.isEmpty()) {
      backlog.remove().release();
    }
  }

  /** Bytes allocated for a frame that is not whole yet. */
  int pendingCapacity() {
    ByteBuf gathered = partial;
    return gathered == null ? 0 : gathered.capacity();
  }

  /** Decodes the next frame if it is whole; returns false when bytes are missing. */
  private boolean readInPlace(ByteBuf in) {
    if (in.readableBytes() < FrameHeader.BYTES) {
      return false;
    }
    FrameHeader next = readHeader(in, in.readerIndex());
    if (next == null) {
      return true;
    }
    int frameBytes = FrameHeader.BYTES + next.bodyBytes();
    if (in.readableBytes() < frameBytes) {
      header = next;
      return false;
    }
    int at = in.readerIndex();
    in.skipBytes(frameBytes);
    decode(in, at, next);
    return true;
  }

  private void gather(ByteBuf in, ByteBufAllocator allocator) {
    FrameHeader known = header;
    int bytes = FrameHeader.BYTES + (known == null ? 0 : known.bodyBytes());
    boolean fits = bytes <= in.capacity() && in.capacity() / 2 < bytes;
    if (known != null && in == given && in.readerIndex() == 0 && fits) {
      partial = in.capacity(bytes).retain(); // the rest is read behind what is there
      return;
    }
    ByteBuf buffer = allocator.directBuffer(bytes, maxFrameBytes);
    buffer.writeBytes(in);
    partial = buffer;
  }

  private void fill(ByteBuf in, ByteBuf gathered) {
    FrameHeader known = header;
    int wanted = FrameHeader.BYTES + (known == null ? 0 : known.bodyBytes());
    int part = Math.min(wanted - gathered.readableBytes(), in.readableBytes());
    gathered.writeBytes(in, part);
    if (gathered.readableBytes() < wanted) {
      return;
    }
    if (known == null) {
      FrameHeader next = readHeader(gathered, 0);
      if (next == null) {
        return;
      }
      header = next;
      if (next.bodyBytes() > 0) {
        gathered.capacity(FrameHeader.BYTES + next.bodyBytes());
        return;
      }
      known = next;
    }
    partial = null;
    header = null;
    try {
      decode(gathered, 0, known);
    } finally {
      gathered.release();
    }
  }

  private @Nullable FrameHeader readHeader(ByteBuf in, int at) {
    ByteBuffer view = in.internalNioBuffer(at, FrameHeader.BYTES);
    try {
      next.readFrom(view, maxFrameBytes);
      longestFrame = Math.max(longestFrame, FrameHeader.BYTES + next.bodyBytes());
      return next;
    } catch (PsException e) {
      fail(in.getLongLE(at + FrameHeader.REQUEST_ID_OFFSET), e);
      return null;
    }
  }

  private void decode(ByteBuf in, int at, FrameHeader known) {
    int frameBytes = FrameHeader.BYTES + known.bodyBytes();
    Message message;
    try {
      message = decoder.decode(in.internalNioBuffer(at, frameBytes), known);
    } catch (PsException e) {
      switch (e.code()) {
        case BAD_CHECKSUM, BAD_LENGTH, BAD_MAGIC, BAD_VERSION -> fail(known.requestId(), e);
        default -> sink.badBody(known.requestId(), e);
      }
      return;
    }
    header = null;
    sink.frame(known.requestId(), message, frameBytes);
  }

  private void fail(long requestId, PsException problem) {
    close();
    sink.badFrame(requestId, problem);
  }
}
