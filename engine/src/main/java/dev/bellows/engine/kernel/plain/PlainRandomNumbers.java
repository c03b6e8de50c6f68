package dev.bellows.engine.kernel.plain;

import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.RandomNumbers;
import dev.bellows.engine.sample.Distribution;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.Memory;

/** {@link RandomNumbers} in Java. */
final class PlainRandomNumbers implements RandomNumbers {
  @Override
  public KernelCall bindDropout(float rate, long key, long x, long y, long n) {
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

  @Override
  public KernelCall bindDraw(Distribution distribution, long key, long y, long n) {
    int[] words = new int[4];
    return () -> {
      long stream = Memory.getLong(key);
      for (long i = 0; i < n; i++) {
        int at = (int) (i & 3);
        if (at == 0) {
          Philox.block(stream, i >>> 2, 0, words, 0);
        }
        Memory.putFloat(y + 4 * i, draw(distribution, words, at));
      }
    };
  }

  private static float draw(Distribution distribution, int[] words, int at) {
    return switch (distribution) {
      case UNIFORM -> (words[at] >>> 8) * 0x1.0p-24f;
      case GUMBEL -> -FloatMath.log(-FloatMath.log(share(words[at])));
      case NORMAL -> {
        float radius = (float) Math.sqrt(-2.0f * FloatMath.log(share(words[at & 2])));
        float turns = (words[at | 1] >>> 8) * 0x1.0p-24f;
        yield radius * ((at & 1) == 0 ? FloatMath.cosTurns(turns) : FloatMath.sinTurns(turns));
      }
    };
  }

  private static float share(int word) {
    return ((word >>> 9) + 0.5f) * 0x1.0p-23f;
  }
}
