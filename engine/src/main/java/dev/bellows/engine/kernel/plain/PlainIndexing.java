package dev.bellows.engine.kernel.plain;

import static dev.bellows.engine.tensor.Memory.getFloat;
import static dev.bellows.engine.tensor.Memory.getInt;
import static dev.bellows.engine.tensor.Memory.putFloat;
import static dev.bellows.engine.tensor.Memory.putInt;

import dev.bellows.engine.kernel.Indexing;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.PadShape;
import dev.bellows.engine.kernel.PermuteShape;
import dev.bellows.engine.kernel.SliceShape;
import dev.bellows.engine.tensor.Memory;

/** {@link Indexing} in plain Java. */
final class PlainIndexing implements Indexing {
  @Override
  public KernelCall bindPermute(PermuteShape shape, long x, long y) {
    long[] dims = shape.dims();
    long[] strides = shape.strides();
    long size = shape.size();
    return () -> {
      for (long i = 0; i < size; i++) {
        long rest = i;
        long from = 0;
        for (int axis = dims.length - 1; axis >= 0; axis--) {
          from += rest % dims[axis] * strides[axis];
          rest /= dims[axis];
        }
        putInt(y + 4 * i, getInt(x + 4 * from));
      }
    };
  }

  /** Element of x that element i of the padded tensor shows, or -1. */
  private static long shown(PadShape shape, long i) {
    long rest = i;
    long from = 0;
    long stride = 1;
    for (int axis = shape.rank() - 1; axis >= 0; axis--) {
      int padded = shape.paddedDim(axis);
      int place = shape.place(axis, (int) (rest % padded));
      if (place < 0) {
        return -1;
      }
      from += place * stride;
      stride *= shape.dim(axis);
      rest /= padded;
    }
    return from;
  }

  private static long size(PadShape shape) {
    long size = 1;
    for (int axis = 0; axis < shape.rank(); axis++) {
      size *= shape.paddedDim(axis);
    }
    return size;
  }

  @Override
  public KernelCall bindPad(PadShape shape, float value, long x, long y) {
    long size = size(shape);
    return () -> {
      for (long i = 0; i < size; i++) {
        long from = shown(shape, i);
        putFloat(y + 4 * i, from < 0 ? value : getFloat(x + 4 * from));
      }
    };
  }

  @Override
  public KernelCall bindUnpad(PadShape shape, long y, long x) {
    long size = size(shape);
    long bytes = 4;
    for (int axis = 0; axis < shape.rank(); axis++) {
      bytes *= shape.dim(axis);
    }
    long cleared = bytes;
    return () -> {
      Memory.zero(x, cleared);
      for (long i = 0; i < size; i++) {
        long to = shown(shape, i);
        if (to >= 0) {
          putFloat(x + 4 * to, getFloat(x + 4 * to) + getFloat(y + 4 * i));
        }
      }
    };
  }

  @Override
  public KernelCall bindGather(SliceShape s, long x, long indices, long y) {
    long bytes = 4L * s.inner();
    return () -> {
      for (long o = 0; o < s.outer(); o++) {
        for (long i = 0; i < s.count(); i++) {
          long from = x + (o * s.size() + getInt(indices + 4 * i)) * bytes;
          Memory.copy(from, y + (o * s.count() + i) * bytes, bytes);
        }
      }
    };
  }

  @Override
  public KernelCall bindScatterAdd(SliceShape s, long dy, long indices, long x) {
    long bytes = 4L * s.inner();
    return () -> {
      Memory.zero(x, (long) s.outer() * s.size() * bytes);
      for (long o = 0; o < s.outer(); o++) {
        for (long i = 0; i < s.count(); i++) {
          long to = x + (o * s.size() + getInt(indices + 4 * i)) * bytes;
          long from = dy + (o * s.count() + i) * bytes;
          for (long j = 0; j < bytes; j += 4) {
            putFloat(to + j, getFloat(to + j) + getFloat(from + j));
          }
        }
      }
    };
  }

  @Override
  public KernelCall bindOneHot(int count, int depth, long indices, long y) {
    return () -> {
      Memory.zero(y, 4L * count * depth);
      for (long i = 0; i < count; i++) {
        int index = getInt(indices + 4 * i);
        if (index >= 0 && index < depth) {
          putFloat(y + 4 * (i * depth + index), 1);
        }
      }
    };
  }

  @Override
  public KernelCall bindCumulativeSum(
      int outer, int n, int inner, boolean exclusive, boolean reverse, long x, long y) {
    return () -> {
      for (long o = 0; o < outer; o++) {
        for (long j = 0; j < inner; j++) {
          double sum = 0;
          for (int k = 0; k < n; k++) {
            long at = 4 * ((o * n + (reverse ? n - 1 - k : k)) * inner + j);
            float value = getFloat(x + at);
            putFloat(y + at, (float) (exclusive ? sum : sum + value));
            sum += value;
          }
        }
      }
    };
  }

  @Override
  public KernelCall bindSelect(long n, long mask, long a, long b, long y) {
    return () -> {
      for (long i = 0; i < 4 * n; i += 4) {
        putFloat(y + i, getFloat(mask + i) != 0 ? getFloat(a + i) : getFloat(b + i));
      }
    };
  }

  @Override
  public KernelCall bindReverseSequence(
      int rows, int steps, int inner, long x, long lengths, long y) {
    long bytes = 4L * inner;
    return () -> {
      for (long r = 0; r < rows; r++) {
        int length = Math.min(steps, getInt(lengths + 4 * r));
        for (int t = 0; t < steps; t++) {
          int from = t < length ? length - 1 - t : t;
          Memory.copy(x + (r * steps + from) * bytes, y + (r * steps + t) * bytes, bytes);
        }
      }
    };
  }

  @Override
  public KernelCall bindSequenceMask(int rows, int steps, long lengths, long y) {
    return () -> {
      for (long r = 0; r < rows; r++) {
        int length = getInt(lengths + 4 * r);
        for (int t = 0; t < steps; t++) {
          putFloat(y + 4 * (r * steps + t), t < length ? 1 : 0);
        }
      }
    };
  }

  @Override
  public KernelCall bindWindowPlaces(
      int rows, int queries, int size, int reach, long centres, long y) {
    int width = 2 * reach + 1;
    return () -> {
      for (int i = 0; i < rows * queries; i++) {
        double lowest = Math.ceil((double) getFloat(centres + 4L * i) - reach);
        int first = (int) Math.max(0, Math.min(lowest, size - width)) + i / queries * size;
        for (int k = 0; k < width; k++) {
          putInt(y + 4 * ((long) i * width + k), first + k);
        }
      }
    };
  }
}
