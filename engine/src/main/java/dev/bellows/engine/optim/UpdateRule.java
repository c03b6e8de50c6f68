package dev.bellows.engine.optim;

import dev.bellows.engine.kernel.FlatVectors;
import dev.bellows.engine.kernel.FlatVectors.AdamConstant;
import dev.bellows.engine.optim.UpdateSpec.Kind;
import dev.bellows.engine.optim.UpdateSpec.Range;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Applies an {@link UpdateSpec} to a stretch of the flat vector.
 *
 * <p>Every element's new value is a function of that element's own value, gradient and slots and of
 * (t, rate, weightSum, clip): how the vector is cut into shards, ranges and calls can't change a
 * bit of the result. All loops run over one common index on plain arrays so that the JIT compiler
 * vectorises them; they work block by block so that the passes of a block stay in the first-level
 * cache. Adam's loop is a kernel of {@link FlatVectors}, with the same bits in C and in Java.
 *
 * <p>Averages that decay (m, v, u) are rounded so that they never become subnormal, see {@link
 * FlatVectors#FLUSH_FIRST}.
 *
 * <p>An instance may be shared between threads; the arrays may not.
 */
public final class UpdateRule {
  /** Elements of a norm block; shard borders are multiples of it. */
  public static final int BLOCK = 1024;

  private final UpdateSpec spec;
  private final List<Range> ranges;
  private final FlatVectors vectors = FlatVectors.get();
  private final float decayedL2;
  private final float clipValue;
  // a step's constants, used again so that an update leaves nothing on the heap; null while in use
  private final AtomicReference<@Nullable Step> spare = new AtomicReference<>();

  /** A rule for the whole vector of the spec. */
  public UpdateRule(UpdateSpec spec) {
    this.spec = spec;
    this.ranges = spec.ranges();
    this.decayedL2 = (float) spec.l2();
    this.clipValue = spec.clipValue() > 0 ? (float) spec.clipValue() : Float.POSITIVE_INFINITY;
  }

  /**
   * Slot arrays that {@link #apply} needs, each as long as the values, zero before the first
   * update.
   */
  public int slots() {
    return spec.slots();
  }

  /**
   * One update, in place.
   *
   * @param t 1 for the first update: the number of this update
   * @param rate {@link UpdateSpec#rate} of step t - 1
   * @param weightSum total weight of the batch's rows; the gradient sum is divided by it. With 0
   *     nothing changes.
   * @param clip {@link #clipFactor}; 1 when the norm is not clipped
   * @param w values; element i is global element globalOffset + i
   * @param g the batch's gradient sums (STATE ranges: weighted sums of the statistic); overwritten
   * @param slots {@link #slots()} arrays as long as w
   * @param localFrom first index of w to update
   * @param localTo one past the last
   */
  public void apply(
      long t,
      double rate,
      double weightSum,
      float clip,
      float[] w,
      float[] g,
      float[][] slots,
      int localFrom,
      int localTo,
      int globalOffset) {
    if (t < 1) {
      throw new IllegalArgumentException("number of the update: expected 1 or more, found " + t);
    }
    if (slots.length != slots()) {
      throw new IllegalArgumentException(
          "slots of "
              + spec.optimizer().kind()
              + ": expected "
              + slots()
              + ", found "
              + slots.length);
    }
    if (!(weightSum > 0) || localFrom >= localTo) {
      return;
    }
    float mean = (float) (1.0 / weightSum);
    Step taken = spare.getAndSet(null);
    Step step = taken != null ? taken : new Step(spec.optimizer());
    step.begin(t);
    int at = first(globalOffset + localFrom);
    int index = localFrom;
    while (index < localTo) {
      Range range = ranges.get(at++);
      int end = Math.min(localTo, range.to() - globalOffset);
      if (range.kind() == Kind.STATE) {
        UpdateLoops.state(w, g, index, end, mean, range.stateMomentum());
      } else if (range.rateScale() > 0) {
        range(step, range, rate * range.rateScale(), mean, clip, w, g, slots, index, end);
      }
      if (spec.emaDecay() > 0) {
        boolean averaged = range.kind() == Kind.TRAINABLE && range.rateScale() > 0;
        float keep = averaged ? (float) spec.emaDecay() : 0;
        UpdateLoops.average(w, slots[slots.length - 1], index, end, keep);
      }
      index = end;
    }
    spare.set(step);
  }

  private void range(
      Step step,
      Range range,
      double rate,
      float mean,
      float clip,
      float[] w,
      float[] g,
      float[][] slots,
      int from,
      int to) {
    float l2 = range.decay() ? decayedL2 : 0f;
    float keep = range.decay() ? (float) (1 - rate * spec.optimizer().weightDecay()) : 1f;
    float threshold = range.decay() ? (float) (rate * spec.l1()) : 0f;
    if (step.isAdam()) {
      float[] constants = step.adamConstants(rate, mean, clipValue, clip, l2, keep, threshold);
      vectors.adam(constants, g, w, slots[0], slots[1], from, to - from);
      return;
    }
    for (int a = from; a < to; a += BLOCK) {
      int b = Math.min(to, a + BLOCK);
      UpdateLoops.prepare(w, g, a, b, mean, clipValue, clip, l2);
      if (keep != 1f) {
        UpdateLoops.scale(w, a, b, keep);
      }
      step.apply(w, g, slots, a, b, rate);
      if (threshold > 0) {
        UpdateLoops.softThreshold(w, a, b, threshold);
      }
    }
  }

  /**
   * Square sums of the trainable part of a gradient, one per global block of {@link #BLOCK}
   * elements, for the global norm. Blocks of different shards, laid end to end, are the blocks of
   * the whole vector.
   *
   * @param g gradient sums; element i is global element globalOffset + i
   * @param globalOffset a multiple of {@link #BLOCK}
   * @return one sum of squares per block of [0, length)
   */
  public double[] blockSquares(float[] g, int length, int globalOffset) {
    if (globalOffset % BLOCK != 0) {
      throw new IllegalArgumentException(
          "shard begin: expected a multiple of " + BLOCK + ", found " + globalOffset);
    }
    double[] sums = new double[(length + BLOCK - 1) / BLOCK];
    int at = length == 0 ? 0 : first(globalOffset);
    for (int block = 0; block < sums.length; block++) {
      int a = block * BLOCK;
      int b = Math.min(length, a + BLOCK);
      while (a < b) {
        Range range = ranges.get(at);
        int end = Math.min(b, range.to() - globalOffset);
        if (range.kind() == Kind.TRAINABLE) {
          sums[block] += UpdateLoops.squares(g, a, end);
        }
        a = end;
        if (range.to() - globalOffset == end) {
          at++;
        }
      }
    }
    return sums;
  }

  /** Sum of squares of elements [from, to), in one order of additions. */
  public static double squares(float[] values, int from, int to) {
    return UpdateLoops.squares(values, from, to);
  }

  /**
   * The 2-norm from all block sums in order of the vector (pairwise, so the order is fixed for any
   * number of shards).
   */
  public static double norm(double[] blockSquares) {
    return Math.sqrt(pairwise(blockSquares, 0, blockSquares.length));
  }

  /**
   * The factor min(1, clipNorm / norm of the mean gradient) (R. Pascanu, T. Mikolov, Y. Bengio,
   * ICML 2013; TRN-22).
   *
   * @param gradientNorm norm of the gradient sum
   * @param weightSum total weight of the batch
   */
  public float clipFactor(double gradientNorm, double weightSum) {
    double mean = gradientNorm / weightSum;
    return spec.clipNorm() > 0 && mean > spec.clipNorm() ? (float) (spec.clipNorm() / mean) : 1f;
  }

  private static double pairwise(double[] values, int from, int to) {
    if (to - from <= 8) {
      double sum = 0;
      for (int i = from; i < to; i++) {
        sum += values[i];
      }
      return sum;
    }
    int middle = (from + to) >>> 1;
    return pairwise(values, from, middle) + pairwise(values, middle, to);
  }

  // Index of the range that holds a global element.
  private int first(int global) {
    int low = 0;
    int high = ranges.size() - 1;
    if (global < 0 || high < 0 || global >= ranges.get(high).to()) {
      throw new IndexOutOfBoundsException(
          "global element: expected 0.." + (spec.length() - 1) + ", found " + global);
    }
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (ranges.get(middle).to() <= global) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** The constants of one update as floats. */
  private static final class Step {
    private final OptimizerSpec o;
    private final float[] constants = new float[AdamConstant.COUNT];
    private float firstCorrection;
    private float secondCorrection;

    Step(OptimizerSpec o) {
      this.o = o;
    }

    void begin(long t) {
      this.firstCorrection = (float) (1 / (1 - power(o.beta1(), t)));
      this.secondCorrection = (float) (1 / (1 - power(o.beta2(), t)));
    }

    /** base^t by squaring: the same bits everywhere, and unlike StrictMath.pow makes no arrays. */
    private static double power(double base, long t) {
      double result = 1;
      double factor = base;
      for (long rest = t; rest > 0; rest >>>= 1) {
        if ((rest & 1) == 1) {
          result *= factor;
        }
        factor *= factor;
      }
      return result;
    }

    boolean isAdam() {
      return o.kind() == OptimizerSpec.Kind.ADAM || o.kind() == OptimizerSpec.Kind.ADAMW;
    }

    float[] adamConstants(
        double rate, float mean, float bound, float clip, float l2, float keep, float threshold) {
      float[] c = constants;
      c[AdamConstant.MEAN.ordinal()] = mean;
      c[AdamConstant.BOUND.ordinal()] = bound;
      c[AdamConstant.CLIP.ordinal()] = clip;
      c[AdamConstant.L2.ordinal()] = l2;
      c[AdamConstant.KEEP.ordinal()] = keep;
      c[AdamConstant.THRESHOLD.ordinal()] = threshold;
      c[AdamConstant.BETA1.ordinal()] = (float) o.beta1();
      c[AdamConstant.REST1.ordinal()] = (float) (1 - o.beta1());
      c[AdamConstant.BETA2.ordinal()] = (float) o.beta2();
      c[AdamConstant.REST2.ordinal()] = (float) (1 - o.beta2());
      c[AdamConstant.ETA.ordinal()] = (float) rate * firstCorrection;
      c[AdamConstant.CORRECTION.ordinal()] = secondCorrection;
      c[AdamConstant.EPSILON.ordinal()] = (float) o.epsilon();
      return c;
    }

    void apply(float[] w, float[] g, float[][] slots, int a, int b, double rate) {
      float eta = (float) rate;
      float eps = (float) o.epsilon();
      switch (o.kind()) {
        case SGD -> UpdateLoops.sgd(w, g, a, b, eta);
        case MOMENTUM -> UpdateLoops.momentum(w, g, slots[0], a, b, eta, (float) o.momentum());
        case NESTEROV -> UpdateLoops.nesterov(w, g, slots[0], a, b, eta, (float) o.momentum());
        case RMSPROP ->
            UpdateLoops.rmsprop(
                w, g, slots[0], a, b, eta, (float) o.rho(), (float) (1 - o.rho()), eps);
        case ADADELTA ->
            UpdateLoops.adadelta(
                w, g, slots[0], slots[1], a, b, eta, (float) o.rho(), (float) (1 - o.rho()), eps);
        case ADAM, ADAMW -> throw new IllegalStateException("Adam has a kernel of its own");
        case ADAGRAD -> UpdateLoops.adagrad(w, g, slots[0], a, b, eta, eps);
      }
    }
  }
}
