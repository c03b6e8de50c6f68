package dev.bellows.engine.kernel;

/** Sums over rows that say how good scores s [N, K] are. */
public enum MetricOp {
  /** Labels int [N]: rows whose largest score (the first at a tie) is the label. */
  CORRECT(0),
  /** Target float [N, K]: share of outputs with (s > 0) == (t > 0.5). */
  CORRECT_BINARY(1),
  /** Target float [N, K]: mean over outputs of |s - t|. */
  ABSOLUTE_ERROR(2);

  private final int code;

  MetricOp(int code) {
    this.code = code;
  }

  /** The number that native code knows the metric by. */
  public int code() {
    return code;
  }
}
