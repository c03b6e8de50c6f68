package dev.bellows.engine.sample.split;

import dev.bellows.engine.sample.Purpose;
import java.util.EnumSet;
import java.util.Set;

/**
 * K folds of equal size (EVS-01), within each class where stratified (EVS-02), dealt anew for each
 * repeat (EVS-06). Fold sizes differ by at most one row, those of each class as well: the counts of
 * scikit-learn's KFold and StratifiedKFold. A stratum of more than {@link RowCounts#EXACT_ROWS}
 * rows is dealt by the hash alone, and its sizes are binomial.
 *
 * @param folds 2 or more
 * @param repeats 1 or more
 * @param stratified whether every fold keeps the shares of the strata
 */
public record KFold(int folds, int repeats, boolean stratified) implements Splitter {
  /** Checks the numbers. */
  public KFold {
    check(folds, repeats);
  }

  static void check(int folds, int repeats) {
    if (folds < 2 || folds > Folds.MOST_CELLS) {
      throw new IllegalArgumentException(
          "folds: expected 2.." + Folds.MOST_CELLS + ", found " + folds);
    }
    if (repeats < 1 || repeats > Folds.MOST_CELLS) {
      throw new IllegalArgumentException(
          "repeats: expected 1.." + Folds.MOST_CELLS + ", found " + repeats);
    }
  }

  @Override
  public Set<RowFact> facts() {
    return stratified ? EnumSet.of(RowFact.KEY, RowFact.STRATUM) : EnumSet.of(RowFact.KEY);
  }

  @Override
  public Folds plan(RowCounts counts, long seed) {
    counts.check(facts());
    if (counts.rows() < folds) {
      throw SplitException.request(
          "folds",
          counts.rows() < 2 ? 0 : counts.rows(),
          folds + " folds need " + folds + " rows; there are " + counts.rows());
    }
    long[] strata = counts.strata().codes();
    if (stratified) {
      refuseSmallClass(counts, strata);
    }
    long[][][] cuts = new long[repeats][strata.length][];
    long offset = 0;
    for (int s = 0; s < strata.length; s++) {
      long rows = counts.strata().of(strata[s]);
      long[] sizes = Ranks.dealt(offset, rows, folds);
      long[] keys = counts.keys(strata[s]);
      for (int r = 0; r < repeats; r++) {
        cuts[r][s] = Ranks.cuts(keys, sizes, seed, Purpose.FOLD, r);
      }
      offset += rows;
    }
    Cells cells = Cells.ofKeys(seed, Purpose.FOLD, stratified ? strata : new long[0], cuts);
    return Folds.disjoint(cells, repeats, folds, folds);
  }

  private void refuseSmallClass(RowCounts counts, long[] strata) {
    Tally rows = counts.strata();
    long smallest = strata[0];
    for (long s : strata) {
      smallest = rows.of(s) < rows.of(smallest) ? s : smallest;
    }
    long has = rows.of(smallest);
    if (has < folds) {
      throw SplitException.request(
          "folds",
          has < 2 ? 0 : has,
          folds
              + " folds need "
              + folds
              + " rows of class "
              + counts.name(smallest)
              + "; it has "
              + has);
    }
  }
}
