package dev.bellows.engine.tensor;

/** bfloat16 numbers in the bits of a short: the upper half of a binary32. */
public final class Bfloat16 {
  private static final int DROPPED_BITS = 16;
  private static final int QUIET = 0x40;

  private Bfloat16() {}

  /** The nearest bfloat16, to even at a tie; too large becomes infinite, NaN stays NaN. */
  public static short round(float x) {
    int bits = Float.floatToRawIntBits(x);
    if (Float.isNaN(x)) {
      return (short) ((bits >>> DROPPED_BITS) | QUIET);
    }
    int even = (bits >>> DROPPED_BITS) & 1;
    return (short) ((bits + 0x7FFF + even) >>> DROPPED_BITS);
  }

  /** The same number as a float. */
  public static float value(short bits) {
    return Float.intBitsToFloat(bits << DROPPED_BITS);
  }
}
