package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Sparse;

/** {@link Sparse} by our C library. */
final class NativeSparse implements Sparse {
  @Override
  public KernelCall bindMatmul(int rows, int k, long csr, long w, long bias, long y) {
    return () -> NativeOps.csrMatmul(rows, k, csr, w, bias, y);
  }

  @Override
  public KernelCall bindMatmulTransposed(int rows, int d, int k, long csr, long dy, long dw) {
    return () -> NativeOps.csrMatmulTransposed(rows, d, k, csr, dy, dw);
  }
}
