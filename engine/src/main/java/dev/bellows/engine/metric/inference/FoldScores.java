package dev.bellows.engine.metric.inference;

import java.util.Arrays;
import org.apache.commons.math3.distribution.TDistribution;

/**
 * One configuration's scores of all splits, folds times repeats.
 *
 * <p>Training sets of the splits overlap, so the scores are correlated, and no unbiased estimate of
 * the variance of their mean exists (Y. Bengio, Y. Grandvalet, JMLR 2004). The corrected error
 * takes the correlation for the share of validation rows (C. Nadeau, Y. Bengio: Inference for the
 * Generalization Error, Machine Learning 2003; repeated folds: R. Bouckaert, E. Frank, PAKDD 2004):
 *
 * <pre>
 * error^2 = (1 / n + validation rows / training rows) s^2,     interval = mean -+ t(n - 1) error
 * </pre>
 *
 * <p>Meant for splits of many rows each; scores of single rows (leave-one-out) are losses of rows,
 * see {@link Bootstrap}.
 *
 * @param scores [splits]; a NaN makes the mean NaN, so that such a configuration never wins
 * @param validationToTraining rows that validate for each that trains, in (0, infinity); mean over
 *     the splits
 */
public record FoldScores(double[] scores, double validationToTraining) {
  /** Copies and checks. */
  public FoldScores {
    scores = scores.clone();
    if (scores.length == 0 || !(validationToTraining > 0)) {
      throw new IllegalArgumentException(
          "expected one score or more and a positive share of validation rows, found "
              + scores.length
              + " and "
              + validationToTraining);
    }
  }

  /** Of k folds of equal size: 1 / (k - 1) validation rows for each training row. */
  public static FoldScores ofFolds(double[] scores, int folds) {
    return new FoldScores(scores, 1.0 / (folds - 1));
  }

  /** Of splits with these rows. */
  public static FoldScores of(double[] scores, long[] validationRows, long[] trainingRows) {
    double sum = 0;
    for (int i = 0; i < validationRows.length; i++) {
      sum += (double) validationRows[i] / trainingRows[i];
    }
    return new FoldScores(scores, sum / validationRows.length);
  }

  /** A copy of the scores. */
  @Override
  public double[] scores() {
    return scores.clone();
  }

  /** Number of splits. */
  public int splits() {
    return scores.length;
  }

  /** Mean of the scores. */
  public double mean() {
    return Arrays.stream(scores).sum() / scores.length;
  }

  /** Standard deviation, divided by n - 1; 0 for a single score. */
  public double std() {
    if (scores.length == 1) {
      return 0;
    }
    double mean = mean();
    double squares = Arrays.stream(scores).map(x -> (x - mean) * (x - mean)).sum();
    return Math.sqrt(squares / (scores.length - 1));
  }

  /** std / sqrt(n), as if the scores were independent: too small, but what is usually printed. */
  public double naiveError() {
    return std() / Math.sqrt(scores.length);
  }

  /** Standard error of the mean, corrected for the overlap of the training sets. */
  public double correctedError() {
    return std() * Math.sqrt(1.0 / scores.length + validationToTraining);
  }

  /** The corrected interval of the mean; without end for a single score. */
  public Interval interval(double confidence) {
    if (scores.length == 1) {
      return new Interval(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, confidence);
    }
    double half = quantile(scores.length - 1, (1 + confidence) / 2) * correctedError();
    return new Interval(mean() - half, mean() + half, confidence);
  }

  /**
   * The scores less those of another configuration on the same splits.
   *
   * @throws IllegalArgumentException when the splits differ in number
   */
  public FoldScores minus(FoldScores other) {
    if (scores.length != other.scores.length) {
      throw new IllegalArgumentException(
          "paired scores: expected as many splits, found "
              + scores.length
              + " and "
              + other.scores.length);
    }
    double[] differences = scores.clone();
    for (int i = 0; i < differences.length; i++) {
      differences[i] -= other.scores[i];
    }
    return new FoldScores(differences, validationToTraining);
  }

  static double quantile(double degrees, double share) {
    return new TDistribution(null, degrees).inverseCumulativeProbability(share);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FoldScores f
        && Arrays.equals(scores, f.scores)
        && validationToTraining == f.validationToTraining;
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(scores) * 31 + Double.hashCode(validationToTraining);
  }

  @Override
  public String toString() {
    return "FoldScores" + Arrays.toString(scores) + " x " + validationToTraining;
  }
}
