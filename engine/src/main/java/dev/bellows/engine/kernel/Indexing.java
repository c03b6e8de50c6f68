package dev.bellows.engine.kernel;

/**
 * Moves elements of 4 bytes about. Indices and lengths are int and are not checked here; the other
 * addresses are of float32, where elements are only copied also of int.
 */
public interface Indexing {
  /** y = x with its dimensions in another order. */
  KernelCall bindPermute(PermuteShape shape, long x, long y);

  /** y = x and what the pad shows around it. */
  KernelCall bindPad(PadShape shape, float value, long x, long y);

  /** x = 0, then each element of y is added to the element of x that it shows, y in order. */
  KernelCall bindUnpad(PadShape shape, long y, long x);

  /** y [outer, count, inner] = x [outer, size, inner] at indices [count] of the middle axis. */
  KernelCall bindGather(SliceShape shape, long x, long indices, long y);

  /** x [outer, size, inner] = 0, then x[o, indices[i], :] += dy[o, i, :], i in order. */
  KernelCall bindScatterAdd(SliceShape shape, long dy, long indices, long x);

  /** y [count, depth] = 1 at indices [count], else 0. */
  KernelCall bindOneHot(int count, int depth, long indices, long y);

  /**
   * y [outer, n, inner] = sums of x over the places up to each; places after it when {@code
   * reverse}; without it when {@code exclusive}. Each sum is kept in double precision.
   */
  KernelCall bindCumulativeSum(
      int outer, int n, int inner, boolean exclusive, boolean reverse, long x, long y);

  /** y[i] = mask[i] is not 0 ? a[i] : b[i]. */
  KernelCall bindSelect(long n, long mask, long a, long b, long y);

  /** y [rows, steps, inner]: x with places below lengths[row] in turned order. */
  KernelCall bindReverseSequence(int rows, int steps, int inner, long x, long lengths, long y);

  /** y [rows, steps] = 1 below lengths[row], else 0. */
  KernelCall bindSequenceMask(int rows, int steps, long lengths, long y);

  /**
   * y int [rows, queries, 2 reach + 1] = rows apart by {@code size}, places from max(0, min(ceil(c
   * - reach), size - 2 reach - 1)) on, c float of centres [rows, queries]; a NaN counts as 0.
   */
  KernelCall bindWindowPlaces(int rows, int queries, int size, int reach, long centres, long y);
}
