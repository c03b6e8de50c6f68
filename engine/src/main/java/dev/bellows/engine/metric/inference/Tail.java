package dev.bellows.engine.metric.inference;

/** Which differences speak against "there is none". */
public enum Tail {
  /** Differences of either sign. */
  TWO_SIDED,
  /** Differences above 0. */
  GREATER,
  /** Differences below 0. */
  LESS;

  /** The p-value from the shares of the null distribution at or above and at or below. */
  double p(double above, double below) {
    return switch (this) {
      case GREATER -> above;
      case LESS -> below;
      case TWO_SIDED -> Math.min(1, 2 * Math.min(above, below));
    };
  }
}
