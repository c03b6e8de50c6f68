package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Layout;

/** {@link Layout} by our C library. */
final class NativeLayout implements Layout {
  @Override
  public KernelCall bindCopy(long lines, long bytes, long x, long xStride, long y, long yStride) {
    return () -> NativeOps.copyLines(lines, bytes, x, xStride, y, yStride);
  }

  @Override
  public KernelCall bindTranspose(int rows, int cols, long x, long y) {
    return () -> NativeOps.transpose(rows, cols, x, y);
  }
}
