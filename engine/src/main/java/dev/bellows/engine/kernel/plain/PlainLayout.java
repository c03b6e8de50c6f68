package dev.bellows.engine.kernel.plain;

import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Layout;
import dev.bellows.engine.tensor.Bfloat16;
import dev.bellows.engine.tensor.DType;
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
  public KernelCall bindConvert(DType from, DType to, long n, long x, long y) {
    if (from == to) {
      return bindCopy(1, n * from.bytes(), x, 0, y, 0);
    }
    return to == DType.BFLOAT16
        ? () -> {
          for (long i = 0; i < n; i++) {
            Memory.putShort(y + 2 * i, Bfloat16.round(Memory.getFloat(x + 4 * i)));
          }
        }
        : () -> {
          for (long i = 0; i < n; i++) {
            Memory.putFloat(y + 4 * i, Bfloat16.value(Memory.getShort(x + 2 * i)));
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
