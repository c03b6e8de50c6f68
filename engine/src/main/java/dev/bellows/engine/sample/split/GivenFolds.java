package dev.bellows.engine.sample.split;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The folds that a column of the user names: each distinct number of 0 or above validates once, in
 * ascending order; rows below 0 train in every split. As scikit-learn's PredefinedSplit; MLlib's
 * foldCol has no rows below 0.
 *
 * @param grouped whether the rows also have groups, which no two folds may share
 */
public record GivenFolds(boolean grouped) implements Splitter {
  @Override
  public Set<RowFact> facts() {
    return grouped ? EnumSet.of(RowFact.FOLD, RowFact.GROUP) : EnumSet.of(RowFact.FOLD);
  }

  @Override
  public Folds plan(RowCounts counts, long seed) {
    counts.check(facts());
    if (counts.manyGroups()) {
      throw SplitException.data(
          "more than " + RowCounts.EXACT_GROUPS + " groups can't be checked against given folds");
    }
    TreeSet<Long> codes = new TreeSet<>();
    int overlapping = 0;
    Long example = null;
    for (Map.Entry<Long, Tally> group : counts.groups().entrySet()) {
      long[] folds = group.getValue().codes();
      for (long f : folds) {
        codes.add(Math.max(f, -1));
      }
      if (grouped && folds.length > 1) {
        overlapping++;
        example = example == null ? group.getKey() : example;
      }
    }
    if (overlapping > 0) {
      throw SplitException.data(
          "the fold column divides "
              + overlapping
              + " of "
              + counts.groups().size()
              + " groups between folds, such as group "
              + example
              + "; use group k-fold (largest possible: "
              + counts.groups().size()
              + " folds)");
    }
    boolean always = codes.remove(-1L);
    int k = codes.size();
    if (k < (always ? 1 : 2) || k > Folds.MOST_CELLS - 1) {
      throw SplitException.data(
          "the fold column names "
              + k
              + " folds; expected "
              + (always ? 1 : 2)
              + ".."
              + (Folds.MOST_CELLS - 1));
    }
    return Folds.disjoint(cells(counts, codes), 1, k, always ? k + 1 : k);
  }

  private static Cells cells(RowCounts counts, TreeSet<Long> folds) {
    TreeSet<Long> all = new TreeSet<>();
    counts.groups().values().forEach(t -> Arrays.stream(t.codes()).forEach(all::add));
    long[] codes = all.stream().mapToLong(c -> c).toArray();
    int[][] cell = new int[1][codes.length];
    for (int i = 0; i < codes.length; i++) {
      cell[0][i] = codes[i] < 0 ? folds.size() : folds.headSet(codes[i]).size();
    }
    return Cells.ofCodes(RowFact.FOLD, codes, cell);
  }
}
