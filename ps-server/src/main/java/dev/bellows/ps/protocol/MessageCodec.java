package dev.bellows.ps.protocol;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Messages to frames and back. Little-endian; {@code str} is an unsigned 16-bit byte count and
 * UTF-8; {@code f32[]} is an int count and raw floats; {@code target} is {@code str run, i32 shard,
 * i64 incarnation} and starts every request but PING.
 *
 * <pre>
 *   PING          (empty)
 *   CREATE        target i32 from, i32 to, i32 slices, i64 stepsPerEpoch, i64 totalSteps,
 *                        i32 ledgerCapacity, i32 crcEvery, i32 staleness, i32 count, updateSpec bytes
 *   CREATE_CODED  as CREATE, then i32 codec, i32 units, f64 share, f64 downShare
 *   PUT           target i32 slot, i32 from, f32[]
 *   SEAL          target i64 step
 *   JOIN          target i64 client, str name, i32 sliceFrom, i32 sliceTo
 *   PUSH          target i64 client, i64 step, i32 level, i32 index, i32 chunk, i32 pull(0|1), i32 badSlice,
 *                        f64 weight, f64 loss, f64 metric, f64 rows, f32[]
 *   CODED_PUSH    as PUSH with f64 wanted, f64 left, i32 count, code bytes in place of f32[]
 *   PULL          target i64 client, i64 version, i32 chunk
 *   NORM          target i64 step
 *   COMMIT        target i64 step, i32 apply(0|1), f32 scale, i32 bad slice(-1 none)
 *   STATUS        target
 *   LEDGER        target i64 fromStep, i32 limit
 *   SNAPSHOT      target i64 step
 *   GET           target i64 step, i32 slot, i32 chunk
 *   RELEASE       target i64 step
 *   DROP          target
 *   ATTACH        target str host, i32 port, i64 from
 *   DETACH        target
 *   ADVANCE       target
 *   OPERATE       target i64 id, i32 operation, i64 step, i32 slot, i32 from, i32 to,
 *                        i32 count, f64 reals[count], i32 count, i64 wholes[count]
 *   CREATE_TABLE  target i32 table, i32 from, i32 to, i32 width, i32 buckets, i32 slices, i64 stepsPerEpoch,
 *                        i64 totalSteps, i64 maxRows, i32 start, f32 scale, i64 seed, i32 count, updateSpec bytes
 *   TABLE         target i32 table, i32 action, i64 step
 *   PUT_ROWS      target i32 table, i32 count, i64 keys[count], i32 count, i64 updates[count], f32[]
 *   keys          i32 count, i8 bytes, the low bytes of each
 *   PULL_ROWS     target i32 table, i64 version, keys
 *   PUSH_ROWS     target i32 table, i64 step, i32 level, i32 index, i32 from, i32 to, i32 badSlice, f64 weight,
 *                        keys, f32[]
 *   GET_ROWS      target i32 table, i64 step, i32 bucket, i32 from, i32 limit
 *   DONE          i64 step
 *   FAILURE       i32 code, i64 step, i32 slice, str detail
 *   VALUES        i64 version, i32 slot, i32 from, f32[]
 *   CODED_VALUES  i64 version, i32 from, i32 length, i32 count, code bytes
 *   NORM_REPLY    i64 step, i32 finite(0|1), i32 badSlice, f64 weight, i32 count, f64 squares[count]
 *   STATUS_REPLY  i32 state, i64 incarnation, i64 version, i64 newestVersion, i32 slices, i32 badSlice,
 *                 i32 twoPhase(0|1), f64 clipNorm, i32 count, i64 missing[count], i32 count, i64 counters[count],
 *                 i32 count, count times (i64 client, str name, i32 sliceFrom, i32 sliceTo, i64 lastStep, i64 silentMs)
 *   LEDGER_REPLY  i64 version, i32 length, i32 count, count times
 *                 (i64 step, f64 weight, f64 loss, f64 metric, f64 rows,
 *                  i32 applied|hasCrc &lt;&lt; 1|hasCoded &lt;&lt; 2, i32 crc,
 *                  when hasCoded: i64 bytesUp, i64 bytesDown, f64 wanted, f64 left)
 *   OPERATE_REPLY i64 step, i32 count, f64 reals[count], i32 count, i64 wholes[count]
 *   ROW_PAGE      i64 version, i32 bucket, i32 from, i32 total, i32 count, i64 keys[count],
 *                 i32 count, i64 updates[count], f32[]
 * </pre>
 *
 * <p>The decoder reads counts only after checking them against the bytes that are there, refuses
 * trailing bytes, and never allocates more than the frame's own length (plus one object per entry;
 * keys of rows, which are written in as few bytes as they need, eight bytes each).
 */
