package dev.bellows.ps.transport;

import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.MessageCodec;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/** Encodes a message into one direct buffer of exactly its length. */
final class FrameWriter {

  private FrameWriter() {}

  /**
   * @return a buffer that the caller owns
   * @throws PsException BAD_LENGTH when the frame would be longer than the limit
   */
  static ByteBuf encode(
      FrameBuffers buffers,
      ByteBufAllocator allocator,
      int maxFrameBytes,
      long requestId,
      Message message) {
    int bytes = MessageCodec.frameBytes(message);
    if (bytes > maxFrameBytes) {
      throw new PsException(
          PsErrorCode.BAD_LENGTH,
          message.opcode() + " frame has " + bytes + " bytes, the limit is " + maxFrameBytes);
    }
    ByteBuf frame = buffers.take(allocator, bytes);
    try {
      MessageCodec.encode(requestId, message, frame.internalNioBuffer(0, bytes));
      return frame.writerIndex(bytes);
    } catch (RuntimeException e) {
      frame.release();
      throw e;
    }
  }
}
