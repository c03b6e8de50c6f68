package dev.bellows.engine.classic.prepare;

/**
 * Fills a missing number with one of its column's (PRE-08).
 *
 * @param fill [width] what stands for a missing number; 0 for a column without a known one
 */
public record Imputer(double[] fill) {
  /** Which number of the column. */
  public enum By {
    /** The mean. */
    MEAN,
    /** The median; of an even count the mean of the two in the middle. */
    MEDIAN,
    /** The most frequent number, of equally frequent ones the smallest. */
    MODE
  }

  /** Fits on these rows. */
  public static Imputer fit(Table table, int[] rows, By by) {
    double[] fill = new double[table.width()];
    for (int c = 0; c < fill.length; c++) {
      double[] known = table.sorted(c, rows);
      if (known.length > 0) {
        fill[c] =
            switch (by) {
              case MEAN -> mean(known);
              case MEDIAN -> (known[(known.length - 1) / 2] + known[known.length / 2]) / 2;
              case MODE -> mode(known);
            };
      }
    }
    return new Imputer(fill);
  }

  /** The table without missing numbers. */
  public Table apply(Table table) {
    float[] x = table.x().clone();
    for (int i = 0; i < x.length; i++) {
      x[i] = Float.isNaN(x[i]) ? (float) fill[i % table.width()] : x[i];
    }
    return new Table(x, table.width());
  }

  static double mean(double[] values) {
    double sum = 0;
    for (double v : values) {
      sum += v;
    }
    return sum / values.length;
  }

  private static double mode(double[] sorted) {
    double mode = sorted[0];
    int most = 0;
    for (int from = 0, to = 0; from < sorted.length; from = to) {
      while (to < sorted.length && sorted[to] == sorted[from]) {
        to++;
      }
      if (to - from > most) {
        most = to - from;
        mode = sorted[from];
      }
    }
    return mode;
  }
}
