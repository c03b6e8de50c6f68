package dev.bellows.ps.codec;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Numbers in byte arrays: fixed ones little-endian, counts and gaps seven bits to a byte. */
final class LittleEndian {
  private static final VarHandle SHORTS =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle FLOATS =
      MethodHandles.byteArrayViewVarHandle(float[].class, ByteOrder.LITTLE_ENDIAN);

  /** Most bytes of a number below 2^14. */
  static final int VARINT_BYTES = 2;

  private static final int SEVEN_BITS = 0x7f;

  private LittleEndian() {}

  static void putShort(byte[] out, int at, short value) {
    SHORTS.set(out, at, value);
  }

  static short getShort(byte[] in, int at) {
    return (short) SHORTS.get(in, at);
  }

  static void putFloat(byte[] out, int at, float value) {
    FLOATS.set(out, at, value);
  }

  static float getFloat(byte[] in, int at) {
    return (float) FLOATS.get(in, at);
  }

  /** Writes a number below 2^14; returns the position behind it. */
  static int putVarint(byte[] out, int at, int value) {
    if (value <= SEVEN_BITS) {
      out[at] = (byte) value;
      return at + 1;
    }
    out[at] = (byte) ((value & SEVEN_BITS) | ~SEVEN_BITS);
    out[at + 1] = (byte) (value >>> 7);
    return at + 2;
  }

  /**
   * Reads a number below 2^14; it takes {@link #varintBytes} bytes.
   *
   * @throws CodecException when it is cut off, longer, or not in its shortest form
   */
  static int getVarint(byte[] in, int at, int end) {
    Codec.requireRoom(at, 1, end);
    int low = in[at];
    if (low >= 0) {
      return low;
    }
    Codec.requireRoom(at, VARINT_BYTES, end);
    int high = in[at + 1];
    if (high <= 0) {
      throw new CodecException("a count or gap must be below 16384, in its shortest form");
    }
    return (low & SEVEN_BITS) | (high << 7);
  }

  static int varintBytes(int value) {
    return value <= SEVEN_BITS ? 1 : VARINT_BYTES;
  }
}
