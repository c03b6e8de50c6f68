package dev.bellows.ps.protocol;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The fixed header before every body. All integers are little-endian.
 *
 * <pre>
 *   0        4       5        6       8            16           20       24
 *   +--------+-------+--------+-------+------------+------------+--------+----------------
 *   | BLWS   |version| opcode | flags | request id | body bytes | CRC32C | body ...
 *   +--------+-------+--------+-------+------------+------------+--------+----------------
 * </pre>
 *
 * <p>The checksum covers bytes 0 to 19 and the body. Flags are zero in version 1.
 */
public final class FrameHeader {
  /** Bytes "BLWS" read as a little-endian int. */
  public static final int MAGIC = 'B' | 'L' << 8 | 'W' << 16 | 'S' << 24;

  /** Protocol version. */
  public static final byte VERSION = 1;

  /** Offset of the magic. */
  public static final int MAGIC_OFFSET = 0;

  /** Offset of the version byte. */
  public static final int VERSION_OFFSET = 4;

  /** Offset of the opcode byte. */
  public static final int OPCODE_OFFSET = 5;

  /** Offset of the two flag bytes. */
  public static final int FLAGS_OFFSET = 6;

  /** Offset of the request id. */
  public static final int REQUEST_ID_OFFSET = 8;

  /** Offset of the body length. */
  public static final int BODY_BYTES_OFFSET = 16;

  /** Offset of the checksum. */
  public static final int CRC_OFFSET = 20;

  /** Length of the header. */
  public static final int BYTES = 24;

  private static final ThreadLocal<CRC32C> CHECKSUM = ThreadLocal.withInitial(CRC32C::new);

  /** Largest whole frame unless configured otherwise: 4 MiB. */
  public static final int DEFAULT_MAX_FRAME_BYTES = 4 << 20;

  private Opcode opcode = Opcode.PING;
  private long requestId;
  private int bodyBytes;
  private int crc;

  /**
   * Reads and checks the header at the buffer's position, which does not move.
   *
   * @param buffer at least {@link #BYTES} remaining
   * @param maxFrameBytes largest whole frame that is accepted
   * @throws PsException BAD_MAGIC, BAD_VERSION, BAD_OPCODE, BAD_REQUEST (flags) or BAD_LENGTH
   */
  public static FrameHeader read(ByteBuffer buffer, int maxFrameBytes) {
    FrameHeader header = new FrameHeader();
    header.readFrom(buffer, maxFrameBytes);
    return header;
  }

  /** The same into this one, whose fields are undefined after an exception. */
  public void readFrom(ByteBuffer buffer, int maxFrameBytes) {
    if (buffer.remaining() < BYTES) {
      throw new PsException(
          PsErrorCode.BAD_LENGTH,
          "a frame has at least " + BYTES + " bytes, found " + buffer.remaining());
    }
    ByteOrder order = buffer.order();
    try {
      check(buffer.order(ByteOrder.LITTLE_ENDIAN), buffer.position(), maxFrameBytes);
    } finally {
      buffer.order(order);
    }
  }

  private void check(ByteBuffer in, int at, int maxFrameBytes) {
    int magic = in.getInt(at + MAGIC_OFFSET);
    if (magic != MAGIC) {
      throw new PsException(
          PsErrorCode.BAD_MAGIC,
          "frame must begin with 'BLWS', found 0x" + Integer.toHexString(magic));
    }
    byte version = in.get(at + VERSION_OFFSET);
    if (version != VERSION) {
      throw new PsException(
          PsErrorCode.BAD_VERSION,
          "protocol version must be " + VERSION + ", found " + (version & 0xff));
    }
    opcode = Opcode.ofWire(in.get(at + OPCODE_OFFSET));
    short flags = in.getShort(at + FLAGS_OFFSET);
    if (flags != 0) {
      throw new PsException(
          PsErrorCode.BAD_REQUEST,
          "frame flags must be 0 in version 1, found 0x" + Integer.toHexString(flags & 0xffff));
    }
    bodyBytes = in.getInt(at + BODY_BYTES_OFFSET);
    if (bodyBytes < 0 || bodyBytes > maxFrameBytes - BYTES) {
      throw new PsException(
          PsErrorCode.BAD_LENGTH,
          opcode + " body must have 0.." + (maxFrameBytes - BYTES) + " bytes, found " + bodyBytes);
    }
    requestId = in.getLong(at + REQUEST_ID_OFFSET);
    crc = in.getInt(at + CRC_OFFSET);
  }

  /** Message kind. */
  public Opcode opcode() {
    return opcode;
  }

  /** Chosen by the client, repeated in the answer. */
  public long requestId() {
    return requestId;
  }

  /** Length of the body. */
  public int bodyBytes() {
    return bodyBytes;
  }

  /** CRC32C of header (without itself) and body. */
  public int crc() {
    return crc;
  }

  /**
   * CRC32C of the frame that starts at the position: header without the checksum field, and body.
   */
  static int checksum(ByteBuffer buffer, int at, int bodyBytes) {
    CRC32C crc = CHECKSUM.get();
    crc.reset();
    int position = buffer.position();
    int limit = buffer.limit();
    buffer.limit(at + CRC_OFFSET).position(at);
    crc.update(buffer);
    buffer.limit(at + BYTES + bodyBytes).position(at + BYTES);
    crc.update(buffer);
    buffer.limit(limit).position(position);
    return (int) crc.getValue();
  }
}
