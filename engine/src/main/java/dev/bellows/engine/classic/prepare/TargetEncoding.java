package dev.bellows.engine.classic.prepare;

import java.util.Arrays;

/**
 * A category as the mean target of its rows, drawn towards the mean of all by a number of imagined
 * rows (D. Micci-Barreca: A preprocessing scheme for high-cardinality categorical attributes,
 * SIGKDD Explorations 2001):
 *
 * <pre>
 * code c -> (sum of the target over rows of c + smoothing * mean) / (rows of c + smoothing)
 * </pre>
 *
 * <p>A row's own target must not enter its encoding, or rare categories give the label away:
 * training rows are encoded by {@link #outOfFold}, all others by the encoding of all training rows.
 *
 * @param means [codes] encoding of each code; the mean of all for a code that was not fitted
 * @param prior mean of all fitted rows: the encoding of codes beyond the list
 */
public record TargetEncoding(double[] means, double prior) {
  /**
   * Fits on these rows.
   *
   * @param codes [rows] category, 0 or more
   * @param target [rows] number, or 1 for the class and 0 for others
   * @param rows that are fitted
   * @param smoothing imagined rows with the mean of all, 0 or more
   */
  public static TargetEncoding fit(int[] codes, float[] target, int[] rows, double smoothing) {
    if (rows.length == 0 || !(smoothing >= 0)) {
      throw new IllegalArgumentException(
          "target encoding: expected rows and a smoothing of 0 or more, found "
              + rows.length
              + " rows and "
              + smoothing);
    }
    int width = Arrays.stream(rows).map(r -> codes[r]).max().orElse(0) + 1;
    double[] sums = new double[width];
    double[] counts = new double[width];
    double total = 0;
    for (int r : rows) {
      sums[codes[r]] += target[r];
      counts[codes[r]]++;
      total += target[r];
    }
    double prior = total / rows.length;
    for (int c = 0; c < width; c++) {
      sums[c] = counts[c] == 0 ? prior : (sums[c] + smoothing * prior) / (counts[c] + smoothing);
    }
    return new TargetEncoding(sums, prior);
  }

  /** The encoding of a code; the prior for one that was never fitted. */
  public double of(int code) {
    return code >= 0 && code < means.length ? means[code] : prior;
  }

  /**
   * Encodes the training rows, each by a fit on those of the other folds.
   *
   * @param folds [rows] inner fold of each row, at least two different ones among {@code rows}
   * @return [rows.length], in the order of {@code rows}
   */
  public static double[] outOfFold(
      int[] codes, float[] target, int[] rows, int[] folds, double smoothing) {
    double[] encoded = new double[rows.length];
    for (int fold : Arrays.stream(rows).map(r -> folds[r]).distinct().toArray()) {
      int[] others = Arrays.stream(rows).filter(r -> folds[r] != fold).toArray();
      if (others.length == 0) {
        throw new IllegalArgumentException(
            "target encoding: expected two inner folds or more, found one; its rows would be"
                + " encoded by their own target");
      }
      TargetEncoding fit = fit(codes, target, others, smoothing);
      for (int i = 0; i < rows.length; i++) {
        encoded[i] = folds[rows[i]] == fold ? fit.of(codes[rows[i]]) : encoded[i];
      }
    }
    return encoded;
  }
}
