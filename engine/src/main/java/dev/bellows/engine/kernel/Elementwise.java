package dev.bellows.engine.kernel;

/**
 * Elementwise kernels. Addresses are of float32; the result may be an operand's own address when
 * the shapes are equal.
 */
public interface Elementwise {
  /** y[i] = op(x[i]; p, q) for n elements. */
  KernelCall bindUnary(UnaryOp op, float p, float q, long x, long y, long n);

  /** y = op(a, b; p) over the broadcast shape; y is dense. */
  KernelCall bindBinary(BinaryOp op, float p, BroadcastShape shape, long a, long b, long y);

  /** y[r, c] = op(x[r, c] + bias[c]; p, q). */
  KernelCall bindBias(UnaryOp op, float p, float q, long x, long bias, long y, int rows, int cols);

  /** y = GELU(x) and slope = GELU_SLOPE(x), bit for bit; slope may be the address of x. */
  KernelCall bindGeluWithSlope(long x, long y, long slope, long n);

  /**
   * dx = op(dy, saved; p) and sums[c] = sum over rows r, in order, of dx[r, c]: an activation's
   * gradient and the gradient of the bias before it in one pass.
   */
  KernelCall bindGradientWithSums(
      BinaryOp op, float p, long dy, long saved, long dx, long sums, int rows, int cols);
}
