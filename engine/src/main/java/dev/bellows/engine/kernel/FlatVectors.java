package dev.bellows.engine.kernel;

import dev.bellows.engine.kernel.cpu.CpuKernels;
import dev.bellows.engine.kernel.plain.PlainFlatVectors;
import org.jspecify.annotations.Nullable;

/**
 * Arithmetic on long flat vectors, gradients and parameters, each in one pass over memory. Every
 * implementation gives the same bits, so that which one runs is nobody's concern; stateless, for
 * any thread.
 *
 * <p>Nothing is checked but what Java checks: callers pass ranges that lie in the arrays and
 * different arrays.
 */
public interface FlatVectors {
  /**
   * Added to and taken away from a decaying average of gradients: rounds it to multiples of
   * 2<sup>-100</sup>; values from 2<sup>-52</sup> on keep all their bits. Weights whose input stays
   * zero would else keep subnormal averages for ever, which processors handle many times slower.
   */
  float FLUSH_FIRST = 0x1p-76f;

  /**
   * The same for averages of squares: multiples of 2<sup>-126</sup>; values from 2<sup>-77</sup> on
   * keep all their bits.
   */
  float FLUSH_SECOND = 0x1p-102f;

  /** Positions of the constants of {@link #adam}. */
  enum AdamConstant {
    /** 1 / total weight: gradients come as sums. */
    MEAN,
    /** Clipping by value to [-bound, bound]; infinite for none. */
    BOUND,
    /** Factor of clipping by norm. */
    CLIP,
    /** Added to the gradient: l2 times the value. */
    L2,
    /** Factor of decoupled weight decay, 1 for none. */
    KEEP,
    /** Soft threshold of L1 after the update, 0 for none. */
    THRESHOLD,
    BETA1,
    /** 1 - beta1, rounded once. */
    REST1,
    BETA2,
    /** 1 - beta2, rounded once. */
    REST2,
    /** Rate with the bias correction of the first moment. */
    ETA,
    /** Bias correction of the second moment. */
    CORRECTION,
    EPSILON;

    /** How many there are; asking for the values makes a copy of them. */
    public static final int COUNT = values().length;
  }

  /**
   * y[0 .. n) = x[0 .. n).
   *
   * @param x address of n floats
   * @return whether all are finite
   */
  boolean copy(long x, float[] y, int n);

  /** Most sums of a chain. */
  int MAX_CHAIN = 16;

  /**
   * One way up a tree of sums: chain[count - 1] = chain[count - 1] + (... + (chain[1] + (chain[0] +
   * x))), each the elements [0, n). The sums before the last are undefined afterwards.
   *
   * @param x address of n floats
   * @param count from 1 to {@value #MAX_CHAIN}
   * @return whether all of x are finite
   */
  boolean add(long x, float[][] chain, int count, int n);

  /** sum[0 .. n) += x[offset .. offset + n). */
  void add(float[] x, int offset, float[] sum, int n);

  /** Whether x[offset .. offset + n) has no NaN and no infinity. */
  boolean allFinite(float[] x, int offset, int n);

  /**
   * Splits n finite values from {@code x[offset]} on into their bfloat16, little-endian from {@code
   * y[at]} on, to nearest even and never infinite but the largest, and the remainders, which stay
   * in x.
   */
  void splitBfloat16(float[] x, int offset, byte[] y, int at, int n);

  /**
   * sum[offset .. offset + n) += n little-endian bfloat16 from {@code x[at]} on.
   *
   * @return whether all of x are finite
   */
  boolean addBfloat16(byte[] x, int at, float[] sum, int offset, int n);

  /**
   * Rows of unsigned bytes as floats: y[r, i] = (x[row(r), i] - center) factor, computed in double
   * and rounded once.
   *
   * @param x [R, width]
   * @param order row(r) = order[from + r]; null for row(r) = from + r
   * @param y address of [count, width] floats
   * @throws IndexOutOfBoundsException when a row is not in x
   */
  void byteRows(
      byte[] x,
      int @Nullable [] order,
      int from,
      int count,
      int width,
      double center,
      double factor,
      long y);

  /**
   * One update of Adam or AdamW on the elements [offset, offset + n) of all arrays: g' = clip
   * clamp(mean g) + l2 w; m = beta1 m + rest1 g'; v = beta2 v + rest2 g'^2; w = keep w - eta m /
   * (sqrt(correction v) + epsilon), then the soft threshold.
   *
   * @param constants one for each {@link AdamConstant}
   * @param g sums of gradients; undefined afterwards
   */
  void adam(float[] constants, float[] g, float[] w, float[] m, float[] v, int offset, int n);

  /**
   * The fastest that works here; plain Java when the system property {@link
   * KernelProvider#PROPERTY} says so.
   */
  static FlatVectors get() {
    return Chosen.VECTORS;
  }

  /** Chooses once, when first asked. */
  final class Chosen {
    private static final FlatVectors VECTORS =
        "plain".equalsIgnoreCase(System.getProperty(KernelProvider.PROPERTY))
                || !CpuKernels.ownKernels()
            ? new PlainFlatVectors()
            : CpuKernels.flatVectors();

    private Chosen() {}
  }
}
