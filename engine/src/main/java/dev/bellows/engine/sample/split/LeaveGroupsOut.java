package dev.bellows.engine.sample.split;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/**
 * Every set of p groups validates once: C(groups, p) models. Splits in the lexicographic order of
 * the groups' codes, as scikit-learn's LeavePGroupsOut.
 *
 * @param groups p, 1 or more
 */
public record LeaveGroupsOut(int groups) implements Splitter {
  /** Checks the number. */
  public LeaveGroupsOut {
    if (groups < 1) {
      throw new IllegalArgumentException("groups left out: expected 1 or more, found " + groups);
    }
  }

  @Override
  public Set<RowFact> facts() {
    return EnumSet.of(RowFact.GROUP);
  }

  @Override
  public Folds plan(RowCounts counts, long seed) {
    counts.check(facts());
    GroupCounts all = GroupCounts.of(counts);
    int n = all.codes().length;
    if (!counts.manyGroups() && n <= groups) {
      throw SplitException.request(
          "groups",
          Math.max(0, n - 1),
          "leaving " + groups + " groups out needs " + (groups + 1) + " groups; there are " + n);
    }
    if (counts.manyGroups() || combinations(n, groups) > Folds.MOST_CELLS) {
      throw SplitException.request(
          "groups",
          counts.manyGroups() || n > Folds.MOST_CELLS ? 0 : largest(n),
          "leaving "
              + groups
              + " of "
              + (counts.manyGroups() ? "more than " + RowCounts.EXACT_GROUPS : n)
              + " groups out trains more than "
              + Folds.MOST_CELLS
              + " models; use group k-fold");
    }
    int[][] cell = new int[1][n];
    for (int g = 0; g < n; g++) {
      cell[0][g] = g;
    }
    Cells cells = Cells.ofCodes(RowFact.GROUP, all.codes(), cell);
    return groups == 1 ? Folds.disjoint(cells, 1, n, n) : Folds.of(cells, 1, roles(n));
  }

  private byte[][] roles(int n) {
    byte[][] roles = new byte[(int) combinations(n, groups)][n];
    int[] chosen = new int[groups];
    for (int i = 0; i < groups; i++) {
      chosen[i] = i;
    }
    for (byte[] split : roles) {
      Arrays.fill(split, Folds.TRAIN);
      for (int g : chosen) {
        split[g] = Folds.VALIDATION;
      }
      int at = groups - 1;
      while (at >= 0 && chosen[at] == n - groups + at) {
        at--;
      }
      for (int i = at; at >= 0 && i < groups; i++) {
        chosen[i] = i == at ? chosen[at] + 1 : chosen[i - 1] + 1;
      }
    }
    return roles;
  }

  // The most groups that can be left out with few enough models.
  private static int largest(int n) {
    int p = 1;
    while (p + 1 < n && combinations(n, p + 1) <= Folds.MOST_CELLS) {
      p++;
    }
    return p;
  }

  // Binomial coefficient, or a number above the limit.
  private static long combinations(int n, int p) {
    long c = 1;
    for (int i = 1; i <= Math.min(p, n - p); i++) {
      c = c * (n - i + 1) / i;
      if (c > Folds.MOST_CELLS) {
        return c;
      }
    }
    return c;
  }
}
