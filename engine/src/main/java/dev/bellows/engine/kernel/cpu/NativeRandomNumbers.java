package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.RandomNumbers;
import dev.bellows.engine.sample.Distribution;
import dev.bellows.engine.tensor.Memory;

/** {@link RandomNumbers} by our C library. */
final class NativeRandomNumbers implements RandomNumbers {
  @Override
  public KernelCall bindDropout(float rate, long key, long x, long y, long n) {
    float scale = (float) (1 / (1 - (double) rate));
    return () -> NativeOps.dropout(Memory.getLong(key), rate, scale, x, y, n);
  }

  @Override
  public KernelCall bindDraw(Distribution distribution, long key, long y, long n) {
    int code = distribution.code();
    return () -> NativeOps.draw(Memory.getLong(key), code, y, n);
  }
}
