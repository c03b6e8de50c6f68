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
    if (secondBytes <= 0) {
      return first;
    }
    if (first == 0) {
      return second; // the zero vector stays zero
    }
    int[] odd = new int[32];
    int[] even = new int[32];
    odd[0] = POLYNOMIAL; // one zero bit
    for (int n = 1; n < 32; n++) {
      odd[n] = 1 << (n - 1);
    }
    square(even, odd); // two zero bits
    square(odd, even); // four
    int crc = first;
    long left = secondBytes;
    int[] matrix = odd;
    int[] other = even;
    do {
      square(other, matrix);
      int[] swap = matrix;
      matrix = other;
      other = swap;
      if ((left & 1) != 0) {
        crc = times(matrix, crc);
      }
      left >>= 1;
    } while (left != 0);
    return crc ^ second;
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
