package dev.bellows.engine.kernel;

/**
 * Pooling and resampling of images [N, spatial..., C]. Values are float32; an index is int32, the
 * flat spatial position in its row, or -1 for none.
 */
public interface Pooling {
  /**
   * y = largest value of each window and index = where it is (the first at a tie; NaN is larger
   * than all).
   *
   * @param relu whether y is max(0, y)
   * @param y address, or 0 when only the index is wanted
   * @param index address, or 0 when only the value is wanted
   */
  KernelCall bindMax(PoolShape shape, boolean relu, long x, long y, long index);

  /**
   * dx = dy at its index, 0 elsewhere, for windows that tile the input.
   *
   * @param positive address of y: dy counts only where y is above 0 (pooled relu); 0 for always
   */
  KernelCall bindMaxGrad(PoolShape shape, long dy, long index, long positive, long dx);

  /** y = mean of each window; {@code padded} counts the zeros of the padding. */
  KernelCall bindAverage(PoolShape shape, boolean padded, long x, long y);

  /** dx = sum over the windows of a position of dy over the number of values of the window. */
  KernelCall bindAverageGrad(PoolShape shape, boolean padded, long dy, long dx);

  /**
   * y[n, p, c] = x[n, index[n, p, c], c], 0 where the index is -1; x [rows, positions, channels].
   */
  KernelCall bindTake(
      int rows, int positions, int places, int channels, long x, long index, long y);

  /** dx = 0, then dx[n, index[n, p, c], c] += dy[n, p, c] in order. */
  KernelCall bindPut(
      int rows, int positions, int places, int channels, long dy, long index, long dx);

  /** y = x interpolated, see {@link ResizeShape}. */
  KernelCall bindResize(ResizeShape shape, long x, long y);

  /** The transpose of {@link #bindResize}. */
  KernelCall bindResizeGrad(ResizeShape shape, long dy, long dx);

  /**
   * y = mean over the samples of a bin of x interpolated bilinearly; 0 more than a pixel outside.
   */
  KernelCall bindRoiAlign(RoiShape shape, long x, long regions, long y);

  /** The transpose of {@link #bindRoiAlign}. */
  KernelCall bindRoiAlignGrad(RoiShape shape, long dy, long regions, long dx);

  /** index = position among all N H W pixels of the largest value of each bin; -1 when empty. */
  KernelCall bindRoiPoolIndex(RoiShape shape, long x, long regions, long index);

  /** y[r, c] = sum of x[r, c - half] to x[r, c + half] inside the row. */
  KernelCall bindChannelSum(int rows, int channels, int half, long x, long y);
}
