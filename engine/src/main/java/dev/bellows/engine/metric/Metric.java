package dev.bellows.engine.metric;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The metrics, by the names that configurations and result files use (lower case).
 *
 * <p>For classification with weights, "rows" means weight of rows. tp, fp, fn are those of one
 * class against the rest.
 */
public enum Metric {
  /** Rows predicted right / rows. */
  ACCURACY(true, Family.HITS),
  /** 1 - accuracy. */
  ERROR(false, Family.HITS),
  /**
   * Mean of -ln p(true class), p clipped to [2^-23, 1 - 2^-23] (float32's epsilon, as scikit-learn
   * does for float32).
   */
  LOG_LOSS(false, Family.LOG_LOSS),
  /** e to the power of the log loss: how many equally likely classes would be as hard to guess. */
  PERPLEXITY(false, Family.LOG_LOSS),
  /** tp / (tp + fp) of the positive class; two classes only. */
  PRECISION(true, Family.BINARY),
  /** tp / (tp + fn) of the positive class; two classes only. */
  RECALL(true, Family.BINARY),
  /** 2 tp / (2 tp + fp + fn) of the positive class; two classes only. */
  F1(true, Family.BINARY),
  /** Mean over the classes that occur as true or predicted; a class never predicted counts 0. */
  PRECISION_MACRO(true, Family.CONFUSION),
  /** Mean over the classes that occur as true or predicted; a class without true rows counts 0. */
  RECALL_MACRO(true, Family.CONFUSION),
  /** Mean over the classes that occur as true or predicted. */
  F1_MACRO(true, Family.CONFUSION),
  /** From the summed tp and fp; with one label per row equal to accuracy. */
  PRECISION_MICRO(true, Family.CONFUSION),
  /** From the summed tp and fn; with one label per row equal to accuracy. */
  RECALL_MICRO(true, Family.CONFUSION),
  /** From the summed tp, fp and fn; with one label per row equal to accuracy. */
  F1_MICRO(true, Family.CONFUSION),
  /** Mean over classes weighted by true rows. */
  PRECISION_WEIGHTED(true, Family.CONFUSION),
  /** Mean over classes weighted by true rows; equal to accuracy. */
  RECALL_WEIGHTED(true, Family.CONFUSION),
  /** Mean over classes weighted by true rows. */
  F1_WEIGHTED(true, Family.CONFUSION),
  /**
   * Mean over the classes that occur as true or predicted of 2 tp / (2 tp + fp + fn), as {@link
   * #F1_MACRO}: the overlap of regions (L. Dice, Ecology 1945), said of pixels.
   */
  DICE(true, Family.CONFUSION),
  /**
   * Mean over the classes that occur as true or predicted of tp / (tp + fp + fn): intersection over
   * union (P. Jaccard, 1912), said of pixels.
   */
  IOU(true, Family.CONFUSION),
  /** Area under the ROC curve, ties as half; more than two classes: mean of one-against-rest. */
  AUC(true, Family.RANKING),
  /**
   * Average precision (step-wise, not interpolated); more than two classes: mean of
   * one-against-rest.
   */
  AVERAGE_PRECISION(true, Family.RANKING),
  /** Mean of |y - f|; several outputs: mean over outputs. */
  MAE(false, Family.REGRESSION),
  /** Mean of (y - f)^2; several outputs: mean over outputs. */
  MSE(false, Family.REGRESSION),
  /** Root of the mean of (y - f)^2; several outputs: mean over outputs. */
  RMSE(false, Family.REGRESSION),
  /** 1 - residual / total sum of squares; several outputs: mean over outputs. */
  R2(true, Family.REGRESSION);

  enum Family {
    HITS,
    CONFUSION,
    BINARY,
    LOG_LOSS,
    RANKING,
    REGRESSION
  }

  private final boolean maximize;
  private final Family family;

  Metric(boolean maximize, Family family) {
    this.maximize = maximize;
    this.family = family;
  }

  /** Whether larger is better. */
  public boolean maximize() {
    return maximize;
  }

  /** The name in configurations and files. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  Family family() {
    return family;
  }

  /** A metric by name; an unknown one is an IllegalArgumentException that lists the known names. */
  public static Metric of(String key) {
    for (Metric metric : values()) {
      if (metric.key().equals(key)) {
        return metric;
      }
    }
    throw new IllegalArgumentException(
        "metric: expected one of " + keys() + ", found \"" + key + "\"");
  }

  /** All names. */
  public static List<String> keys() {
    return Arrays.stream(values()).map(Metric::key).toList();
  }

  /** The names that suit a classification of that many classes. */
  public static List<String> ofClassification(int classes) {
    List<String> keys = new ArrayList<>();
    for (Metric metric : values()) {
      boolean suits =
          metric.family != Family.REGRESSION && (metric.family != Family.BINARY || classes == 2);
      if (suits && !(metric.family == Family.CONFUSION && classes > Confusion.MAX_CLASSES)) {
        keys.add(metric.key());
      }
    }
    return keys;
  }

  /** The names that suit a regression. */
  public static List<String> ofRegression() {
    return Arrays.stream(values())
        .filter(metric -> metric.family == Family.REGRESSION)
        .map(Metric::key)
        .toList();
  }
}
