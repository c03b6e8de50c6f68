package dev.bellows.jobs.study;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.math3.distribution.TDistribution;
import org.jspecify.annotations.Nullable;

/**
 * One figure over all splits.
 *
 * @param scores of each split
 * @param mean of them
 * @param std their standard deviation (n - 1); NaN of one split
 * @param low lower end of the 95 % interval
 * @param high its upper end
 * @param pooled the figure of all predictions of a repeat taken as one set; NaN without
 */
record CvSummary(
    List<Double> scores, double mean, double std, double low, double high, double pooled) {
  private static final double CONFIDENCE = 0.95;

  /**
   * Mean with the corrected interval: mean +- t(n - 1) sqrt((1/n + validation / train) s^2), since
   * splits share training rows (C. Nadeau, Y. Bengio, "Inference for the generalization error",
   * Machine Learning 52, 2003).
   */
  static CvSummary of(
      List<Double> scores, int trainRows, int validationRows, @Nullable Double pooled) {
    int n = scores.size();
    double mean = scores.stream().mapToDouble(s -> s).sum() / n;
    double squares = scores.stream().mapToDouble(s -> (s - mean) * (s - mean)).sum();
    double std = n > 1 ? Math.sqrt(squares / (n - 1)) : Double.NaN;
    double half = Double.NaN;
    if (n > 1 && Double.isFinite(std)) {
      double t = new TDistribution(n - 1).inverseCumulativeProbability((1 + CONFIDENCE) / 2);
      half = t * std * Math.sqrt(1.0 / n + (double) validationRows / trainRows);
    }
    return new CvSummary(
        List.copyOf(scores),
        mean,
        std,
        mean - half,
        mean + half,
        pooled == null ? Double.NaN : pooled);
  }

  /** For people. */
  String text() {
    StringBuilder text = new StringBuilder(String.format(Locale.ROOT, "%.4f", mean));
    if (!Double.isNaN(std)) {
      text.append(
          String.format(
              Locale.ROOT, " +- %.4f (95 %% interval %.4f to %.4f, corrected)", std, low, high));
    }
    if (!Double.isNaN(pooled)) {
      text.append(String.format(Locale.ROOT, "  pooled %.4f", pooled));
    }
    return text.toString();
  }

  /** For files. */
  Map<String, Object> tree() {
    Map<String, Object> tree = new LinkedHashMap<>();
    put(tree, "mean", mean);
    put(tree, "std", std);
    put(tree, "ci_low", low);
    put(tree, "ci_high", high);
    put(tree, "pooled", pooled);
    tree.put("scores", scores.stream().map(s -> Double.isFinite(s) ? s : (Object) "nan").toList());
    return tree;
  }

  private static void put(Map<String, Object> tree, String name, double value) {
    if (Double.isFinite(value)) {
      tree.put(name, value);
    }
  }
}
