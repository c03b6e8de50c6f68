package dev.bellows.jobs.train;

import org.jspecify.annotations.Nullable;

/**
 * Finds a training that runs away: a loss that is not finite, or that explodes in the first steps.
 *
 * <p>A loss counts as exploding when the mean loss of a step is more than {@value #FACTOR} times
 * the larger of the first step's and 1. The rule looks at the mean loss of each step in order and
 * is the same for any topology. Loss functions used here grow at most quadratically in the outputs,
 * and a healthy run does not come near the bound.
 */
final class Divergence {
  private static final double FACTOR = 1e4;

  private double first = Double.NaN;

  /** Starts over, with the loss of the first step when a checkpoint knows it, else NaN. */
  Divergence(double firstLoss) {
    this.first = firstLoss;
  }

  /** Mean loss of the first step seen, or NaN. */
  double firstLoss() {
    return first;
  }

  /**
   * Looks at one step.
   *
   * @param step 0-based
   * @param meanLoss loss per unit of weight
   * @return what is wrong, or null
   */
  @Nullable String observe(long step, double meanLoss) {
    if (Double.isNaN(meanLoss) || Double.isInfinite(meanLoss)) {
      return "loss is " + meanLoss + " at step " + step;
    }
    if (Double.isNaN(first)) {
      first = meanLoss;
      return null;
    }
    double bound = FACTOR * Math.max(1, Math.abs(first));
    if (meanLoss > bound) {
      return String.format(
          "loss rose from %.4g at the start to %.4g at step %d", first, meanLoss, step);
    }
    return null;
  }

  /** What a user can do about it. */
  static String advice(double learningRate) {
    return String.format(
        "try a learning rate of %.1g (now %.3g), gradient_clip: {norm: 1.0}, or a warm-up; check the data for extreme values",
        learningRate / 10, learningRate);
  }
}
