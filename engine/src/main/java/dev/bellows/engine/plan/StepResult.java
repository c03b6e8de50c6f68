package dev.bellows.engine.plan;

/**
 * What one run over a slice produced, as sums over its rows. The object belongs to its trainer and
 * is overwritten by the next run.
 */
public final class StepResult {
  /** Index of the sum of effective weights (row weight times class weight) in {@link #scalars}. */
  public static final int WEIGHT_SUM = 0;

  /** Index of the sum of weighted losses. */
  public static final int LOSS_SUM = 1;

  /**
   * Index of the metric's sum: correct rows of a classification, sum of absolute errors of a
   * regression.
   */
  public static final int METRIC_SUM = 2;

  /** Index of the number of rows. */
  public static final int ROWS = 3;

  private final double[] scalars = new double[4];

  StepResult() {}

  /** The four sums, live: index with the constants of this class. */
  public double[] scalars() {
    return scalars;
  }

  public double weightSum() {
    return scalars[WEIGHT_SUM];
  }

  public double lossSum() {
    return scalars[LOSS_SUM];
  }

  public double metricSum() {
    return scalars[METRIC_SUM];
  }

  public double rows() {
    return scalars[ROWS];
  }
}
