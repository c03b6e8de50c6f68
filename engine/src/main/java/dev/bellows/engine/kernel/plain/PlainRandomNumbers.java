package dev.bellows.engine.kernel.plain;

import dev.bellows.engine.kernel.Dropout;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.Memory;

/** {@link Dropout} in Java. */
final class PlainDropout implements Dropout {
  @Override
  public KernelCall bind(float rate, long key, long x, long y, long n) {
    float scale = (float) (1 / (1 - (double) rate));
    int[] words = new int[4];
    return () -> {
      long stream = Memory.getLong(key);
      for (long i = 0; i < n; i++) {
        int word = (int) (i & 3);
        if (word == 0) {
          Philox.block(stream, i >>> 2, 0, words, 0);
        }
        float uniform = (words[word] >>> 8) * 0x1.0p-24f;
        float kept = uniform >= rate ? Memory.getFloat(x + 4 * i) * scale : 0.0f;
        Memory.putFloat(y + 4 * i, kept);
      }
    };
  }
}
