package dev.bellows.engine.classic.prepare;

import java.util.Arrays;

/**
 * Numbers of rows and columns, and a way to read the known ones.
 *
 * @param x [rows, width] row-major; NaN is missing
 * @param width columns
 */
public record Table(float[] x, int width) {
  /** Checks that rows are whole. */
  public Table {
    if (width < 1 || x.length % width != 0) {
      throw new IllegalArgumentException(
          "table: expected whole rows of " + width + " numbers, found " + x.length);
    }
  }

  /** Number of rows. */
  public int rows() {
    return x.length / width;
  }

  /** One number. */
  public float get(int row, int column) {
    return x[row * width + column];
  }

  /** The known numbers of a column in these rows, ascending. */
  double[] sorted(int column, int[] rows) {
    return Arrays.stream(rows)
        .mapToDouble(r -> get(r, column))
        .filter(v -> !Double.isNaN(v))
        .sorted()
        .toArray();
  }

  /** All rows, for a fit on everything. */
  public int[] allRows() {
    int[] rows = new int[rows()];
    Arrays.setAll(rows, i -> i);
    return rows;
  }

  void refuseMissing(int column, int[] rows) {
    for (int r : rows) {
      if (Float.isNaN(get(r, column))) {
        throw new IllegalArgumentException(
            "column " + column + " has a missing value in row " + r + "; impute first");
      }
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Table t && width == t.width && Arrays.equals(x, t.x);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(x) * 31 + width;
  }
}
