package dev.bellows.engine.kernel.plain;

import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Reduce;
import dev.bellows.engine.tensor.Memory;

/** {@link Reduce} in Java. */
final class PlainReduce implements Reduce {
  @Override
  public KernelCall bindSum(long outer, long reduced, long inner, float scale, long x, long y) {
    if (inner == 1) {
      double[] lanes = new double[Rows.LANES];
      return () -> {
        for (long o = 0; o < outer; o++) {
          double sum = Rows.sum(lanes, x + 4 * o * reduced, reduced);
          Memory.putFloat(y + 4 * o, (float) (sum * scale));
        }
      };
    }
    return () -> {
      for (long o = 0; o < outer; o++) {
        long to = y + 4 * o * inner;
        Memory.zero(to, 4 * inner);
        for (long r = 0; r < reduced; r++) {
          long from = x + 4 * (o * reduced + r) * inner;
          for (long i = 0; i < 4 * inner; i += 4) {
            Memory.putFloat(to + i, Memory.getFloat(to + i) + Memory.getFloat(from + i));
          }
        }
        if (scale != 1) {
          for (long i = 0; i < 4 * inner; i += 4) {
            Memory.putFloat(to + i, Memory.getFloat(to + i) * scale);
          }
        }
      }
    };
  }

  @Override
  public KernelCall bindPartSum(long[] parts, long n, long y) {
    float[] values = new float[parts.length];
    return () -> {
      for (long i = 0; i < 4 * n; i += 4) {
        for (int g = 0; g < values.length; g++) {
          values[g] = Memory.getFloat(parts[g] + i);
        }
        for (int step = 1; step < values.length; step *= 2) {
          for (int g = 0; g < values.length; g += 2 * step) {
            values[g] += values[g + step];
          }
        }
        Memory.putFloat(y + i, values[0]);
      }
    };
  }

  @Override
  public KernelCall bindRowMax(int rows, int cols, long x, long y) {
    return () -> {
      for (long r = 0; r < rows; r++) {
        Memory.putFloat(y + 4 * r, Rows.max(x + 4 * r * cols, cols));
      }
    };
  }

  @Override
  public KernelCall bindRowArgmax(int rows, int cols, long x, long y) {
    return () -> {
      for (long r = 0; r < rows; r++) {
        Memory.putInt(y + 4 * r, Rows.argmax(x + 4 * r * cols, cols));
      }
    };
  }

  @Override
  public boolean allFinite(long x, long n) {
    int bad = 0;
    for (long i = 0; i < 4 * n; i += 4) {
      // All-ones exponent: adding one to it reaches the sign bit.
      bad |= (Memory.getInt(x + i) & 0x7f800000) + 0x00800000;
    }
    return bad >= 0;
  }

  @Override
  public long firstOutside(long x, long n, long stride, int limit) {
    for (long i = 0; i < n; i++) {
      int value = Memory.getInt(x + 4 * i * stride);
      if (value < 0 || value >= limit) {
        return i;
      }
    }
    return -1;
  }
}
