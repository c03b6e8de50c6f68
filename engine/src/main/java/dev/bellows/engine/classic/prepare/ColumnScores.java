package dev.bellows.engine.classic.prepare;

import dev.bellows.engine.classic.LeastSquares;
import java.util.Arrays;
import java.util.Comparator;
import org.apache.commons.math3.distribution.FDistribution;

/**
 * How much each column alone tells of the target, and the columns that tell most (EVS-21). Fitted
 * on training rows only: columns chosen on all rows make pure noise look predictable (EVS-08).
 *
 * @param values [width] score, larger tells more; 0 for a constant column
 * @param p [width] probability of such a score where the column tells nothing
 */
public record ColumnScores(double[] values, double[] p) {
  /**
   * F of the analysis of variance (R. Fisher, 1925; PRE-42): mean squares between classes over mean
   * squares within.
   *
   * @param labels [rows] class, 0 or more
   * @param rows that are fitted, without missing values
   */
  public static ColumnScores anova(Table table, int[] labels, int[] rows) {
    int classes = Arrays.stream(rows).map(r -> labels[r]).max().orElse(0) + 1;
    double[] count = new double[classes];
    Arrays.stream(rows).forEach(r -> count[labels[r]]++);
    long present = Arrays.stream(count).filter(n -> n > 0).count();
    if (present < 2 || rows.length <= present) {
      throw new IllegalArgumentException(
          "analysis of variance: expected two classes and more rows than classes, found "
              + present
              + " classes in "
              + rows.length
              + " rows");
    }
    double[] f = new double[table.width()];
    for (int c = 0; c < f.length; c++) {
      table.refuseMissing(c, rows);
      double[] mean = new double[classes];
      double whole = 0;
      for (int r : rows) {
        mean[labels[r]] += table.get(r, c) / count[labels[r]];
        whole += table.get(r, c) / (double) rows.length;
      }
      double between = 0;
      double within = 0;
      for (int k = 0; k < classes; k++) {
        between += count[k] * (mean[k] - whole) * (mean[k] - whole);
      }
      for (int r : rows) {
        double d = table.get(r, c) - mean[labels[r]];
        within += d * d;
      }
      f[c] = ratio(between / (present - 1), within / (rows.length - present));
    }
    return new ColumnScores(f, tails(f, present - 1, rows.length - present));
  }

  /**
   * F of the line through each column: r^2 (n - 2) / (1 - r^2).
   *
   * @param target [rows]
   * @param rows that are fitted, without missing values
   */
  public static ColumnScores correlation(Table table, float[] target, int[] rows) {
    if (rows.length < 3) {
      throw new IllegalArgumentException(
          "correlation: expected 3 rows or more, found " + rows.length);
    }
    double[] f = new double[table.width()];
    double meanY = Imputer.mean(Arrays.stream(rows).mapToDouble(r -> target[r]).toArray());
    for (int c = 0; c < f.length; c++) {
      int column = c;
      table.refuseMissing(c, rows);
      double meanX =
          Imputer.mean(Arrays.stream(rows).mapToDouble(r -> table.get(r, column)).toArray());
      double xy = 0;
      double xx = 0;
      double yy = 0;
      for (int r : rows) {
        double x = table.get(r, c) - meanX;
        double y = target[r] - meanY;
        xy += x * y;
        xx += x * x;
        yy += y * y;
      }
      f[c] = xx > 0 && yy > 0 ? ratio(xy * xy, (xx * yy - xy * xy) / (rows.length - 2)) : 0;
    }
    return new ColumnScores(f, tails(f, 1, rows.length - 2));
  }

  private static double ratio(double explained, double left) {
    return left > 0 ? explained / left : explained > 0 ? Double.POSITIVE_INFINITY : 0;
  }

  private static double[] tails(double[] f, long between, long within) {
    FDistribution noEffect = new FDistribution(null, (double) between, (double) within);
    return Arrays.stream(f)
        .map(v -> Double.isInfinite(v) ? 0 : 1 - noEffect.cumulativeProbability(v))
        .toArray();
  }

  /** The columns of the highest scores, ascending by number; of equal scores the first. */
  public int[] best(int columns) {
    Integer[] order = new Integer[values.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, Comparator.comparingDouble(c -> -values[c]));
    return Arrays.stream(order).limit(columns).mapToInt(c -> c).sorted().toArray();
  }

  /**
   * Variance inflation of each column (PRE-15): 1 / (1 - R^2) of the column on all others; its
   * inverse is the tolerance. Infinite for a combination of other columns.
   *
   * @param rows more than columns, without missing values
   * @return [width], 1 or more
   * @throws IllegalArgumentException when the other columns already depend on each other
   */
  public static double[] varianceInflation(Table table, int[] rows) {
    int width = table.width();
    double[] inflation = new double[width];
    for (int c = 0; c < width; c++) {
      table.refuseMissing(c, rows);
      inflation[c] = 1;
      if (width > 1) {
        inflation[c] = inflation(table, rows, c);
      }
    }
    return inflation;
  }

  private static double inflation(Table table, int[] rows, int column) {
    int others = table.width() - 1;
    double[] deviation = new double[table.width()];
    double[] mean = new double[table.width()];
    for (int c = 0; c < table.width(); c++) {
      int at = c;
      mean[c] = Imputer.mean(Arrays.stream(rows).mapToDouble(r -> table.get(r, at)).toArray());
      for (int r : rows) {
        deviation[c] += (table.get(r, c) - mean[c]) * (table.get(r, c) - mean[c]);
      }
      deviation[c] = deviation[c] > 0 ? Math.sqrt(deviation[c] / rows.length) : 1;
    }
    double[] x = new double[rows.length * others];
    double[] y = new double[rows.length];
    for (int i = 0; i < rows.length; i++) {
      for (int c = 0, at = 0; c < table.width(); c++) {
        double scaled = (table.get(rows[i], c) - mean[c]) / deviation[c];
        if (c == column) {
          y[i] = scaled;
        } else {
          x[i * others + at++] = scaled;
        }
      }
    }
    LeastSquares line = LeastSquares.fit(x, y, others, 0);
    double left = 0;
    double all = 0;
    for (int i = 0; i < rows.length; i++) {
      double d = y[i] - line.predict(x, i * others);
      left += d * d;
      all += y[i] * y[i];
    }
    return left > 1e-12 * all ? all / left : Double.POSITIVE_INFINITY;
  }
}
