package dev.bellows.engine.kernel;

/**
 * Convolution in the sense of deep learning: cross-correlation, the kernel is not flipped. With p
 * over output positions, k over kernel positions, c over the channels of a group:
 *
 * <pre>
 * y[n, p, o] = bias[o] + sum_k,c x[n, p stride + k dilation - low, c] w[k, c, o]   (0 outside x)
 * </pre>
 *
 * The three products are the derivatives of one trilinear form, so each one's gradients are the
 * other two. Addresses are of float32; shapes as in {@link ConvolutionShape}.
 */
public interface Convolution {
  /**
   * y from x and w.
   *
   * @param bias address of the bias [O], or 0
   */
  KernelCall bindForward(ConvolutionShape shape, long x, long w, long bias, long y);

  /** dx[n, q, c] = sum of dy[n, p, o] w[k, c, o] over p stride + k dilation - low = q. */
  KernelCall bindGradInput(ConvolutionShape shape, long dy, long w, long dx);

  /**
   * dw[k, c, o] = sum_n,p x[n, p stride + k dilation - low, c] dy[n, p, o].
   *
   * @param dbias address for the sums of dy [O], or 0
   */
  KernelCall bindGradWeight(ConvolutionShape shape, long x, long dy, long dw, long dbias);

  /**
   * Whether the product of operands rounded to BFLOAT16 is the faster one: a function of shape and
   * instruction set alone, never of a timing. A plan in mixed precision keeps FLOAT32 where not.
   */
  boolean prefersRounded(ConvolutionShape shape, Product product);

  /** Names of the implementations of the three products, for plan descriptions. */
  String describe(ConvolutionShape shape, Product product);

  /** The three products. */
  enum Product {
    FORWARD,
    GRAD_INPUT,
    GRAD_WEIGHT
  }
}
