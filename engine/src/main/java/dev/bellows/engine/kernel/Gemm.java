package dev.bellows.engine.kernel;

/** Dense matrix products. C and the bias are float32, A and B of the shape's type. */
public interface Gemm {
  /**
   * C [m, n] = op(A) op(B), plus bias [n] in every row when there is one.
   *
   * @param bias address of the bias, or 0
   */
  KernelCall bind(GemmShape shape, long a, long b, long bias, long c);

  /** Most parts of a {@link #bindSum}. */
  int MAX_PARTS = 16;

  /** Whether {@link #bindSum} has a kernel for the shape. */
  default boolean sums(GemmShape shape) {
    return false;
  }

  /**
   * C [m, n] = the sum over parts g of op(A_g) op(B_g), added as a binary tree, ((0 + 1) + (2 + 3))
   * + ... The bits are those of {@link #bind} for each part and float additions afterwards.
   *
   * @param a address of each part's A; a power of two of them, at most {@link #MAX_PARTS}
   * @param b address of each part's B
   * @throws UnsupportedOperationException when {@link #sums} says no
   */
  default KernelCall bindSum(GemmShape shape, long[] a, long[] b, long c) {
    throw new UnsupportedOperationException(
        "no kernel sums products of " + shape + "; ask sums(shape) first");
  }

  /** C [..., m, n] = op(A) [..., m, k] op(B) [..., k, n], leading axes broadcast. */
  KernelCall bindBatch(BatchGemmShape shape, long a, long b, long c);

  /** Name of the implementation that a shape gets, for plan descriptions. */
  String describe(GemmShape shape);
}
