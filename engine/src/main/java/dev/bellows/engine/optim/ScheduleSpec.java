package dev.bellows.engine.optim;

/**
 * The learning rate as a function of the step. With base the optimiser's rate, s = step -
 * warmupSteps, x = s (or the number of whole epochs since the warm-up when {@code perEpoch}), S =
 * totalSteps - warmupSteps:
 *
 * <pre>
 * CONSTANT     base
 * TIME         base / (1 + decay x)
 * STEP         base factor^floor(x / every)
 * EXPONENTIAL  base e^(-decay x)
 * COSINE       min + (base - min) (1 + cos(pi s / S)) / 2        I. Loshchilov, F. Hutter: SGDR, ICLR 2017
 * CYCLICAL     base/2 (cos(pi mod(s, C) / C) + 1), C = ceil(S / cycles)
 *                                                                G. Huang et al.: Snapshot Ensembles, ICLR 2017 (t = s + 1)
 * warm-up      for step &lt; warmupSteps: base (step + 1) / warmupSteps, in front of any of them
 * </pre>
 *
 * <p>TIME, STEP and EXPONENTIAL never fall below {@code minRate} either. Steps count from 0: the
 * first update uses rate(0).
 *
 * @param warmupSteps 0 or more
 * @param decay k of TIME and EXPONENTIAL, 0 or more
 * @param factor of STEP, above 0 and at most 1
 * @param every of STEP, 1 or more (epochs when perEpoch, else steps)
 * @param cycles of CYCLICAL, 1 or more
 * @param minRate lowest rate, absolute, 0 or more; not used by CONSTANT and CYCLICAL
 * @param perEpoch whether x counts whole epochs rather than steps
 */
public record ScheduleSpec(
    Kind kind,
    long warmupSteps,
    double decay,
    double factor,
    long every,
    int cycles,
    double minRate,
    boolean perEpoch) {

  /** The schedules; {@link #id()} is on the wire. */
  public enum Kind {
    CONSTANT(0),
    TIME(1),
    STEP(2),
    EXPONENTIAL(3),
    COSINE(4),
    CYCLICAL(5);

    private final int id;

    Kind(int id) {
      this.id = id;
    }

    /** Stable number of the binary encoding. */
    public int id() {
      return id;
    }

    static Kind ofId(int id) {
      for (Kind kind : values()) {
        if (kind.id == id) {
          return kind;
        }
      }
      throw new IllegalArgumentException("schedule: expected an id of 0..5, found " + id);
    }
  }

  /** Checks every range. */
  public ScheduleSpec {
    Checks.atLeast("warmup_steps", 0, warmupSteps);
    Checks.nonNegative("decay", decay);
    if (!(factor > 0 && factor <= 1)) {
      throw new IllegalArgumentException("factor: expected a number in (0, 1], found " + factor);
    }
    Checks.atLeast("every", 1, every);
    Checks.atLeast("cycles", 1, cycles);
    Checks.nonNegative("min_rate", minRate);
  }

  /** The base rate at every step. */
  public static ScheduleSpec constant() {
    return new ScheduleSpec(Kind.CONSTANT, 0, 0, 1, 1, 1, 0, false);
  }

  /** base / (1 + decay x). */
  public static ScheduleSpec time(double decay, boolean perEpoch) {
    return new ScheduleSpec(Kind.TIME, 0, decay, 1, 1, 1, 0, perEpoch);
  }

  /** base factor^floor(x / every). */
  public static ScheduleSpec step(double factor, long every, boolean perEpoch) {
    return new ScheduleSpec(Kind.STEP, 0, 0, factor, every, 1, 0, perEpoch);
  }

  /** base e^(-decay x). */
  public static ScheduleSpec exponential(double decay, boolean perEpoch) {
    return new ScheduleSpec(Kind.EXPONENTIAL, 0, decay, 1, 1, 1, 0, perEpoch);
  }

  /** Half a cosine from base down to {@code minRate} at the last step. */
  public static ScheduleSpec cosine(double minRate) {
    return new ScheduleSpec(Kind.COSINE, 0, 0, 1, 1, 1, minRate, false);
  }

  /** {@code cycles} half cosines from base to about 0. */
  public static ScheduleSpec cyclical(int cycles) {
    return new ScheduleSpec(Kind.CYCLICAL, 0, 0, 1, 1, cycles, 0, false);
  }

  /** The same behind a linear warm-up. */
  public ScheduleSpec withWarmup(long steps) {
    return new ScheduleSpec(kind, steps, decay, factor, every, cycles, minRate, perEpoch);
  }

  /**
   * The rate of a step.
   *
   * @param base the optimiser's learning rate
   * @param step 0 for the first update
   * @param stepsPerEpoch 1 or more
   * @param totalSteps of the whole run; COSINE and CYCLICAL stretch over it
   */
  public double rate(double base, long step, long stepsPerEpoch, long totalSteps) {
    Checks.atLeast("step", 0, step);
    Checks.atLeast("steps per epoch", 1, stepsPerEpoch);
    if (step < warmupSteps) {
      return base * (step + 1) / warmupSteps;
    }
    long s = step - warmupSteps;
    long x = perEpoch ? s / stepsPerEpoch : s;
    long span = Math.max(1, totalSteps - warmupSteps);
    return switch (kind) {
      case CONSTANT -> base;
      case TIME -> Math.max(minRate, base / (1 + decay * x));
      case STEP -> {
        long falls = x / every;
        yield Math.max(minRate, base * StrictMath.pow(factor, (double) falls));
      }
      case EXPONENTIAL -> Math.max(minRate, base * StrictMath.exp(-decay * x));
      case COSINE -> {
        double part = Math.min(1.0, (double) s / span);
        yield minRate + 0.5 * (base - minRate) * (1 + StrictMath.cos(Math.PI * part));
      }
      case CYCLICAL -> {
        long length = (span + cycles - 1) / cycles;
        yield base / 2 * (StrictMath.cos(Math.PI * (s % length) / length) + 1);
      }
    };
  }
}
