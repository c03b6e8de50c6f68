package dev.bellows.engine.metric.inference;

import java.util.Arrays;
import org.apache.commons.math3.distribution.BinomialDistribution;
import org.apache.commons.math3.distribution.ChiSquaredDistribution;
import org.apache.commons.math3.distribution.FDistribution;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.distribution.TDistribution;

/** Tests of "there is no difference" between two configurations scored on the same rows. */
public final class PairedTests {
  /** Differences up to which the signed-rank test counts all signs. */
  private static final int EXACT = 50;

  private PairedTests() {}

  /**
   * Corrected resampled t-test on the differences of the splits' scores (Nadeau and Bengio, 2003):
   * t = mean / corrected error, with n - 1 degrees of freedom. Keeps its level where the plain
   * paired t-test on folds rejects far too often.
   */
  public static TestResult correctedT(FoldScores differences, Tail tail) {
    double t = differences.mean() / differences.correctedError();
    double rounding = 1e-12 * Math.abs(differences.mean());
    if (differences.splits() < 2 || !(differences.std() > rounding) || Double.isNaN(t)) {
      return new TestResult(Double.NaN, Double.NaN);
    }
    TDistribution noDifference = new TDistribution(null, differences.splits() - 1);
    return new TestResult(
        t, tail.p(noDifference.cumulativeProbability(-t), noDifference.cumulativeProbability(t)));
  }

  /**
   * Signed-rank test (F. Wilcoxon, Biometrics 1945): zeros are dropped, equal sizes share their
   * mean rank. Exact for up to 50 differences, ties included, else by the normal distribution with
   * the variance corrected for ties.
   *
   * @return the sum of the ranks of the positive differences
   */
  public static TestResult wilcoxon(double[] differences, Tail tail) {
    return wilcoxon(differences, tail, differences.length <= EXACT);
  }

  /** As {@link #wilcoxon(double[], Tail)}, exact or by the normal distribution. */
  static TestResult wilcoxon(double[] differences, Tail tail, boolean exact) {
    double[] d = Arrays.stream(differences).filter(x -> x != 0).toArray();
    if (d.length == 0 || Arrays.stream(d).anyMatch(Double::isNaN)) {
      return new TestResult(Double.NaN, Double.NaN);
    }
    long[] twice = twiceRanks(d);
    long sum = 0;
    for (int i = 0; i < d.length; i++) {
      sum += d[i] > 0 ? twice[i] : 0;
    }
    return new TestResult(sum / 2.0, exact ? exactP(twice, sum, tail) : normalP(twice, sum, tail));
  }

  /** Twice the rank of |d|: a whole number also where equal sizes share a mean rank. */
  private static long[] twiceRanks(double[] d) {
    double[] sorted = Arrays.stream(d).map(Math::abs).sorted().toArray();
    long[] twice = new long[d.length];
    for (int i = 0; i < d.length; i++) {
      int below = lower(sorted, Math.abs(d[i]));
      int upTo = lower(sorted, Math.nextUp(Math.abs(d[i])));
      twice[i] = below + 1L + upTo;
    }
    return twice;
  }

