package dev.bellows.ps.protocol;

import java.nio.ByteBuffer;

/** Decodes the frames of one connection, one after the other; for one thread. */
public final class FrameDecoder {
  private final BodyReader reader;

  /**
   * @param scratch room for payloads
   */
  public FrameDecoder(FloatScratch scratch) {
    this.reader = new BodyReader(scratch);
  }

  /**
   * The same as {@link MessageCodec#decode}.
   *
   * @throws PsException BAD_CHECKSUM or BAD_REQUEST; position and limit are then undefined
   */
  public Message decode(ByteBuffer buffer, FrameHeader header) {
    return MessageCodec.decode(buffer, header, reader);
  }
}
