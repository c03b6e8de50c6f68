package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Reduce;

/** {@link Reduce} by our C library. */
final class NativeReduce implements Reduce {
  private final SessionMemory memory;

  NativeReduce(SessionMemory memory) {
    this.memory = memory;
  }

  @Override
  public KernelCall bindSum(long outer, long reduced, long inner, float scale, long x, long y) {
    return () -> NativeOps.sum(outer, reduced, inner, scale, x, y);
  }

  @Override
  public KernelCall bindPartSum(long[] parts, long n, long y) {
    int count = parts.length;
    long addresses = NativeGemm.addresses(memory, parts);
    return () -> NativeGemm.partSum(count, addresses, n, y);
  }

  @Override
  public KernelCall bindRowMax(int rows, int cols, long x, long y) {
    return () -> NativeOps.rowMax(rows, cols, x, y);
  }

  @Override
  public KernelCall bindRowArgmax(int rows, int cols, long x, long y) {
    return () -> NativeOps.rowArgmax(rows, cols, x, y);
  }

  @Override
  public boolean allFinite(long x, long n) {
    return NativeOps.allFinite(x, n);
  }

  @Override
  public long firstOutside(long x, long n, long stride, int limit) {
    return NativeOps.firstOutside(x, n, stride, limit);
  }
}
