package dev.bellows.engine.kernel.plain;

import dev.bellows.engine.tensor.Memory;
import java.util.Arrays;

/** Sums and searches along one row of floats. */
final class Rows {
  /** Lanes of a sum. */
  static final int LANES = 8;

  private Rows() {}

  /** The largest of n values; NaN when one is NaN. */
  static float max(long x, int n) {
    float max = Float.NEGATIVE_INFINITY;
    float nan = 0;
    for (long i = 0; i < 4L * n; i += 4) {
      float v = Memory.getFloat(x + i);
      max = v > max ? v : max;
      nan = Float.isNaN(v) ? v : nan;
    }
    return Float.isNaN(nan) ? nan : max;
  }

  /** Joins the lanes of a sum in the order of bellows_math.h and clears them. */
  static double join(double[] lane) {
    double sum =
        ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
    Arrays.fill(lane, 0);
    return sum;
  }

  /** Sum of n values, value i in lane i % 8; the lanes must be zero and are zero afterwards. */
  static double sum(double[] lane, long x, long n) {
    for (long i = 0; i < n; i++) {
      lane[(int) (i % LANES)] += Memory.getFloat(x + 4 * i);
    }
    return join(lane);
  }

  /** Sum of n products, like {@link #sum}. */
  static double dot(double[] lane, long x, long y, long n) {
    for (long i = 0; i < n; i++) {
      lane[(int) (i % LANES)] += (double) Memory.getFloat(x + 4 * i) * Memory.getFloat(y + 4 * i);
    }
    return join(lane);
  }

  /** Sum of e^(x - m) over n values, like {@link #sum}. */
  static double expSum(double[] lane, long x, float m, long n) {
    for (long i = 0; i < n; i++) {
      lane[(int) (i % LANES)] += FloatMath.exp(Memory.getFloat(x + 4 * i) - m);
    }
    return join(lane);
  }

  /** Index of the largest of n values, the first at a tie. */
  static int argmax(long x, int n) {
    int best = 0;
    for (int i = 1; i < n; i++) {
      best = Memory.getFloat(x + 4L * i) > Memory.getFloat(x + 4L * best) ? i : best;
    }
    return best;
  }
}
