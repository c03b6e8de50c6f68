package dev.bellows.engine.metric.inference;

import java.util.Arrays;
import java.util.Comparator;

/** A figure of rows that count as often as their weights say. */
@FunctionalInterface
public interface WeightedStatistic {
  /**
   * The figure.
   *
   * @param weights [rows], 0 or more
   * @return NaN where the weights leave nothing to compute it from
   */
  double of(double[] weights);

  /** The mean: of losses, of hits, of differences of two models' losses. */
  static WeightedStatistic mean(double[] values) {
    return weights -> {
      double sum = 0;
      double rows = 0;
      for (int i = 0; i < values.length; i++) {
        sum += weights[i] * values[i];
        rows += weights[i];
      }
      return rows > 0 ? sum / rows : Double.NaN;
    };
  }

  /**
   * Area under the ROC curve, ties as half; sorts once.
   *
   * @param scores [rows], larger for the positive class
   */
  static WeightedStatistic auc(float[] scores, boolean[] positive) {
    Integer[] sorted = new Integer[scores.length];
    Arrays.setAll(sorted, i -> i);
    Arrays.sort(sorted, Comparator.comparingDouble(i -> scores[i]));
    int[] order = Arrays.stream(sorted).mapToInt(i -> i).toArray();
    return weights -> {
      double area = 0;
      double positives = 0;
      double negatives = 0;
      for (int from = 0, to; from < order.length; from = to) {
        double up = 0;
        double down = 0;
        for (to = from; to < order.length && scores[order[to]] == scores[order[from]]; to++) {
          up += positive[order[to]] ? weights[order[to]] : 0;
          down += positive[order[to]] ? 0 : weights[order[to]];
        }
        area += up * (negatives + down / 2);
        positives += up;
        negatives += down;
      }
      return positives > 0 && negatives > 0 ? area / (positives * negatives) : Double.NaN;
    };
  }

  /** One figure less another of the same rows. */
  default WeightedStatistic minus(WeightedStatistic other) {
    return weights -> of(weights) - other.of(weights);
  }
}
