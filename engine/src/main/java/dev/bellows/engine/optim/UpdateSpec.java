package dev.bellows.engine.optim;

import java.util.List;

/**
 * All that a shard must know to turn a summed gradient into new values: rule, schedule, penalties,
 * clipping, NaN policy and the ranges of the flat vector. Sent to the shards as {@link #encode()}.
 *
 * @param l1 weight of the sum of absolute values, applied as a proximal step (soft threshold eta l1
 *     after the update), so that values become exactly 0 (REG-02); ranges with {@code decay} only
 * @param l2 weight of half the squared sum: l2 w is added to the gradient after clipping (REG-01);
 *     ranges with decay only
 * @param clipValue bound of each element of the mean gradient; 0 = off
 * @param clipNorm bound of the 2-norm of the whole mean gradient; 0 = off; not together with
 *     clipValue
 * @param ranges contiguous, in order, from 0 to the length of the vector
 * @param emaDecay share that the exponential moving average of the values keeps in a step (B.
 *     Polyak, A. Juditsky, 1992, with exponential weights), in [0, 1); 0 = no average. The average
 *     is one more slot, the last
 */
public record UpdateSpec(
    OptimizerSpec optimizer,
    ScheduleSpec schedule,
    double l1,
    double l2,
    double clipValue,
    double clipNorm,
    NanPolicy nanPolicy,
    List<Range> ranges,
    double emaDecay) {

  /** A spec without an average of the values. */
  public UpdateSpec(
      OptimizerSpec optimizer,
      ScheduleSpec schedule,
      double l1,
      double l2,
      double clipValue,
      double clipNorm,
      NanPolicy nanPolicy,
      List<Range> ranges) {
    this(optimizer, schedule, l1, l2, clipValue, clipNorm, nanPolicy, ranges, 0);
  }

  /** What a range of the flat vector holds. */
  public enum Kind {
    /** Values that the rule trains. */
    TRAINABLE,
    /**
     * Running statistics: value = momentum value + (1 - momentum) mean; no rule, no penalty, not
     * part of any norm.
     */
    STATE
  }

  /**
   * A run of elements that are treated alike.
   *
   * @param from first global element
   * @param to one past the last, above from
   * @param decay whether l1, l2 and weight decay apply (weights yes, biases and norms no)
   * @param rateScale factor of the rate (layer-wise rates, TRN-21); 0 freezes
   * @param stateMomentum of STATE ranges, in [0, 1]
   */
  public record Range(
      int from, int to, Kind kind, boolean decay, float rateScale, float stateMomentum) {
    /** Checks the bounds. */
    public Range {
      if (from < 0 || to <= from) {
        throw new IllegalArgumentException(
            "range: expected 0 <= from < to, found [" + from + ", " + to + ")");
      }
      Checks.nonNegative("rate_scale", rateScale);
      if (!(stateMomentum >= 0 && stateMomentum <= 1)) {
        throw new IllegalArgumentException(
            "state momentum: expected a number in [0, 1], found " + stateMomentum);
      }
    }

    /** A trainable range with rate factor 1. */
    public static Range trainable(int from, int to, boolean decay) {
      return new Range(from, to, Kind.TRAINABLE, decay, 1f, 0f);
    }

    /** A trainable range with a rate factor; 0 freezes. */
    public static Range trainable(int from, int to, boolean decay, float rateScale) {
      return new Range(from, to, Kind.TRAINABLE, decay, rateScale, 0f);
    }

    /** A range of running statistics. */
    public static Range state(int from, int to, float momentum) {
      return new Range(from, to, Kind.STATE, false, 1f, momentum);
    }
  }

  /** Most ranges that a spec may have. */
  public static final int MAX_RANGES = 65_536;

  /** Checks the numbers and that the ranges are contiguous from 0. */
  public UpdateSpec {
    Checks.nonNegative("l1", l1);
    Checks.nonNegative("l2", l2);
    Checks.nonNegative("clip value", clipValue);
    Checks.nonNegative("clip norm", clipNorm);
    if (!(emaDecay >= 0 && emaDecay < 1)) {
      throw new IllegalArgumentException("ema decay: expected [0, 1), found " + emaDecay);
    }
    if (clipValue > 0 && clipNorm > 0) {
      throw new IllegalArgumentException(
          "gradient_clip: expected value or norm, found both; remove one");
    }
    if (ranges.size() > MAX_RANGES) {
      throw new IllegalArgumentException(
          "ranges: expected at most " + MAX_RANGES + ", found " + ranges.size());
    }
    ranges = List.copyOf(ranges);
    int at = 0;
    for (Range range : ranges) {
      if (range.from() != at) {
        throw new IllegalArgumentException(
            "ranges: expected the next one to begin at " + at + ", found " + range.from());
      }
      at = range.to();
    }
  }

  /** A plain spec over one trainable range: no penalty, no clipping, stop on NaN. */
  public static UpdateSpec plain(OptimizerSpec optimizer, int length) {
    return new UpdateSpec(
        optimizer,
        ScheduleSpec.constant(),
        0,
        0,
        0,
        0,
        NanPolicy.STOP,
        List.of(Range.trainable(0, length, true)));
  }

  /** Elements of the flat vector. */
  public int length() {
    return ranges.isEmpty() ? 0 : ranges.get(ranges.size() - 1).to();
  }

  /** The rate of a step (0-based), before the ranges' factors. */
  public double rate(long step, long stepsPerEpoch, long totalSteps) {
    return schedule.rate(optimizer.learningRate(), step, stepsPerEpoch, totalSteps);
  }

  /** Slot arrays of the rule: the optimiser's, and the average. */
  public int slots() {
    return optimizer.kind().slots() + (emaDecay > 0 ? 1 : 0);
  }

  /** This spec with an exponential moving average of the values. */
  public UpdateSpec withEma(double decay) {
    return new UpdateSpec(
        optimizer, schedule, l1, l2, clipValue, clipNorm, nanPolicy, ranges, decay);
  }

  /** Whether the shards must agree on the gradient's norm before they update. */
  public boolean needsNorm() {
    return clipNorm > 0;
  }

  /** The fixed binary form; see {@link UpdateSpecCodec}. */
  public byte[] encode() {
    return UpdateSpecCodec.encode(this);
  }

  /**
   * Reads {@link #encode()}; anything else is an IllegalArgumentException that names the offset.
   */
  public static UpdateSpec decode(byte[] bytes) {
    return UpdateSpecCodec.decode(bytes);
  }
}
