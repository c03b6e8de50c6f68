package dev.bellows.ps.shard;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * CRC32C (Castagnoli, RFC 3720 appendix B.4) of float ranges as little-endian bytes, and the
 * checksum of two ranges laid end to end from their two checksums, so that a vector's checksum does
 * not depend on its chunks and shards (M. Adler's crc32_combine in zlib: the effect of n zero bytes
 * is a matrix over GF(2), raised to the n-th power by squaring).
 */
public final class Crc32c {
  /** The polynomial, bits reversed. */
  private static final int POLYNOMIAL = 0x82F63B78;

  private static final int BUFFER_FLOATS = 4096;

  private final CRC32C crc = new CRC32C();
  private final ByteBuffer buffer =
      ByteBuffer.allocate(BUFFER_FLOATS * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);

  /** Checksum of {@code values[from, to)}. */
  public int of(float[] values, int from, int to) {
    crc.reset();
    for (int at = from; at < to; at += BUFFER_FLOATS) {
      int n = Math.min(BUFFER_FLOATS, to - at);
      buffer.clear().limit(n * Float.BYTES);
      buffer.asFloatBuffer().put(values, at, n);
      crc.update(buffer);
    }
    return (int) crc.getValue();
  }

  /**
   * Checksum of two ranges laid end to end.
   *
   * @param first checksum of the first
   * @param second checksum of the second
   * @param secondBytes length of the second
   */
  public static int combine(int first, int second, long secondBytes) {
    return new Appended(secondBytes).combine(first, second);
  }

  /** Appends ranges of one length; making it costs more than using it. */
  public static final class Appended {
    private final long bytes;

    /** The effect of {@link #bytes} zero bytes on a checksum, column by column. */
    private final int[] zeros = new int[32];

    /**
     * For second ranges of this length.
     *
     * @param bytes length of the range that is appended
     */
    public Appended(long bytes) {
      this.bytes = bytes;
      for (int n = 0; n < 32; n++) {
        zeros[n] = 1 << n;
      }
      int[] power = new int[32]; // of one zero bit, then of 2, 4, ...
      power[0] = POLYNOMIAL;
      for (int n = 1; n < 32; n++) {
        power[n] = 1 << (n - 1);
      }
      int[] next = new int[32];
      for (long left = Math.max(0, bytes) * Byte.SIZE; left != 0; left >>= 1) {
        if ((left & 1) != 0) {
          for (int n = 0; n < 32; n++) {
            zeros[n] = times(power, zeros[n]);
          }
        }
        square(next, power);
        int[] swap = power;
        power = next;
        next = swap;
      }
    }

    /** Checksum of two ranges laid end to end, the second of this length. */
    public int combine(int first, int second) {
      return bytes <= 0 ? first : times(zeros, first) ^ second;
    }
  }

  private static void square(int[] result, int[] matrix) {
    for (int n = 0; n < 32; n++) {
      result[n] = times(matrix, matrix[n]);
    }
  }

  private static int times(int[] matrix, int vector) {
    int sum = 0;
    for (int n = 0, bits = vector; bits != 0; n++, bits >>>= 1) {
      if ((bits & 1) != 0) {
        sum ^= matrix[n];
      }
    }
    return sum;
  }
}