  private static int lower(double[] sorted, double x) {
    int from = 0;
    int to = sorted.length;
    while (from < to) {
      int middle = (from + to) >>> 1;
      if (sorted[middle] < x) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return from;
  }

  // The distribution of the rank sum when every sign is a fair coin, one rank after the other.
  private static double exactP(long[] twice, long sum, Tail tail) {
    double[] share = new double[(int) Arrays.stream(twice).sum() + 1];
    share[0] = 1;
    for (long rank : twice) {
      for (int s = share.length - 1; s >= 0; s--) {
        share[s] = (share[s] + (s >= rank ? share[(int) (s - rank)] : 0)) / 2;
      }
    }
    double above = 0;
    double below = 0;
    for (int s = 0; s < share.length; s++) {
      above += s >= sum ? share[s] : 0;
      below += s <= sum ? share[s] : 0;
    }
    return tail.p(above, below);
  }

  // Under the null the sum of the ranks r has mean sum(r) / 2 and variance sum(r^2) / 4.
  private static double normalP(long[] twice, long sum, Tail tail) {
    double mean = 0;
    double variance = 0;
    for (long rank : twice) {
      mean += rank / 4.0;
      variance += rank * (double) rank / 16;
    }
    double z = (sum / 2.0 - mean) / Math.sqrt(variance);
    NormalDistribution normal = new NormalDistribution(null, 0, 1);
    return tail.p(normal.cumulativeProbability(-z), normal.cumulativeProbability(z));
  }

  /**
   * Two classifiers on the same rows (Q. McNemar, Psychometrika 1947): only rows that exactly one
   * of them gets right can tell. Exact binomial up to 50 such rows, else chi-squared with the
   * correction of A. Edwards (1948).
   *
   * @param onlyFirst rows that only the first gets right
   * @param onlySecond rows that only the second gets right
   * @return two-sided
   */
  public static TestResult mcnemar(long onlyFirst, long onlySecond) {
    long n = onlyFirst + onlySecond;
    if (n == 0) {
      return new TestResult(0, 1);
    }
    if (n <= EXACT) {
      BinomialDistribution coin = new BinomialDistribution(null, (int) n, 0.5);
      double below = coin.cumulativeProbability((int) onlyFirst);
      double above = coin.cumulativeProbability((int) onlySecond);
      return new TestResult(Math.min(onlyFirst, onlySecond), Tail.TWO_SIDED.p(above, below));
    }
    double distance = Math.max(0, Math.abs(onlyFirst - onlySecond) - 1);
    double chi = distance * distance / n;
    return new TestResult(chi, 1 - new ChiSquaredDistribution(null, 1).cumulativeProbability(chi));
  }

  /**
   * Five repeats of two folds (T. Dietterich: Approximate Statistical Tests, Neural Computation
   * 1998), with the F statistic of all ten differences (E. Alpaydin, Neural Computation 1999): the
   * sum of their squares over twice the sum of the repeats' variances, F(10, 5).
   *
   * @param differences [5][2]
   * @return two-sided
   */
  public static TestResult fiveByTwo(double[][] differences) {
    if (differences.length != 5 || Arrays.stream(differences).anyMatch(d -> d.length != 2)) {
      throw new IllegalArgumentException(
          "5x2 test: expected 5 repeats of 2 folds, found " + Arrays.deepToString(differences));
    }
    double squares = 0;
    double variances = 0;
    for (double[] d : differences) {
      double mean = (d[0] + d[1]) / 2;
      squares += d[0] * d[0] + d[1] * d[1];
      variances += (d[0] - mean) * (d[0] - mean) + (d[1] - mean) * (d[1] - mean);
    }
    if (!(variances > 0)) {
      return new TestResult(Double.NaN, Double.NaN);
    }
    double f = squares / (2 * variances);
    return new TestResult(f, 1 - new FDistribution(null, 10, 5).cumulativeProbability(f));
  }

  /**
   * Step-down correction of several tests (S. Holm, Scand. J. Statistics 1979): adjusted p-values
   * below alpha are those that may be called different with at most probability alpha that any of
   * them isn't.
   *
   * @param p p-values in any order; NaN stays NaN and counts as a test
   * @return adjusted p-values in the same order
   */
  public static double[] holm(double[] p) {
    Integer[] order = new Integer[p.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, (a, b) -> Double.compare(p[a], p[b]));
    double[] adjusted = new double[p.length];
    double largest = 0;
    for (int i = 0; i < order.length; i++) {
      double value = (order.length - i) * p[order[i]];
      largest = Math.max(largest, Math.min(1, value));
      adjusted[order[i]] = Double.isNaN(value) ? Double.NaN : largest;
    }
    return adjusted;
  }
}
