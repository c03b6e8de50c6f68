package dev.bellows.engine.sample.split;

import dev.bellows.engine.sample.Purpose;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.Set;

/**
 * K folds of whole groups. Groups go, the largest first, to the fold with the fewest rows (R. L.
 * Graham: Bounds on Multiprocessing Timing Anomalies, SIAM J. Appl. Math. 1969), equal ones in the
 * order of their hash: the fold sizes of scikit-learn's GroupKFold. In repeats after the first,
 * groups whose sizes share a power of two (unevenness: of four) come in random order, else every
 * repeat would be the first.
 *
 * <p>Stratified: groups go, the one with the most uneven classes first, to the fold that keeps the
 * classes most even over the folds, as in scikit-learn's StratifiedGroupKFold.
 *
 * <p>More than {@link RowCounts#EXACT_GROUPS} groups are dealt by the hash alone.
 *
 * @param folds 2 or more
 * @param repeats 1 or more
 * @param stratified whether folds keep the shares of the strata as well as whole groups allow
 */
public record GroupKFold(int folds, int repeats, boolean stratified) implements Splitter {
  /** Checks the numbers. */
  public GroupKFold {
    KFold.check(folds, repeats);
  }

  @Override
  public Set<RowFact> facts() {
    return stratified ? EnumSet.of(RowFact.GROUP, RowFact.STRATUM) : EnumSet.of(RowFact.GROUP);
  }

  @Override
  public Folds plan(RowCounts counts, long seed) {
    counts.check(facts());
    if (counts.manyGroups()) {
      long[] cuts = new long[folds - 1];
      for (int f = 0; f < cuts.length; f++) {
        cuts[f] = Ranks.share(f + 1L, folds);
      }
      long[][][] all = new long[repeats][][];
      Arrays.fill(all, new long[][] {cuts});
      Cells cells = Cells.ofGroupHashes(seed, Purpose.FOLD, all);
      return Folds.disjoint(cells, repeats, folds, folds);
    }
    GroupCounts groups = GroupCounts.of(counts);
    refuse(groups, counts);
    int[][] fold = new int[repeats][];
    for (int r = 0; r < repeats; r++) {
      fold[r] = stratified ? even(groups, seed, r) : lightest(groups, seed, r);
      refuseEmpty(fold[r]);
    }
    return Folds.disjoint(
        Cells.ofCodes(RowFact.GROUP, groups.codes(), fold), repeats, folds, folds);
  }

  private void refuse(GroupCounts groups, RowCounts counts) {
    int n = groups.codes().length;
    if (n < folds) {
      throw SplitException.request(
          "folds", n < 2 ? 0 : n, folds + " folds need " + folds + " groups; there are " + n);
    }
    for (int s = 0; stratified && s < groups.strata().length; s++) {
      int holding = 0;
      for (long[] rows : groups.rows()) {
        holding += rows[s] > 0 ? 1 : 0;
      }
      if (holding < folds) {
        throw SplitException.request(
            "folds",
            leastHolding(groups),
            folds
                + " folds need "
                + folds
                + " groups with rows of class "
                + counts.name(groups.strata()[s])
                + "; there are "
                + holding);
      }
    }
  }

  private static long leastHolding(GroupCounts groups) {
    long least = Long.MAX_VALUE;
    for (int s = 0; s < groups.strata().length; s++) {
      long holding = 0;
      for (long[] rows : groups.rows()) {
        holding += rows[s] > 0 ? 1 : 0;
      }
      least = Math.min(least, holding);
    }
    return least < 2 ? 0 : least;
  }

  private int[] lightest(GroupCounts groups, long seed, int repeat) {
    Comparator<Integer> largestFirst =
        Comparator.comparingLong(
            g -> repeat == 0 ? -groups.size(g) : Long.numberOfLeadingZeros(groups.size(g)));
    int[] fold = new int[groups.codes().length];
    long[] load = new long[folds];
    for (int g : groups.order(largestFirst, seed, repeat)) {
      int lightest = 0;
      for (int f = 1; f < folds; f++) {
        lightest = load[f] < load[lightest] ? f : lightest;
      }
      fold[g] = lightest;
      load[lightest] += groups.size(g);
    }
    return fold;
  }

  private int[] even(GroupCounts groups, long seed, int repeat) {
    int strata = groups.strata().length;
    double[] total = new double[strata];
    for (long[] rows : groups.rows()) {
      for (int s = 0; s < strata; s++) {
        total[s] += rows[s];
      }
    }
    double[] uneven = new double[groups.codes().length];
    for (int g = 0; g < uneven.length; g++) {
      double[] rows = new double[strata];
      for (int s = 0; s < strata; s++) {
        rows[s] = groups.rows()[g][s];
      }
      uneven[g] = deviation(rows);
    }
    double[][] share = new double[strata][folds];
    long[] load = new long[folds];
    int[] fold = new int[uneven.length];
    Comparator<Integer> mostUnevenFirst =
        Comparator.comparingDouble(
            g -> repeat == 0 ? -uneven[g] : -(Math.getExponent(uneven[g]) >> 1));
    for (int g : groups.order(mostUnevenFirst, seed, repeat)) {
      int best = 0;
      double bestSpread = Double.POSITIVE_INFINITY;
      for (int f = 0; f < folds; f++) {
        double spread = 0;
        for (int s = 0; s < strata; s++) {
          double before = share[s][f];
          share[s][f] += groups.rows()[g][s] / total[s];
          spread += deviation(share[s]) / strata;
          share[s][f] = before;
        }
        // as numpy.isclose: sums of shares carry rounding
        boolean tie = f > 0 && Math.abs(spread - bestSpread) <= 1e-8 + 1e-5 * bestSpread;
        if (tie ? load[f] < load[best] : spread < bestSpread) {
          best = f;
          bestSpread = spread;
        }
      }
      fold[g] = best;
      load[best] += groups.size(g);
      for (int s = 0; s < strata; s++) {
        share[s][best] += groups.rows()[g][s] / total[s];
      }
    }
    return fold;
  }

  private static double deviation(double[] values) {
    double mean = 0;
    for (double v : values) {
      mean += v / values.length;
    }
    double squares = 0;
    for (double v : values) {
      squares += (v - mean) * (v - mean);
    }
    return Math.sqrt(squares / values.length);
  }

  private void refuseEmpty(int[] fold) {
    boolean[] used = new boolean[folds];
    for (int f : fold) {
      used[f] = true;
    }
    int filled = 0;
    for (boolean u : used) {
      filled += u ? 1 : 0;
    }
    if (filled < folds) {
      throw SplitException.request(
          "folds",
          filled < 2 ? 0 : filled,
          folds + " folds of whole groups leave " + (folds - filled) + " of them without a row");
    }
  }
}
