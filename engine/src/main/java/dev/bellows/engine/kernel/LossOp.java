package dev.bellows.engine.kernel;

/**
 * Losses on raw scores s [N, K]: the sum over rows of weight times the mean over outputs of the
 * formula (softmax cross entropy: the formula itself), and its gradient.
 */
public enum LossOp {
  /** Labels int [N]: -sum_k q_k log softmax_k, q = (1 - p) onehot + p / K. */
  SOFTMAX_CROSS_ENTROPY(0),
  /** Target float [N, K]: softplus(s) - t s, t = (1 - p) target + p / 2. */
  SIGMOID_CROSS_ENTROPY(1),
  /** Target float [N, K]: (s - t)^2. */
  MSE(2),
  /** Target float [N, K]: |s - t|; slope 0 at 0. */
  MAE(3),
  /** Target float [N, K]: e^2 / 2 where |e| is at most p, else p (|e| - p / 2), e = s - t. */
  HUBER(4),
  /** Target float [N, K] of 0 and 1: max(0, 1 - y s), y = 2 t - 1; slope 0 at the margin. */
  HINGE(5);

  private final int code;

  LossOp(int code) {
    this.code = code;
  }

  /** The number that native code knows the loss by. */
  public int code() {
    return code;
  }
}
