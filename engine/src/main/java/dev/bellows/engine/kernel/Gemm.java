package dev.bellows.engine.kernel;

/** Dense matrix products. C and the bias are float32, A and B of the shape's type. */
public interface Gemm {
  /**
   * C [m, n] = op(A) op(B), plus bias [n] in every row when there is one.
   *
   * @param bias address of the bias, or 0
   */
  KernelCall bind(GemmShape shape, long a, long b, long bias, long c);

  /** C [..., m, n] = op(A) [..., m, k] op(B) [..., k, n], leading axes broadcast. */
  KernelCall bindBatch(BatchGemmShape shape, long a, long b, long c);

  /** Name of the implementation that a shape gets, for plan descriptions. */
  String describe(GemmShape shape);
}
