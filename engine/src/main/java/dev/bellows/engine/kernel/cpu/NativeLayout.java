package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Layout;
import dev.bellows.engine.tensor.DType;

/** {@link Layout} by our C library. */
final class NativeLayout implements Layout {
  @Override
  public KernelCall bindCopy(long lines, long bytes, long x, long xStride, long y, long yStride) {
    return () -> NativeOps.copyLines(lines, bytes, x, xStride, y, yStride);
  }

  @Override
  public KernelCall bindConvert(DType from, DType to, long n, long x, long y) {
    if (from == to) {
      return bindCopy(1, n * from.bytes(), x, 0, y, 0);
    }
    return to == DType.BFLOAT16
        ? () -> NativeOps.toBfloat16(n, x, y)
        : () -> NativeOps.fromBfloat16(n, x, y);
  }

  @Override
  public KernelCall bindTranspose(int rows, int cols, long x, long y) {
    return () -> NativeOps.transpose(rows, cols, x, y);
  }
}
