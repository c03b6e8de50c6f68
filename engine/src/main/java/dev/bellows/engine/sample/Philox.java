package dev.bellows.engine.sample;

/**
 * Philox4x32-10: random bits as a pure function of (key, counter).
 *
 * <p>J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw: Parallel Random Numbers: As Easy as 1, 2,
 * 3, SC 2011. The 128-bit counter here is {0, 0, high(index/4), low(index/4)} read as words c0 =
 * low, c1 = high, c2 = c3 = 0; element {@code index} is word {@code index % 4} of that block. Any
 * element can be computed alone, on any machine, in any order: native kernels that need the same
 * numbers follow exactly this layout.
 *
 * <pre>
 * uniform(key, i) = (word >>> 8) * 2^-24                                in [0, 1)
 * normal(key, i)  = sqrt(-2 ln u) * (i even ? cos : sin)(2 pi v)        Box-Muller on words (0,1) or (2,3) of the block
 *                   u = (word + 0.5) * 2^-32, v = nextWord * 2^-32
 * </pre>
 */
public final class Philox {
  private static final long M0 = 0xD2511F53L;
  private static final long M1 = 0xCD9E8D57L;
  private static final int W0 = 0x9E3779B9;
  private static final int W1 = 0xBB67AE85;
  private static final long MASK = 0xFFFFFFFFL;
  private static final int ROUNDS = 10;

  private Philox() {}

  /**
   * One block of four words.
   *
   * @param key the 64-bit key, low word first
   * @param counterLow words 0 and 1 of the counter
   * @param counterHigh words 2 and 3 of the counter
   * @param out receives the four words at {@code out[at .. at+3]}
   */
  public static void block(long key, long counterLow, long counterHigh, int[] out, int at) {
    int c0 = (int) counterLow;
    int c1 = (int) (counterLow >>> 32);
    int c2 = (int) counterHigh;
    int c3 = (int) (counterHigh >>> 32);
    int k0 = (int) key;
    int k1 = (int) (key >>> 32);
    for (int round = 0; round < ROUNDS; round++) {
      long p0 = M0 * (c0 & MASK);
      long p1 = M1 * (c2 & MASK);
      c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
      c1 = (int) p1;
      c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
      c3 = (int) p0;
      k0 += W0;
      k1 += W1;
    }
    out[at] = c0;
    out[at + 1] = c1;
    out[at + 2] = c2;
    out[at + 3] = c3;
  }

  /** Element {@code index} of the uniform stream of {@code key}: a multiple of 2^-24 in [0, 1). */
  public static float uniform(long key, long index) {
    int[] words = new int[4];
    block(key, index >>> 2, 0, words, 0);
    return unit(words[(int) (index & 3)]);
  }

  /** Element {@code index} of the standard normal stream of {@code key}. */
  public static float normal(long key, long index) {
    int[] words = new int[4];
    block(key, index >>> 2, 0, words, 0);
    int pair = (int) (index & 2);
    return gauss(words[pair], words[pair + 1], (index & 1) == 0);
  }

  /**
   * Elements {@code [from, from + count)} of the uniform stream into {@code dst[at ..]}; equal to
   * one-shot calls.
   */
  public static void fillUniform(long key, long from, float[] dst, int at, int count) {
    int[] words = new int[4];
    long current = -1;
    for (int i = 0; i < count; i++) {
      long index = from + i;
      if (index >>> 2 != current) {
        current = index >>> 2;
        block(key, current, 0, words, 0);
      }
      dst[at + i] = unit(words[(int) (index & 3)]);
    }
  }

  /**
   * Elements {@code [from, from + count)} of the standard normal stream into {@code dst[at ..]}.
   */
  public static void fillNormal(long key, long from, float[] dst, int at, int count) {
    int[] words = new int[4];
    long current = -1;
    for (int i = 0; i < count; i++) {
      long index = from + i;
      if (index >>> 2 != current) {
        current = index >>> 2;
        block(key, current, 0, words, 0);
      }
      int pair = (int) (index & 2);
      dst[at + i] = gauss(words[pair], words[pair + 1], (index & 1) == 0);
    }
  }

  private static float unit(int word) {
    return (word >>> 8) * 0x1.0p-24f;
  }

  // StrictMath: the same bits on every JVM and processor; these values become initial weights.
  private static float gauss(int first, int second, boolean cosine) {
    double u = ((first & MASK) + 0.5) * 0x1.0p-32;
    double angle = 2 * Math.PI * ((second & MASK) * 0x1.0p-32);
    double radius = Math.sqrt(-2 * StrictMath.log(u));
    return (float) (radius * (cosine ? StrictMath.cos(angle) : StrictMath.sin(angle)));
  }
}
