package dev.bellows.engine.kernel.plain;

import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Sparse;
import dev.bellows.engine.tensor.Memory;

/** {@link Sparse} in Java. */
final class PlainSparse implements Sparse {
  @Override
  public KernelCall bindMatmul(int rows, int k, long csr, long w, long bias, long y) {
    return () -> {
      long pointers = Memory.getLong(csr);
      long columns = Memory.getLong(csr + 8);
      long values = Memory.getLong(csr + 16);
      for (long r = 0; r < rows; r++) {
        long to = y + 4 * r * k;
        if (bias == 0) {
          Memory.zero(to, 4L * k);
        } else {
          Memory.copy(bias, to, 4L * k);
        }
        long end = Memory.getInt(pointers + 4 * r + 4);
        for (long j = Memory.getInt(pointers + 4 * r); j < end; j++) {
          float v = Memory.getFloat(values + 4 * j);
          axpy(k, v, w + 4L * k * Memory.getInt(columns + 4 * j), to);
        }
      }
    };
  }

  @Override
  public KernelCall bindMatmulTransposed(int rows, int d, int k, long csr, long dy, long dw) {
    return () -> {
      long pointers = Memory.getLong(csr);
      long columns = Memory.getLong(csr + 8);
      long values = Memory.getLong(csr + 16);
      Memory.zero(dw, 4L * d * k);
      for (long r = 0; r < rows; r++) {
        long end = Memory.getInt(pointers + 4 * r + 4);
        for (long j = Memory.getInt(pointers + 4 * r); j < end; j++) {
          float v = Memory.getFloat(values + 4 * j);
          axpy(k, v, dy + 4 * r * k, dw + 4L * k * Memory.getInt(columns + 4 * j));
        }
      }
    };
  }

  private static void axpy(int n, float v, long x, long y) {
    for (long c = 0; c < 4L * n; c += 4) {
      Memory.putFloat(y + c, Memory.getFloat(y + c) + v * Memory.getFloat(x + c));
    }
  }
}
