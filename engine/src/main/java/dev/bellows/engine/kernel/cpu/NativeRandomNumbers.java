package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.Dropout;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.tensor.Memory;

/** {@link Dropout} by our C library. */
final class NativeDropout implements Dropout {
  @Override
  public KernelCall bind(float rate, long key, long x, long y, long n) {
    float scale = (float) (1 / (1 - (double) rate));
    return () -> NativeOps.dropout(Memory.getLong(key), rate, scale, x, y, n);
  }
}
