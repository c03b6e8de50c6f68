package dev.bellows.engine.kernel;

import dev.bellows.engine.tensor.DType;

/** Moves elements without arithmetic, and changes their type. */
public interface Layout {
  /** Copies {@code lines} lines of {@code bytes} bytes; strides in bytes. */
  KernelCall bindCopy(long lines, long bytes, long x, long xStride, long y, long yStride);

  /** y = x in another float type, {@code n} elements; to nearest even when it is narrower. */
  KernelCall bindConvert(DType from, DType to, long n, long x, long y);

  /** y [cols, rows] = transpose of x [rows, cols], 4-byte elements. */
  KernelCall bindTranspose(int rows, int cols, long x, long y);
}
