package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.BatchGemmShape;
import dev.bellows.engine.kernel.Gemm;
import dev.bellows.engine.kernel.GemmShape;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Memory;

/**
 * Weight gradients of small batches, A^T B over few rows, by our C library ({@code outer_sum.c}):
 * it reads both operands as they lie and can add the products of several slices on the way. All
 * other products are another's.
 */
final class NativeGemm implements Gemm {
  /** Rows of a batch up to which our kernel is not slower than oneDNN's. */
  private static final int MOST_ROWS = 128;

  private final Gemm others;
  private final SessionMemory memory;

  NativeGemm(Gemm others, SessionMemory memory) {
    this.others = others;
    this.memory = memory;
  }

  /** A function of the shape alone: a slice has the same bits alone and beside others. */
  @Override
  public boolean sums(GemmShape shape) {
    return shape.transA()
        && !shape.transB()
        && shape.k() <= MOST_ROWS
        && shape.operands() == DType.FLOAT32;
  }

  @Override
  public KernelCall bindSum(GemmShape shape, long[] a, long[] b, long c) {
    if (!sums(shape)) {
      return Gemm.super.bindSum(shape, a, b, c);
    }
    if (a.length != b.length || Integer.bitCount(a.length) != 1 || a.length > MAX_PARTS) {
      throw new IllegalArgumentException(
          "sum of products: expected a power of two up to "
              + MAX_PARTS
              + " of both operands, found "
              + a.length
              + " and "
              + b.length);
    }
    int parts = a.length;
    long left = addresses(memory, a);
    long right = addresses(memory, b);
    return () -> outerSum(parts, left, right, shape.m(), shape.n(), shape.k(), c);
  }

  @Override
  public KernelCall bind(GemmShape shape, long a, long b, long bias, long c) {
    return bias == 0 && sums(shape)
        ? bindSum(shape, new long[] {a}, new long[] {b}, c)
        : others.bind(shape, a, b, bias, c);
  }

  @Override
  public KernelCall bindBatch(BatchGemmShape shape, long a, long b, long c) {
    return others.bindBatch(shape, a, b, c);
  }

  @Override
  public String describe(GemmShape shape) {
    return sums(shape) ? "own outer sum" : others.describe(shape);
  }

  /** Puts addresses where C reads them. */
  static long addresses(SessionMemory memory, long[] values) {
    long block = memory.take(8L * values.length);
    for (int i = 0; i < values.length; i++) {
      Memory.putLong(block + 8L * i, values[i]);
    }
    return block;
  }

  private static native void outerSum(long parts, long a, long b, long m, long n, long k, long c);

  static native void partSum(long parts, long x, long n, long y);
}
