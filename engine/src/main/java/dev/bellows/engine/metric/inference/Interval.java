package dev.bellows.engine.metric.inference;

/**
 * A confidence interval.
 *
 * @param low lower end
 * @param high upper end
 * @param confidence share of samples whose interval holds the true value, in (0, 1)
 */
public record Interval(double low, double high, double confidence) {
  /** Checks the confidence. */
  public Interval {
    if (!(confidence > 0 && confidence < 1)) {
      throw new IllegalArgumentException(
          "confidence: expected a number in (0, 1), found " + confidence);
    }
  }

  /** Half the width. */
  public double halfWidth() {
    return (high - low) / 2;
  }

  /** Whether a value lies inside. */
  public boolean contains(double value) {
    return value >= low && value <= high;
  }
}
