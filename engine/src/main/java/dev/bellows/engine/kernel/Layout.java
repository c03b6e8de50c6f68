package dev.bellows.engine.kernel;

/** Moves elements without arithmetic. */
public interface Layout {
  /** Copies {@code lines} lines of {@code bytes} bytes; strides in bytes. */
  KernelCall bindCopy(long lines, long bytes, long x, long xStride, long y, long yStride);

  /** y [cols, rows] = transpose of x [rows, cols], 4-byte elements. */
  KernelCall bindTranspose(int rows, int cols, long x, long y);
}
