package dev.bellows.engine.sample.split;

import java.util.EnumSet;
import java.util.Set;

/** Every row validates alone (EVS-03): as many models as rows. */
public record LeaveOneOut() implements Splitter {
  @Override
  public Set<RowFact> facts() {
    return EnumSet.of(RowFact.KEY);
  }

  @Override
  public Folds plan(RowCounts counts, long seed) {
    counts.check(facts());
    if (counts.rows() > Folds.MOST_CELLS) {
      throw SplitException.request(
          "rows",
          Folds.MOST_CELLS,
          "leaving one row out trains as many models as there are rows, "
              + counts.rows()
              + "; use k folds");
    }
    return new KFold((int) Math.max(2, counts.rows()), 1, false).plan(counts, seed);
  }
}
