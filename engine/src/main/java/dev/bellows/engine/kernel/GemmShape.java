package dev.bellows.engine.kernel;

import dev.bellows.engine.tensor.DType;

/**
 * A matrix product C [m, n] = op(A) [m, k] op(B) [k, n]; all row-major and dense. C is float32 and
 * so are the sums, whatever the operands are.
 *
 * @param transA A is stored [k, m]
 * @param transB B is stored [n, k]
 * @param operands type of A and B: FLOAT32 or BFLOAT16
 */
public record GemmShape(int m, int n, int k, boolean transA, boolean transB, DType operands) {
  public GemmShape {
    if (m < 1 || n < 1 || k < 1) {
      throw new IllegalArgumentException(
          "matrix product of m " + m + ", n " + n + ", k " + k + ": all must be 1 or more");
    }
    if (operands != DType.FLOAT32 && operands != DType.BFLOAT16) {
      throw new IllegalArgumentException(
          "matrix product of " + operands + ": operands are FLOAT32 or BFLOAT16");
    }
  }

  /** A product of float32 matrices. */
  public GemmShape(int m, int n, int k, boolean transA, boolean transB) {
    this(m, n, k, transA, transB, DType.FLOAT32);
  }

  /** Multiplications and additions. */
  public long flops() {
    return 2L * m * n * k;
  }
}
