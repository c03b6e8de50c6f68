package dev.bellows.ps.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Where a channel's bytes are read to. A stranger gets small buffers. Once frames come, the kernel
 * writes them where they are decoded: into the very buffer of a frame that is not whole yet, else
 * into one of the event loop's that is as long as the longest frame seen on the channel: in a
 * steady stream each read ends with a frame and nothing is moved.
 */
final class ReadRoom extends DefaultMaxMessagesRecvByteBufAllocator {
  private static final int STRANGER_BYTES = 4096;
  private static final int RECORD_BYTES = 256 << 10;

  private @Nullable FrameReader frames;
  private boolean known;

  /**
   * The peer is known; on its event loop.
   *
   * @param reader gets what is read as it is; null when records are opened in between
   */
  void admit(@Nullable FrameReader reader) {
    known = true;
    frames = reader;
  }

  @Override
  public MaxMessageHandle newHandle() {
    return new MaxMessageHandle() {
      @Override
      public int guess() {
        return STRANGER_BYTES; // only asked by those who don't call allocate
      }

      @Override
      public ByteBuf allocate(ByteBufAllocator allocator) {
        FrameReader reader = frames;
        if (reader != null) {
          return reader.room(allocator);
        }
        return known
            ? FrameBuffers.ofLoop().take(allocator, RECORD_BYTES)
            : allocator.directBuffer(STRANGER_BYTES);
      }
    };
  }
}
