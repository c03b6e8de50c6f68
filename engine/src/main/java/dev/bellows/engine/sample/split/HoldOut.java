package dev.bellows.engine.sample.split;

import dev.bellows.engine.sample.Purpose;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.Set;

/**
 * One part of the rows validates, another may be kept as untouched test rows, and the rest trains
 * (EVS-04); drawn anew for each repeat (Monte Carlo cross-validation, EVS-06). Of rows and strata
 * the parts are exact to a row, by largest remainders; each stratum keeps a row to train on. Of
 * groups a part is taken group by group while that brings it nearer to its share.
 *
 * @param validation share of the rows that validates, in (0, 1)
 * @param test share that is kept apart, 0 or more; validation + test below 1
 * @param by what the parts are drawn from
 * @param repeats 1 or more; 1 with test rows, which must stay the same
 */
public record HoldOut(double validation, double test, By by, int repeats) implements Splitter {
  /** What a part is drawn from. */
  public enum By {
    /** All rows alike. */
    ROWS,
    /** The same share of every stratum. */
    STRATA,
    /** Whole groups. */
    GROUPS
  }

  private static final byte[][] ROLES = {{Folds.NONE, Folds.VALIDATION, Folds.TRAIN}};

  /** Checks the numbers. */
  public HoldOut {
    if (!(validation > 0 && test >= 0 && validation + test < 1)) {
      throw new IllegalArgumentException(
          "hold-out: expected validation above 0, test of 0 or more and both together below 1,"
              + " found "
              + validation
              + " and "
              + test);
    }
    if (repeats < 1 || repeats > Folds.MOST_CELLS || (test > 0 && repeats > 1)) {
      throw new IllegalArgumentException(
          "repeats: expected 1.."
              + (test > 0 ? 1 : Folds.MOST_CELLS)
              + (test > 0 ? " with test rows" : "")
              + ", found "
              + repeats);
    }
  }

  @Override
  public Set<RowFact> facts() {
    return switch (by) {
      case ROWS -> EnumSet.of(RowFact.KEY);
      case STRATA -> EnumSet.of(RowFact.KEY, RowFact.STRATUM);
      case GROUPS -> EnumSet.of(RowFact.GROUP);
    };
  }

  @Override
  public Folds plan(RowCounts counts, long seed) {
    counts.check(facts());
    return Folds.of(by == By.GROUPS ? groups(counts, seed) : rows(counts, seed), repeats, ROLES);
  }

  private Cells rows(RowCounts counts, long seed) {
    long[] strata = counts.strata().codes();
    long[] sizes = Arrays.stream(strata).map(counts.strata()::of).toArray();
    long[] tested = quotas(sizes, new long[sizes.length], counts.rows(), test);
    long[] validated = quotas(sizes, tested, counts.rows(), validation);
    long rows = Arrays.stream(validated).sum();
    if (rows == 0) {
      throw tooFew(counts.rows(), "rows");
    }
    long[][][] cuts = new long[repeats][strata.length][];
    for (int s = 0; s < strata.length; s++) {
      long[] parts = {tested[s], validated[s], sizes[s] - tested[s] - validated[s]};
      long[] keys = counts.keys(strata[s]);
      for (int r = 0; r < repeats; r++) {
        cuts[r][s] = Ranks.cuts(keys, parts, seed, Purpose.HOLDOUT, r);
      }
    }
    return Cells.ofKeys(seed, Purpose.HOLDOUT, by == By.STRATA ? strata : new long[0], cuts);
  }

  private static long[] quotas(long[] sizes, long[] taken, long rows, double share) {
    long[] most = new long[sizes.length];
    for (int s = 0; s < most.length; s++) {
      most[s] = sizes[s] - taken[s] - 1;
    }
    return Quotas.of(sizes, most, Math.round(share * rows), share);
  }

  private Cells groups(RowCounts counts, long seed) {
    if (counts.manyGroups()) {
      double[] upTo = {test, test + validation};
      long[] cuts = Arrays.stream(upTo).mapToLong(HoldOut::cut).toArray();
      long[][][] all = new long[repeats][][];
      Arrays.fill(all, new long[][] {cuts});
      return Cells.ofGroupHashes(seed, Purpose.HOLDOUT, all);
    }
    GroupCounts groups = GroupCounts.of(counts);
    int n = groups.codes().length;
    int parts = test > 0 ? 3 : 2;
    if (n < parts) {
      throw tooFew(n, "groups");
    }
    int[][] cell = new int[repeats][n];
    Comparator<Integer> anyFirst = (a, b) -> 0;
    for (int r = 0; r < repeats; r++) {
      Arrays.fill(cell[r], 2);
      Integer[] order = groups.order(anyFirst, seed, r);
      int at = test > 0 ? take(groups, order, 0, n - 2, 0, test * counts.rows(), cell[r]) : 0;
      take(groups, order, at, n - 1, 1, validation * counts.rows(), cell[r]);
    }
    return Cells.ofCodes(RowFact.GROUP, groups.codes(), cell);
  }

  // At least one group; returns the place of the first that isn't taken.
  private static int take(
      GroupCounts groups, Integer[] order, int from, int to, int part, double wanted, int[] cell) {
    double left = wanted;
    int at = from;
    while (at < to && (at == from || Math.abs(left - groups.size(order[at])) < Math.abs(left))) {
      left -= groups.size(order[at]);
      cell[order[at++]] = part;
    }
    return at;
  }

  private static long cut(double share) {
    return Ranks.share(Math.round(share * (1L << 40)), 1L << 40);
  }

  private SplitException tooFew(long has, String what) {
    return SplitException.request(
        "validation",
        0,
        "a hold-out of "
            + validation
            + (test > 0 ? " and " + test : "")
            + " of "
            + has
            + " "
            + what
            + " leaves a part without a row");
  }
}
