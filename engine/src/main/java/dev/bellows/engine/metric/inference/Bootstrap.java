package dev.bellows.engine.metric.inference;

import dev.bellows.engine.sample.Mix64;
import dev.bellows.engine.sample.PoissonBootstrap;
import dev.bellows.engine.sample.Purpose;
import java.util.Arrays;
import org.apache.commons.math3.distribution.NormalDistribution;

/**
 * Intervals of a figure of out-of-fold predictions by resampling rows (B. Efron, 1979), or whole
 * clusters of rows: a row's weight in sample b is a Poisson(1) number of (seed, b, key), so that
 * rows of one key stay together and the result doesn't depend on partitions. Covers the chance of
 * the rows that were scored, not that of the training sets: see {@link FoldScores}.
 */
public final class Bootstrap {
  /** Blocks of rows that are left out in turn to measure the acceleration. */
  private static final int JACKKNIFE = 200;

  private final double estimate;
  private final double[] replicates;
  private final double[] jackknife;

  /**
   * Of replicates that are at hand.
   *
   * @param estimate of all rows
   * @param replicates of resampled rows, in any order
   * @param jackknife of all rows but one, or but one block, in turn
   */
  public Bootstrap(double estimate, double[] replicates, double[] jackknife) {
    this.estimate = estimate;
    this.replicates = Arrays.stream(replicates).filter(x -> !Double.isNaN(x)).sorted().toArray();
    this.jackknife = Arrays.stream(jackknife).filter(x -> !Double.isNaN(x)).toArray();
    if (this.replicates.length == 0) {
      throw new IllegalArgumentException("bootstrap: expected one replicate or more with a value");
    }
  }

  /**
   * Resamples.
   *
   * @param keys [rows] key of each row, or of its cluster where rows depend on each other
   * @param samples 100 or more; 1,000 and more for a 95 % interval
   */
  public static Bootstrap of(WeightedStatistic statistic, long[] keys, int samples, long seed) {
    if (samples < 100) {
      throw new IllegalArgumentException(
          "bootstrap samples: expected 100 or more, found " + samples);
    }
    double[] weights = new double[keys.length];
    double[] replicates = new double[samples];
    for (int b = 0; b < samples; b++) {
      for (int i = 0; i < keys.length; i++) {
        weights[i] = PoissonBootstrap.weight(seed, b, keys[i]);
      }
      replicates[b] = statistic.of(weights);
    }
    int[] block = blocks(keys, seed);
    double[] jackknife = new double[Arrays.stream(block).max().orElse(-1) + 1];
    for (int j = 0; j < jackknife.length; j++) {
      for (int i = 0; i < keys.length; i++) {
        weights[i] = block[i] == j ? 0 : 1;
      }
      jackknife[j] = statistic.of(weights);
    }
    Arrays.fill(weights, 1);
    return new Bootstrap(statistic.of(weights), replicates, jackknife);
  }

  // Distinct keys dealt like cards in the order of their hashes: rows of a key share a block.
  private static int[] blocks(long[] keys, long seed) {
    long[] hashes =
        Arrays.stream(keys).map(k -> Mix64.mix(seed, Purpose.BOOTSTRAP, -1, k)).toArray();
    long[] distinct = Arrays.stream(hashes).distinct().sorted().toArray();
    return Arrays.stream(hashes)
        .mapToInt(h -> Arrays.binarySearch(distinct, h) % JACKKNIFE)
        .toArray();
  }

  /** The figure of all rows. */
  public double estimate() {
    return estimate;
  }

  /** Standard deviation of the replicates. */
  public double standardError() {
    return new FoldScores(replicates, 1).std();
  }

  /** Between the quantiles of the replicates. */
  public Interval percentile(double confidence) {
    return new Interval(quantile((1 - confidence) / 2), quantile((1 + confidence) / 2), confidence);
  }

  /**
   * Bias-corrected and accelerated (B. Efron: Better Bootstrap Confidence Intervals, JASA 1987):
   * quantiles moved by the median bias z0 of the replicates and by the skewness a of the jackknife.
   */
  public Interval bca(double confidence) {
    NormalDistribution normal = new NormalDistribution(null, 0, 1);
    double below = 0;
    for (double r : replicates) {
      below += r < estimate ? 1 : r == estimate ? 0.5 : 0;
    }
    double share = below / replicates.length;
    if (share == 0 || share == 1) {
      return percentile(confidence); // the bias is beyond what the replicates can measure
    }
    double z0 = normal.inverseCumulativeProbability(share);
    double a = acceleration();
    double[] ends = new double[2];
    for (int i = 0; i < 2; i++) {
      double side = i == 0 ? (1 - confidence) / 2 : (1 + confidence) / 2;
      double z = z0 + normal.inverseCumulativeProbability(side);
      ends[i] = quantile(normal.cumulativeProbability(z0 + z / (1 - a * z)));
    }
    return new Interval(ends[0], ends[1], confidence);
  }

  private double acceleration() {
    double mean = Arrays.stream(jackknife).average().orElse(0);
    double squares = 0;
    double cubes = 0;
    for (double j : jackknife) {
      double d = mean - j;
      squares += d * d;
      cubes += d * d * d;
    }
    return squares > 0 ? cubes / (6 * Math.pow(squares, 1.5)) : 0;
  }

  /** Two-sided p-value of "the figure is 0", for differences: at least 2 / (replicates + 1). */
  public double p() {
    double below = 1;
    double above = 1;
    for (double r : replicates) {
      below += r <= 0 ? 1 : 0;
      above += r >= 0 ? 1 : 0;
    }
    return Tail.TWO_SIDED.p(above / (replicates.length + 1), below / (replicates.length + 1));
  }

  // Linear between order statistics, as numpy's default.
  private double quantile(double share) {
    double at = share * (replicates.length - 1);
    int low = (int) Math.floor(at);
    int high = Math.min(low + 1, replicates.length - 1);
    return replicates[low] + (at - low) * (replicates[high] - replicates[low]);
  }
}
