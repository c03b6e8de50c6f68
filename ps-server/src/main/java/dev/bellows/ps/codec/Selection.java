package dev.bellows.ps.codec;

import java.util.Arrays;

/**
 * Finds the large magnitudes of a block. Magnitudes are compared by their bits: exact, no ties
 * lost.
 */
final class Selection {
  private static final int SHIFT = 20; // eight bits of exponent, three of mantissa
  private static final int BINS = 1 << (31 - SHIFT);
  private static final int MAGNITUDE = 0x7fff_ffff;

  private final int[] bins = new int[BINS];
  private final int[] magnitudes = new int[Codec.BLOCK];
  private final int[] same = new int[Codec.BLOCK];
  private int length;

  /** Reads a block of at most {@link Codec#BLOCK} values. */
  void read(float[] values, int from, int count) {
    Arrays.fill(bins, 0);
    length = count;
    for (int i = 0; i < count; i++) {
      int bits = Float.floatToRawIntBits(values[from + i]) & MAGNITUDE;
      magnitudes[i] = bits;
      bins[bits >>> SHIFT]++;
    }
  }

  /** Bits of the i-th magnitude. */
  int magnitude(int i) {
    return magnitudes[i];
  }

  /** Bits of the k-th largest magnitude, from 1. */
  int kth(int k) {
    int above = 0;
    int bin = BINS - 1;
    while (above + bins[bin] < k) {
      above += bins[bin--];
    }
    int count = 0;
    for (int i = 0; i < length; i++) {
      if (magnitudes[i] >>> SHIFT == bin) {
        same[count++] = magnitudes[i];
      }
    }
    Arrays.sort(same, 0, count);
    return same[count - (k - above)];
  }

  /**
   * Bits of the lowest threshold, an eighth to a quarter of a power of two apart from the next,
   * that at most {@code most} magnitudes reach; of the highest that one reaches when even that is
   * too low.
   */
  int threshold(int most) {
    int count = 0;
    int lowest = 0;
    for (int bin = BINS - 1; bin >= 0; bin--) {
      if (bins[bin] == 0) {
        continue;
      }
      if (count > 0 && count + bins[bin] > most) {
        break;
      }
      count += bins[bin];
      lowest = bin;
    }
    return lowest << SHIFT;
  }
}
