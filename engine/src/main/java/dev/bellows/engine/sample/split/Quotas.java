package dev.bellows.engine.sample.split;

import java.util.Arrays;

/** A share of each stratum in whole rows. */
public final class Quotas {
  private Quotas() {}

  /**
   * Largest remainders (A. Hamilton, 1792): whole numbers that add up to {@code wanted} where the
   * limits allow it, each less than one from its share of its stratum.
   *
   * @param sizes rows of each stratum
   * @param most rows that may be taken of each
   * @param wanted rows to take of all strata
   * @param fraction of each stratum
   * @return rows to take of each stratum
   */
  public static long[] of(long[] sizes, long[] most, long wanted, double fraction) {
    long[] quota = new long[sizes.length];
    long given = 0;
    Integer[] byRemainder = new Integer[sizes.length];
    for (int s = 0; s < sizes.length; s++) {
      quota[s] = Math.max(0, Math.min((long) Math.floor(fraction * sizes[s] + 1e-9), most[s]));
      given += quota[s];
      byRemainder[s] = s;
    }
    Arrays.sort(
        byRemainder,
        (a, b) -> {
          int c = Double.compare(fraction * sizes[b] - quota[b], fraction * sizes[a] - quota[a]);
          return c != 0 ? c : Integer.compare(a, b);
        });
    for (int s : byRemainder) {
      if (given < wanted && quota[s] < most[s] && quota[s] < fraction * sizes[s]) {
        quota[s]++;
        given++;
      }
    }
    return quota;
  }
}
