package dev.bellows.engine.metric.inference;

import java.util.ArrayList;
import java.util.List;

/** Choices among configurations that were scored on the same splits. */
public final class Selection {
  private Selection() {}

  /**
   * The configuration with the best mean; the first of equal ones; one with a NaN never wins.
   *
   * @return its index, or -1 when all are NaN
   */
  public static int best(List<FoldScores> candidates, boolean maximize) {
    int best = -1;
    double bestMean = Double.NaN;
    for (int i = 0; i < candidates.size(); i++) {
      double mean = candidates.get(i).mean();
      boolean better = maximize ? mean > bestMean : mean < bestMean;
      if (better || (best < 0 && !Double.isNaN(mean))) {
        best = i;
        bestMean = mean;
      }
    }
    return best;
  }

  /**
   * The simplest configuration whose mean is within one standard error of the best one's (L.
   * Breiman et al.: Classification and Regression Trees, 1984, 3.4.3); the error is the best one's
   * std / sqrt(splits), as in the book.
   *
   * @param complexity of each candidate, smaller is simpler; equal ones by their mean
   * @return its index, or -1 when all are NaN
   */
  public static int oneStandardError(
      List<FoldScores> candidates, double[] complexity, boolean maximize) {
    int best = best(candidates, maximize);
    if (best < 0) {
      return -1;
    }
    double sign = maximize ? 1 : -1;
    double least = sign * candidates.get(best).mean() - candidates.get(best).naiveError();
    int chosen = best;
    for (int i = 0; i < candidates.size(); i++) {
      double mean = sign * candidates.get(i).mean();
      boolean simpler =
          complexity[i] < complexity[chosen]
              || (complexity[i] == complexity[chosen]
                  && mean > sign * candidates.get(chosen).mean());
      if (mean >= least && simpler) {
        chosen = i;
      }
    }
    return chosen;
  }

  /**
   * Two configurations compared.
   *
   * @param first index of one
   * @param second index of the other
   * @param difference mean score of the first less the second's
   * @param interval corrected interval of the difference
   * @param p of the corrected resampled t-test, two-sided
   * @param adjusted p after Holm's correction for all pairs of the table
   */
  public record Pair(
      int first, int second, double difference, Interval interval, double p, double adjusted) {}

  /** Every pair of configurations, with Holm's correction. */
  public static List<Pair> pairs(List<FoldScores> candidates, double confidence) {
    List<int[]> which = new ArrayList<>();
    for (int a = 0; a < candidates.size(); a++) {
      for (int b = a + 1; b < candidates.size(); b++) {
        which.add(new int[] {a, b});
      }
    }
    return compared(candidates, which, confidence);
  }

  /** The best configuration against every other one, with Holm's correction. */
  public static List<Pair> bestAgainstOthers(
      List<FoldScores> candidates, boolean maximize, double confidence) {
    int best = best(candidates, maximize);
    List<int[]> which = new ArrayList<>();
    for (int b = 0; best >= 0 && b < candidates.size(); b++) {
      if (b != best) {
        which.add(new int[] {best, b});
      }
    }
    return compared(candidates, which, confidence);
  }

  private static List<Pair> compared(
      List<FoldScores> candidates, List<int[]> which, double confidence) {
    double[] p = new double[which.size()];
    List<FoldScores> differences = new ArrayList<>();
    for (int[] ab : which) {
      FoldScores difference = candidates.get(ab[0]).minus(candidates.get(ab[1]));
      p[differences.size()] = PairedTests.correctedT(difference, Tail.TWO_SIDED).p();
      differences.add(difference);
    }
    double[] adjusted = PairedTests.holm(p);
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < p.length; i++) {
      FoldScores d = differences.get(i);
      pairs.add(
          new Pair(
              which.get(i)[0],
              which.get(i)[1],
              d.mean(),
              d.interval(confidence),
              p[i],
              adjusted[i]));
    }
    return pairs;
  }

  /**
   * How much better the plain best score of a search looks than what the search achieves on rows
   * that it did not choose by (nested cross-validation; S. Varma, R. Simon, BMC Bioinformatics
   * 2006).
   *
   * @param plain mean score of the winner on the splits that chose it
   * @param nested mean of the outer folds, each scored by the winner of its own inner search
   * @return above 0 where the plain score flatters
   */
  public static double optimism(double plain, FoldScores nested, boolean maximize) {
    return maximize ? plain - nested.mean() : nested.mean() - plain;
  }
}
