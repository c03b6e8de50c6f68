package dev.bellows.engine.sample.split;

import dev.bellows.engine.sample.Purpose;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeSet;

/**
 * Rows of each group and stratum as arrays.
 *
 * @param codes of the groups, ascending
 * @param strata of the rows, ascending
 * @param rows [group][stratum]
 */
record GroupCounts(long[] codes, long[] strata, long[][] rows) {
  static GroupCounts of(RowCounts counts) {
    Map<Long, Tally> groups = counts.groups();
    TreeSet<Long> seen = new TreeSet<>();
    groups.values().forEach(t -> Arrays.stream(t.codes()).forEach(seen::add));
    long[] strata = seen.stream().mapToLong(s -> s).toArray();
    long[] codes = groups.keySet().stream().mapToLong(g -> g).toArray();
    long[][] rows = new long[codes.length][strata.length];
    int g = 0;
    for (Tally tally : groups.values()) {
      for (int s = 0; s < strata.length; s++) {
        rows[g][s] = tally.of(strata[s]);
      }
      g++;
    }
    return new GroupCounts(codes, strata, rows);
  }

  long size(int group) {
    return Arrays.stream(rows[group]).sum();
  }

  /** Indices of the groups by a first order, equal ones by their hash in this repeat. */
  Integer[] order(Comparator<Integer> first, long seed, int repeat) {
    Integer[] order = new Integer[codes.length];
    Arrays.setAll(order, i -> i);
    Comparator<Integer> byHash =
        Comparator.comparingLong(g -> Cells.hash(seed, Purpose.FOLD, repeat, codes[g]));
    Arrays.sort(order, first.thenComparing(byHash));
    return order;
  }
}
