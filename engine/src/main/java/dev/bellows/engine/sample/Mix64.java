package dev.bellows.engine.sample;

/**
 * A 64-bit mixing function (a bijection) and the keyed hashes made from it.
 *
 * <p>The mixer is the finaliser of SplitMix64 (G. L. Steele, D. Lea, C. H. Flood: Fast Splittable
 * Pseudorandom Number Generators, OOPSLA 2014; constants: D. Stafford's variant 13). Keys are
 * absorbed one by one, each after a full mix, so that (seed, purpose, a, b) and (seed, purpose, b,
 * a) are unrelated.
 */
public final class Mix64 {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private Mix64() {}

  /** Mixes all bits of {@code x}; a bijection on 64-bit values. */
  public static long mix(long x) {
    long z = x + GOLDEN;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /** The key of a purpose under a seed. */
  public static long mix(long seed, Purpose purpose) {
    return mix(mix(seed) ^ (purpose.id() * 0xD1342543DE82EF95L));
  }

  /**
   * A 64-bit hash of (seed, purpose, key). For a fixed seed and purpose it is a bijection of {@code
   * key}: no ties.
   */
  public static long mix(long seed, Purpose purpose, long key) {
    return mix(mix(seed, purpose) ^ mix(key));
  }

  /** A 64-bit hash of (seed, purpose, key1, key2). */
  public static long mix(long seed, Purpose purpose, long key1, long key2) {
    return mix(mix(seed, purpose, key1) + GOLDEN ^ mix(key2));
  }

  /** A uniform number in [0, 1) from the upper 53 bits of a hash. */
  public static double unit(long hash) {
    return (hash >>> 11) * 0x1.0p-53;
  }

  /**
   * A 64-bit hash of text (UTF-16 units), e.g. of a segment name; independent of {@link
   * String#hashCode()}.
   */
  public static long ofText(CharSequence text) {
    long h = text.length();
    for (int i = 0; i < text.length(); i++) {
      h = mix(h ^ text.charAt(i));
    }
    return h;
  }
}
