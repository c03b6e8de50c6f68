package dev.bellows.engine.classic.prepare;

import java.util.Arrays;

/**
 * Numbers as bins (PRE-11): bin i of a column holds the values from edge i - 1 up to, not
 * including, edge i; values beyond the fitted ones fall into the first or last bin.
 *
 * @param edges [width][bins - 1] ascending, without repetitions: fewer bins for a column of few
 *     values
 */
public record Discretiser(double[][] edges) {
  /** Where the edges lie. */
  public enum By {
    /** At equal distances between the smallest and the largest value. */
    WIDTH,
    /** At quantiles, linear between neighbouring values: about as many rows in each bin. */
    QUANTILE
  }

  /**
   * Fits on these rows.
   *
   * @param bins of each column, 2 or more
   */
  public static Discretiser fit(Table table, int[] rows, int bins, By by) {
    if (bins < 2) {
      throw new IllegalArgumentException("bins: expected 2 or more, found " + bins);
    }
    double[][] edges = new double[table.width()][];
    for (int c = 0; c < edges.length; c++) {
      double[] known = table.sorted(c, rows);
      double[] all = new double[known.length == 0 ? 0 : bins - 1];
      for (int i = 0; i < all.length; i++) {
        double share = (i + 1.0) / bins;
        all[i] =
            by == By.QUANTILE
                ? quantile(known, share)
                : known[0] + share * (known[known.length - 1] - known[0]);
      }
      double least = known.length == 0 ? 0 : known[0];
      edges[c] = Arrays.stream(all).distinct().filter(e -> e > least).toArray();
    }
    return new Discretiser(edges);
  }

  private static double quantile(double[] sorted, double share) {
    double at = share * (sorted.length - 1);
    int low = (int) at;
    int high = Math.min(low + 1, sorted.length - 1);
    return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
  }

  /** Bins of a column. */
  public int bins(int column) {
    return edges[column].length + 1;
  }

  /** The bin of a value, or -1 where it is missing. */
  public int bin(int column, double value) {
    if (Double.isNaN(value)) {
      return -1;
    }
    int at = Arrays.binarySearch(edges[column], value);
    return at < 0 ? -at - 1 : at + 1;
  }
}
