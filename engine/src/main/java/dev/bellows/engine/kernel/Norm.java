package dev.bellows.engine.kernel;

/**
 * Normalisations: softmax over rows, batch normalisation over columns. Addresses are of float32.
 */
public interface Norm {
  /** y = softmax(x / temperature) over each row; the row's maximum is subtracted first. */
  KernelCall bindSoftmax(int rows, int cols, float temperature, long x, long y);

  /** y = x - logsumexp(x) over each row. */
  KernelCall bindLogSoftmax(int rows, int cols, long x, long y);

  /** dx = y (dy - sum_c dy y) / temperature over each row. */
  KernelCall bindSoftmaxGrad(int rows, int cols, float temperature, long dy, long y, long dx);

  /** mean[c] of x [rows, cols]. */
  KernelCall bindBatchMean(int rows, int cols, long x, long mean);

  /** Biased variance[c] of x [rows, cols]. */
  KernelCall bindBatchVariance(int rows, int cols, long x, long variance);

  /** y = scale (x - mean) / sqrt(variance + epsilon) + shift; S. Ioffe, C. Szegedy, ICML 2015. */
  KernelCall bindBatchNorm(
      int rows,
      int cols,
      float epsilon,
      long x,
      long mean,
      long variance,
      long scale,
      long shift,
      long y);

  /**
   * With sd = sqrt(variance + epsilon): scale / sd (dy - mean(dy) - x' mean(dy x')), x' = (x -
   * mean) / sd, when {@code training}; scale / sd dy otherwise.
   */
  KernelCall bindBatchNormGrad(
      boolean training,
      int rows,
      int cols,
      float epsilon,
      long dy,
      long x,
      long mean,
      long variance,
      long scale,
      long dx);

  /** dscale[c] = sum_r dy (x - mean) / sqrt(variance + epsilon). */
  KernelCall bindBatchNormGradScale(
      int rows, int cols, float epsilon, long dy, long x, long mean, long variance, long dscale);

  /** Statistics, normalisation, sum with a skip and relu in one call. */
  KernelCall bindBatchNormForward(BatchNormForward operands);

  /** Sum of two gradients, relu's gradient and the three of batch normalisation in one call. */
  KernelCall bindBatchNormBackward(BatchNormBackward operands);
}
