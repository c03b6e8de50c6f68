package dev.bellows.engine.sample;

/**
 * The order in which slice v reads data shard v in one epoch: a uniform permutation that is a
 * function of (seed, epoch, slice) alone (TRN-35). Fisher-Yates (R. Durstenfeld: Algorithm 235,
 * CACM 1964) with counter-based draws.
 */
public final class RowOrder {
  private RowOrder() {}

  /**
   * A permutation of 0..n-1.
   *
   * @param n number of rows of the data shard, 0 or more
   */
  public static int[] permutation(long seed, long epoch, int slice, int n) {
    if (n < 0) {
      throw new IllegalArgumentException("rows of a data shard: expected 0 or more, found " + n);
    }
    long key = Mix64.mix(seed, Purpose.ORDER, epoch, slice);
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      order[i] = i;
    }
    for (int i = n - 1; i > 0; i--) {
      int j = below(Mix64.mix(key ^ Mix64.mix(i)), i + 1);
      int t = order[i];
      order[i] = order[j];
      order[j] = t;
    }
    return order;
  }

  /**
   * Maps a hash to 0..bound-1 by its upper 63 bits (D. Lemire's multiply-shift); the bias is below
   * bound / 2^63.
   */
  static int below(long hash, int bound) {
    long x = hash >>> 1;
    long low = x * bound;
    return (int) ((Math.multiplyHigh(x, bound) << 1) | (low >>> 63));
  }
}
