package dev.bellows.engine.kernel;

/**
 * A matrix product C [m, n] = op(A) [m, k] op(B) [k, n]; all row-major and dense.
 *
 * @param transA A is stored [k, m]
 * @param transB B is stored [n, k]
 */
public record GemmShape(int m, int n, int k, boolean transA, boolean transB) {
  public GemmShape {
    if (m < 1 || n < 1 || k < 1) {
      throw new IllegalArgumentException(
          "matrix product of m " + m + ", n " + n + ", k " + k + ": all must be 1 or more");
    }
  }

  /** Multiplications and additions. */
  public long flops() {
    return 2L * m * n * k;
  }
}
