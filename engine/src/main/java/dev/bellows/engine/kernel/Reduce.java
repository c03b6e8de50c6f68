package dev.bellows.engine.kernel;

/** Reductions and checks. Addresses are of float32 unless said. */
public interface Reduce {
  /** y[o, i] = scale sum_r x[o, r, i]; x is [outer, reduced, inner]. */
  KernelCall bindSum(long outer, long reduced, long inner, float scale, long x, long y);

  /**
   * y[i] = the sum of parts[g][i] over g, added as a binary tree, ((0 + 1) + (2 + 3)) + ...
   *
   * @param parts address of each part's {@code n} values; a power of two of them, at most {@link
   *     Gemm#MAX_PARTS}. Parts may be the same memory as y.
   */
  KernelCall bindPartSum(long[] parts, long n, long y);

  /** y[r] = max_c x[r, c]. */
  KernelCall bindRowMax(int rows, int cols, long x, long y);

  /** y[r] = index of the largest x[r, c], the first at a tie; y is int. */
  KernelCall bindRowArgmax(int rows, int cols, long x, long y);

  /** Whether none of n values is NaN or infinite. */
  boolean allFinite(long x, long n);

  /**
   * Position i of the first int x[i stride], i below n, that is not in [0, limit); -1 when all are.
   */
  long firstOutside(long x, long n, long stride, int limit);
}
