package dev.bellows.ps.shard;

/** Looks for NaN and infinities without a branch per element, so that the loop is vectorised. */
public final class Finite {
  private static final int MAGNITUDE = 0x7fffffff;
  private static final int ONE_EXPONENT = 0x00800000;

  private Finite() {}

  /** True when {@code values[from, to)} has no NaN and no infinity. */
  public static boolean all(float[] values, int from, int to) {
    int signs = 0;
    for (int i = from; i < to; i++) {
      // only the largest exponent, that of NaN and infinity, carries into the sign bit
      signs |= (Float.floatToRawIntBits(values[i]) & MAGNITUDE) + ONE_EXPONENT;
    }
    return signs >= 0;
  }
}
