package dev.bellows.engine.classic;

import java.util.Arrays;

/**
 * The line of least squares, by its normal equations (C. F. Gauss, 1809): with columns and target
 * less their means, (X'X + penalty I) w = X'y by Cholesky's factors, and the intercept that makes
 * the mean residual 0. In double and one pass over the rows; for up to some thousand columns.
 *
 * @param weights one for each column
 * @param intercept value where all columns are 0
 */
public record LeastSquares(double[] weights, double intercept) {
  /** Share of a column's squares below which it is a combination of the columns before it. */
  private static final double DEPENDENT = 1e-12;

  /**
   * Fits a line.
   *
   * @param x [rows, columns], row-major
   * @param y [rows]
   * @param penalty on half the squared sum of the weights, for the sum of half squared errors; 0
   *     for none
   * @throws IllegalArgumentException when the sizes don't fit, or without penalty a column depends
   *     on those before it
   */
  public static LeastSquares fit(double[] x, double[] y, int columns, double penalty) {
    if (columns < 1 || y.length < 1 || x.length != (long) y.length * columns) {
      throw new IllegalArgumentException(
          "expected [rows, columns] numbers and one target for each row, got "
              + x.length
              + " numbers, "
              + columns
              + " columns and "
              + y.length
              + " targets");
    }
    if (!(penalty >= 0)) {
      throw new IllegalArgumentException("penalty must be 0 or more, got " + penalty);
    }
    double[] mean = means(x, y.length, columns);
    double meanY = Arrays.stream(y).sum() / y.length;
    double[][] squares = new double[columns][columns];
    double[][] products = new double[columns][1];
    double[] row = new double[columns];
    for (int n = 0; n < y.length; n++) {
      for (int i = 0; i < columns; i++) {
        row[i] = x[n * columns + i] - mean[i];
        products[i][0] += row[i] * (y[n] - meanY);
        for (int j = 0; j <= i; j++) {
          squares[i][j] += row[i] * row[j];
        }
      }
    }
    for (int i = 0; i < columns; i++) {
      squares[i][i] += penalty;
    }
    solve(squares, products);
    double[] weights = new double[columns];
    double intercept = meanY;
    for (int i = 0; i < columns; i++) {
      weights[i] = products[i][0];
      intercept -= weights[i] * mean[i];
    }
    return new LeastSquares(weights, intercept);
  }

  /** The line's value for the row of {@code x} that starts at {@code from}. */
  public double predict(double[] x, int from) {
    double sum = intercept;
    for (int i = 0; i < weights.length; i++) {
      sum += weights[i] * x[from + i];
    }
    return sum;
  }

  private static double[] means(double[] x, int rows, int columns) {
    double[] mean = new double[columns];
    for (int i = 0; i < x.length; i++) {
      mean[i % columns] += x[i] / rows;
    }
    return mean;
  }

  /**
   * Solves normal equations for several targets: a = L L', L z = b, L' w = z.
   *
   * @param a [n, n] of which the lower half is read; overwritten by L
   * @param b [n, targets]; overwritten by the weights
   * @throws IllegalArgumentException when a column depends on those before it
   */
  public static void solve(double[][] a, double[][] b) {
    int n = a.length;
    for (int i = 0; i < n; i++) {
      double whole = a[i][i];
      for (int j = 0; j <= i; j++) {
        double sum = a[i][j];
        for (int k = 0; k < j; k++) {
          sum -= a[i][k] * a[j][k];
        }
        a[i][j] = i == j ? root(sum, whole, i) : sum / a[j][j];
      }
      for (int k = 0; k < i; k++) {
        subtract(b[i], a[i][k], b[k]);
      }
      divide(b[i], a[i][i]);
    }
    for (int i = n - 1; i >= 0; i--) {
      for (int k = i + 1; k < n; k++) {
        subtract(b[i], a[k][i], b[k]);
      }
      divide(b[i], a[i][i]);
    }
  }

  private static void subtract(double[] from, double factor, double[] row) {
    for (int t = 0; t < from.length; t++) {
      from[t] -= factor * row[t];
    }
  }

  private static void divide(double[] row, double by) {
    for (int t = 0; t < row.length; t++) {
      row[t] /= by;
    }
  }

  private static double root(double left, double whole, int column) {
    if (!(left > DEPENDENT * whole)) {
      throw new IllegalArgumentException(
          "column "
              + column
              + " is constant or a combination of the columns before it: leave it out, or give a"
              + " penalty above 0");
    }
    return Math.sqrt(left);
  }
}
