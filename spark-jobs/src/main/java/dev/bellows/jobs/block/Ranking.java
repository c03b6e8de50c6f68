package dev.bellows.jobs.block;

/** Stable radix sort of indices by 64-bit unsigned keys: linear, no boxing. */
final class Ranking {
  private static final int DIGIT_BITS = 11;
  private static final int DIGITS = 6;

  private Ranking() {}

  /**
   * Sorts {@code index[0, n)} by {@code keys[index[i]]}; equal keys keep their order.
   *
   * @return the sorted indices: {@code index} itself or another array
   */
  static int[] sort(long[] keys, int[] index) {
    int n = index.length;
    int[] from = index;
    int[] to = new int[n];
    int[] counts = new int[1 << DIGIT_BITS];
    for (int digit = 0; digit < DIGITS; digit++) {
      int shift = digit * DIGIT_BITS;
      java.util.Arrays.fill(counts, 0);
      for (int i = 0; i < n; i++) {
        counts[(int) (keys[from[i]] >>> shift) & (counts.length - 1)]++;
      }
      int sum = 0;
      for (int d = 0; d < counts.length; d++) {
        int c = counts[d];
        counts[d] = sum;
        sum += c;
      }
      for (int i = 0; i < n; i++) {
        to[counts[(int) (keys[from[i]] >>> shift) & (counts.length - 1)]++] = from[i];
      }
      int[] swap = from;
      from = to;
      to = swap;
    }
    return from;
  }

  static int[] identity(int n) {
    int[] index = new int[n];
    for (int i = 0; i < n; i++) {
      index[i] = i;
    }
    return index;
  }
}
