package dev.bellows.engine.classic.prepare;

import java.util.Arrays;

/**
 * Fills a missing number with the mean of its column in the k nearest fitted rows that know it
 * (PRE-09; O. Troyanskaya et al.: Missing value estimation methods for DNA microarrays, 2001).
 * Distance: squared differences of the columns that both rows know, times width over their number;
 * columns should be on one scale. Where no fitted row shares a known column the column's mean.
 * Every row is compared with every fitted row: for some ten thousand rows.
 */
public final class NeighbourImputer {
  private final Table table;
  private final int[] fitted;
  private final int neighbours;
  private final Imputer means;

  private NeighbourImputer(Table table, int[] fitted, int neighbours) {
    this.table = table;
    this.fitted = fitted;
    this.neighbours = neighbours;
    this.means = Imputer.fit(table, fitted, Imputer.By.MEAN);
  }

  /**
   * Fits on these rows.
   *
   * @param neighbours k, 1 or more
   */
  public static NeighbourImputer fit(Table table, int[] rows, int neighbours) {
    if (neighbours < 1) {
      throw new IllegalArgumentException("neighbours: expected 1 or more, found " + neighbours);
    }
    return new NeighbourImputer(table, rows.clone(), neighbours);
  }

  /** The table without missing numbers. */
  public Table apply(Table other) {
    float[] x = other.x().clone();
    double[] distance = new double[fitted.length];
    for (int row = 0; row < other.rows(); row++) {
      boolean measured = false;
      for (int c = 0; c < other.width(); c++) {
        if (Float.isNaN(other.get(row, c))) {
          if (!measured) {
            measure(other, row, distance);
            measured = true;
          }
          x[row * other.width() + c] = (float) fill(c, distance);
        }
      }
    }
    return new Table(x, other.width());
  }

  private void measure(Table other, int row, double[] distance) {
    for (int i = 0; i < fitted.length; i++) {
      double sum = 0;
      int shared = 0;
      for (int c = 0; c < table.width(); c++) {
        double d = (double) table.get(fitted[i], c) - other.get(row, c);
        if (!Double.isNaN(d)) {
          sum += d * d;
          shared++;
        }
      }
      distance[i] = shared == 0 ? Double.NaN : sum * table.width() / shared;
    }
  }

  // Mean over the k nearest rows that know the column; of equal distances the first fitted.
  private double fill(int column, double[] distance) {
    int[] nearest = new int[neighbours];
    int found = 0;
    for (int i = 0; i < fitted.length; i++) {
      if (Double.isNaN(distance[i]) || Float.isNaN(table.get(fitted[i], column))) {
        continue;
      }
      int at = found;
      while (at > 0 && distance[nearest[at - 1]] > distance[i]) {
        at--;
      }
      if (at < neighbours) {
        System.arraycopy(nearest, at, nearest, at + 1, Math.min(found, neighbours - 1) - at);
        nearest[at] = i;
        found = Math.min(neighbours, found + 1);
      }
    }
    return found == 0
        ? means.fill()[column]
        : Arrays.stream(nearest, 0, found)
            .mapToDouble(i -> table.get(fitted[i], column))
            .average()
            .orElseThrow();
  }
}
