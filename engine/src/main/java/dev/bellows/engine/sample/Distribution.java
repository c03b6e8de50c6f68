package dev.bellows.engine.sample;

/**
 * What random numbers are distributed like. Element i is a function of a key and i alone; bits come
 * from {@link Philox}.
 *
 * <pre>
 * share(word)  = ((word >>> 9) + 0.5) 2^-23                                   in (0, 1), never 0 or 1
 * uniform(i)   = (word i >>> 8) 2^-24                                         in [0, 1)
 * normal(i)    = sqrt(-2 ln share(word p)) * (i even ? cos : sin)(2 pi (word (p + 1) >>> 8) 2^-24), p = i - i % 2
 * gumbel(i)    = -ln(-ln share(word i))
 * </pre>
 *
 * Unlike {@link Philox#normal}, which makes initial weights in double precision, kernels compute
 * these in single precision.
 */
public enum Distribution {
  /** Uniform in [0, 1). */
  UNIFORM(0),
  /** Mean 0, variance 1; at most 5.8 from 0. */
  NORMAL(1),
  /** The distribution of the largest of many draws: arg max of scores plus it draws by softmax. */
  GUMBEL(2);

  private final int code;

  Distribution(int code) {
    this.code = code;
  }

  /** The code in attributes and in the C library. */
  public int code() {
    return code;
  }

  /** The distribution of a code. */
  public static Distribution of(int code) {
    for (Distribution each : values()) {
      if (each.code == code) {
        return each;
      }
    }
    throw new IllegalArgumentException("no distribution has code " + code);
  }

  /** Element {@code index} of the stream of {@code key}, in double precision. */
  public double draw(long key, long index) {
    int[] words = new int[4];
    Philox.block(key, index >>> 2, 0, words, 0);
    int at = (int) (index & 3);
    return switch (this) {
      case UNIFORM -> (words[at] >>> 8) * 0x1.0p-24;
      case GUMBEL -> -Math.log(-Math.log(share(words[at])));
      case NORMAL -> {
        double radius = Math.sqrt(-2 * Math.log(share(words[at & 2])));
        double angle = 2 * Math.PI * (words[at | 1] >>> 8) * 0x1.0p-24;
        yield radius * ((at & 1) == 0 ? Math.cos(angle) : Math.sin(angle));
      }
    };
  }

  private static double share(int word) {
    return ((word >>> 9) + 0.5) * 0x1.0p-23;
  }
}
