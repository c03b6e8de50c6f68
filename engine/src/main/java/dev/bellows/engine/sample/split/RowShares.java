package dev.bellows.engine.sample.split;

import dev.bellows.engine.sample.Purpose;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Growing subsets of the rows, each holding the one before it, with the same share of every
 * stratum: for learning curves and for search that gives promising candidates more rows. Split i
 * trains on share i; the other rows have no role. A stratum has at least one row in every subset
 * and is within one row of its share, or of the subset before where that is larger.
 *
 * @param shares in (0, 1], ascending
 * @param stratified whether every stratum gives the same share
 */
public record RowShares(List<Double> shares, boolean stratified) implements Splitter {
  /** Checks the shares. */
  public RowShares {
    shares = List.copyOf(shares);
    double last = 0;
    for (double share : shares) {
      if (!(share > last && share <= 1)) {
        throw new IllegalArgumentException(
            "row shares: expected ascending numbers in (0, 1], found " + shares);
      }
      last = share;
    }
    if (shares.isEmpty()) {
      throw new IllegalArgumentException("row shares: expected one or more");
    }
  }

  @Override
  public Set<RowFact> facts() {
    return stratified ? EnumSet.of(RowFact.KEY, RowFact.STRATUM) : EnumSet.of(RowFact.KEY);
  }

  @Override
  public Folds plan(RowCounts counts, long seed) {
    counts.check(facts());
    long[] strata = counts.strata().codes();
    long[][][] cuts = new long[1][strata.length][];
    long offset = 0;
    for (int s = 0; s < strata.length; s++) {
      long rows = counts.strata().of(strata[s]);
      long[] sizes = new long[shares.size() + 1];
      long taken = 0;
      for (int i = 0; i < shares.size(); i++) {
        // differences of one rounded line: the strata of a subset add up to its share of all rows
        long wanted =
            Math.round(shares.get(i) * (offset + rows)) - Math.round(shares.get(i) * offset);
        long upTo = Math.min(rows, Math.max(wanted, Math.max(taken, 1)));
        sizes[i] = upTo - taken;
        taken = upTo;
      }
      sizes[shares.size()] = rows - taken;
      cuts[0][s] = Ranks.cuts(counts.keys(strata[s]), sizes, seed, Purpose.SAMPLE, 0);
      offset += rows;
    }
    Cells cells = Cells.ofKeys(seed, Purpose.SAMPLE, stratified ? strata : new long[0], cuts);
    return Folds.of(cells, 1, roles());
  }

  private byte[][] roles() {
    byte[][] roles = new byte[shares.size()][shares.size() + 1];
    for (int split = 0; split < roles.length; split++) {
      for (int cell = 0; cell <= split; cell++) {
        roles[split][cell] = Folds.TRAIN;
      }
    }
    return roles;
  }
}
