package dev.bellows.engine.sample.split;

import dev.bellows.engine.sample.Purpose;
import java.math.BigInteger;
import java.util.Arrays;

/** Cuts the hashes of keys so that the cells hold wanted numbers of rows. */
final class Ranks {
  private Ranks() {}

  /**
   * Cuts of one stratum: the rows of rank {@code sizes[0] + .. + sizes[c - 1]} and above lie in
   * cell c or above, ranked by hash. Without keys (a stratum too large to list) the cuts are shares
   * of the range of the hash, and the sizes hold within some square roots of them.
   *
   * @param keys of all rows of the stratum, or empty
   * @param sizes wanted rows of each cell
   * @return [cells - 1], ascending
   */
  static long[] cuts(long[] keys, long[] sizes, long seed, Purpose purpose, int repeat) {
    long[] hashes = new long[keys.length];
    for (int i = 0; i < keys.length; i++) {
      hashes[i] = Cells.hash(seed, purpose, repeat, keys[i]);
    }
    Arrays.sort(hashes);
    refuseRepeatedKeys(hashes);
    long total = Arrays.stream(sizes).sum();
    long[] cuts = new long[sizes.length - 1];
    long below = 0;
    for (int c = 0; c < cuts.length; c++) {
      below += sizes[c];
      if (keys.length == 0) {
        cuts[c] = share(below, total);
      } else {
        cuts[c] = below < total ? hashes[(int) below] : Long.MAX_VALUE;
      }
    }
    return cuts;
  }

  /** Where a share of all hashes lies below, in signed order. */
  static long share(long part, long whole) {
    if (part >= whole) {
      return Long.MAX_VALUE;
    }
    BigInteger cut = BigInteger.valueOf(part).shiftLeft(64).divide(BigInteger.valueOf(whole));
    return cut.longValue() ^ Long.MIN_VALUE;
  }

  private static void refuseRepeatedKeys(long[] sorted) {
    int repeated = 0;
    for (int i = 1; i < sorted.length; i++) {
      repeated += sorted[i] == sorted[i - 1] ? 1 : 0;
    }
    if (repeated > 0) {
      throw SplitException.data(
          repeated
              + " of "
              + sorted.length
              + " rows have the key of another row; name a column that tells rows apart");
    }
  }

  /**
   * How {@code rows} rows that follow {@code offset} others are dealt to k cells like cards: row i
   * goes to cell (offset + i) mod k. So each stratum and all strata together differ by at most one
   * row between cells.
   */
  static long[] dealt(long offset, long rows, int k) {
    long[] sizes = new long[k];
    Arrays.fill(sizes, rows / k);
    for (long g = offset + rows / k * k; g < offset + rows; g++) {
      sizes[(int) (g % k)]++;
    }
    return sizes;
  }
}
