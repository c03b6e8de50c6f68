package dev.bellows.engine.sample.split;

import java.util.Set;

/** A way to split rows; see the package for the two passes. */
public sealed interface Splitter
    permits KFold,
        LeaveOneOut,
        GroupKFold,
        LeaveGroupsOut,
        TimeSeriesSplit,
        GivenFolds,
        HoldOut,
        RowShares {
  /** What must be known of each row; the other facts are ignored. */
  Set<RowFact> facts();

  /** Empty counts for the first pass. */
  default RowCounts counts() {
    return new RowCounts(facts());
  }

  /**
   * Plans the split.
   *
   * @param counts of all rows that are split
   * @param seed of the hashes that deal rows or groups
   * @throws SplitException when this data doesn't allow the split
   */
  Folds plan(RowCounts counts, long seed);
}
