package dev.bellows.jobs.study;

import dev.bellows.engine.metric.inference.FoldScores;
import dev.bellows.engine.metric.inference.Interval;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
   * Mean with the interval that allows for splits that share training rows, see {@link FoldScores}.
   *
   * @param pooled see the record; null without
   */
  static CvSummary of(FoldScores splits, @Nullable Double pooled) {
    boolean several = splits.splits() > 1 && Double.isFinite(splits.mean());
    Interval interval = splits.interval(CONFIDENCE);
    return new CvSummary(
        Arrays.stream(splits.scores()).boxed().toList(),
        splits.mean(),
        several ? splits.std() : Double.NaN,
        several ? interval.low() : Double.NaN,
        several ? interval.high() : Double.NaN,
        pooled == null ? Double.NaN : pooled);
  }

  /** For people. */
  String text() {
    StringBuilder text = new StringBuilder(number(mean));
    if (!Double.isNaN(std)) {
      text.append(
          " +- "
              + number(std)
              + " (95 % interval "
              + number(low)
              + " to "
              + number(high)
              + ", corrected)");
    }
    if (!Double.isNaN(pooled)) {
      text.append("  pooled ").append(number(pooled));
    }
    return text.toString();
  }

  /** Four digits after the point, or five significant ones of larger numbers. */
  static String number(double value) {
    return Math.abs(value) < 10
        ? String.format(Locale.ROOT, "%.4f", value)
        : String.format(Locale.ROOT, "%.5g", value);
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
