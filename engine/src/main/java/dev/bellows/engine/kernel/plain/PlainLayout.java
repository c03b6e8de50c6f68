package dev.bellows.engine.kernel.plain;

import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Layout;
import dev.bellows.engine.tensor.Memory;

/** {@link Layout} in Java. */
final class PlainLayout implements Layout {
  @Override
  public KernelCall bindCopy(long lines, long bytes, long x, long xStride, long y, long yStride) {
    return () -> {
      for (long line = 0; line < lines; line++) {
        Memory.copy(x + line * xStride, y + line * yStride, bytes);
      }
    };
  }

  @Override
  public KernelCall bindTranspose(int rows, int cols, long x, long y) {
    return () -> {
      for (long r = 0; r < rows; r++) {
        for (long c = 0; c < cols; c++) {
          Memory.putInt(y + 4 * (c * rows + r), Memory.getInt(x + 4 * (r * cols + c)));
        }
      }
    };
  }
}