public final class MessageCodec {
  /** Largest encoded update specification. */
  public static final int MAX_UPDATE_SPEC_BYTES = 1 << 20;

  /** Longest client name and, times five, longest failure detail, in characters. */
  public static final int MAX_NAME_LENGTH = 200;

  /** Longest failure detail in characters. */
  public static final int MAX_DETAIL_LENGTH = 1000;

  private MessageCodec() {}

  /** Length of the whole frame in bytes. */
  public static int frameBytes(Message message) {
    return FrameHeader.BYTES + BodyWriter.bodyBytes(message);
  }

  /**
   * Writes a whole frame at the buffer's position and moves it behind.
   *
   * @throws java.nio.BufferOverflowException when less than {@link #frameBytes} remain
   */
  public static void encode(long requestId, Message message, ByteBuffer buffer) {
    ByteOrder order = buffer.order();
    try {
      encodeLittle(requestId, message, buffer.order(ByteOrder.LITTLE_ENDIAN));
    } finally {
      buffer.order(order);
    }
  }

  private static void encodeLittle(long requestId, Message message, ByteBuffer out) {
    int at = out.position();
    int bodyBytes = BodyWriter.bodyBytes(message);
    out.putInt(FrameHeader.MAGIC);
    out.put(FrameHeader.VERSION);
    out.put(message.opcode().wire());
    out.putShort((short) 0);
    out.putLong(requestId);
    out.putInt(bodyBytes);
    out.putInt(0);
    BodyWriter.write(message, out);
    int written = out.position() - at - FrameHeader.BYTES;
    if (written != bodyBytes) {
      throw new PsException(
          PsErrorCode.INTERNAL,
          message.opcode() + " has " + written + " body bytes, computed " + bodyBytes);
    }
    out.putInt(at + FrameHeader.CRC_OFFSET, FrameHeader.checksum(out, at, bodyBytes));
  }

  /**
   * Checks and reads the whole frame at the buffer's position and moves it behind. Float payloads
   * lie in the scratch array and are borrowed.
   *
   * @param buffer holds at least the whole frame
   * @param header result of {@link FrameHeader#read} at the same position
   * @param scratch room for floats
   * @throws PsException BAD_CHECKSUM or BAD_REQUEST; position and limit are then undefined
   */
  public static Message decode(ByteBuffer buffer, FrameHeader header, FloatScratch scratch) {
    return decode(buffer, header, new BodyReader(scratch));
  }

  static Message decode(ByteBuffer buffer, FrameHeader header, BodyReader reader) {
    int at = buffer.position();
    int end = at + FrameHeader.BYTES + header.bodyBytes();
    if (end > buffer.limit()) {
      throw new PsException(
          PsErrorCode.BAD_LENGTH,
          "frame has " + (end - at) + " bytes, found " + buffer.remaining());
    }
    int crc = FrameHeader.checksum(buffer, at, header.bodyBytes());
    if (crc != header.crc()) {
      throw new PsException(
          PsErrorCode.BAD_CHECKSUM,
          header.opcode()
              + " frame has checksum "
              + Integer.toHexString(header.crc())
              + ", computed "
              + Integer.toHexString(crc)
              + ": bytes were changed on the way");
    }
    int limit = buffer.limit();
    ByteOrder order = buffer.order();
    buffer.limit(end).position(at + FrameHeader.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    Message message;
    try {
      message = reader.read(header.opcode(), buffer);
    } finally {
      buffer.order(order);
    }
    if (buffer.hasRemaining()) {
      throw new PsException(
          PsErrorCode.BAD_REQUEST,
          header.opcode() + " body has " + buffer.remaining() + " trailing bytes");
    }
    buffer.limit(limit);
    return message;
  }
}
