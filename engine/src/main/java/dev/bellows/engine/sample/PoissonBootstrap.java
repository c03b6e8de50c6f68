package dev.bellows.engine.sample;

/**
 * How often a row occurs in a bootstrap sample: Poisson(1), a function of (seed, sample, row key).
 * Approaches drawing n of n rows with replacement as n grows, needs no pass to draw and no copy of
 * the rows (N. Chamandy et al.: Estimating Uncertainty for Massive Data Streams, 2012). 36.8 % of
 * the rows occur in none; two samples share 40.0 % of the rows.
 */
public final class PoissonBootstrap {
  /** P(weight <= i); above the last, whose complement is below 2^-53, nothing is drawn. */
  private static final double[] UP_TO = new double[18];

  static {
    double p = Math.exp(-1);
    double sum = 0;
    for (int i = 0; i < UP_TO.length; i++) {
      sum += p;
      UP_TO[i] = sum;
      p /= i + 1;
    }
  }

  private PoissonBootstrap() {}

  /** The weight of a row: 0, 1, 2, ... with mean 1 and variance 1. */
  public static int weight(long seed, long sample, long rowKey) {
    double u = Mix64.unit(Mix64.mix(seed, Purpose.BOOTSTRAP, sample, rowKey));
    int weight = 0;
    while (weight < UP_TO.length && u >= UP_TO[weight]) {
      weight++;
    }
    return weight;
  }
}
