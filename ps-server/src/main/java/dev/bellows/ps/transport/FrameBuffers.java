package dev.bellows.ps.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.ArrayList;
import java.util.List;

/**
 * Direct buffers that are used again for frame after frame. Netty's own pool gives memory back to
 * the system whenever nothing of a chunk is in use, so that a burst of frames per step would get
 * fresh, zeroed pages each time.
 *
 * <p>Every buffer here has one reference that is ours; a second one tells that it is in use. One
 * thread takes, any thread may release.
 */
final class FrameBuffers {
  /** Beside each other on one event loop: answers on their way, frames that are not whole. */
  private static final int LOOP_BYTES = 16 << 20;

  private static final FastThreadLocal<FrameBuffers> OF_LOOP =
      new FastThreadLocal<>() {
        @Override
        protected FrameBuffers initialValue() {
          return new FrameBuffers(LOOP_BYTES);
        }

        @Override
        protected void onRemoval(FrameBuffers buffers) {
          buffers.close();
        }
      };

  /** Smaller ones are quick to get from Netty's pool, and too many to look through. */
  private static final int LEAST_BYTES = 4 << 10;

  /** A buffer with the bytes that it counts for; its capacity changes with its use. */
  private record Held(ByteBuf buffer, int bytes) {}

  private final long limitBytes;
  private final List<Held> buffers = new ArrayList<>();
  private long heldBytes;
  private boolean closed;

  /**
   * @param limitBytes what is kept at most; frames beyond it come from Netty's pool
   */
  FrameBuffers(long limitBytes) {
    this.limitBytes = limitBytes;
  }

  /** Those of the event loop that runs this. */
  static FrameBuffers ofLoop() {
    return OF_LOOP.get();
  }

  /** An empty buffer of exactly this capacity; the caller releases it. */
  synchronized ByteBuf take(ByteBufAllocator allocator, int bytes) {
    if (bytes < LEAST_BYTES) {
      return allocator.directBuffer(bytes);
    }
    for (int i = 0; i < buffers.size(); i++) {
      ByteBuf buffer = buffers.get(i).buffer();
      if (buffer.refCnt() == 1) {
        int room = buffer.writerIndex() + buffer.maxFastWritableBytes();
        if (bytes <= room && room / 2 < bytes) {
          return buffer.clear().capacity(bytes).retain();
        }
        if (heldBytes + bytes > limitBytes) {
          heldBytes -= buffers.remove(i--).bytes();
          buffer.release();
        }
      }
    }
    ByteBuf made = allocator.directBuffer(bytes);
    if (!closed && heldBytes + bytes <= limitBytes) {
      heldBytes += bytes;
      buffers.add(new Held(made.retain(), bytes));
    }
    return made;
  }

  /** Lets all go; those in use live until they are released. */
  synchronized void close() {
    closed = true;
    buffers.forEach(held -> held.buffer().release());
    buffers.clear();
  }
}
