package dev.bellows.ps.protocol;

/**
 * What a server can do with its range beside training: a closed set. The wire carries a number, and
 * a number that is not here is refused; nothing from the wire names a class.
 *
 * <pre>
 *   SCALE          reals [factor]               v = v * factor
 *   CLIP           reals [low, high]            v = min(max(v, low), high); answer: wholes [changed elements]
 *   ADD_NOISE      reals [deviation]            v = v + deviation * n(seed, global index), n normal and counter-based
 *                  wholes [seed]
 *   NORM                                        answer: reals = sums of squares of consecutive 1,024-element blocks
 *   TOP_K          wholes [k]                   answer: wholes = global indices, reals = values, by magnitude
 *   ADD_HISTOGRAM  wholes [node, slice, first feature, features, bins, features * bins * (gradient, hessian)]
 *   BEST_SPLIT     wholes [node, drop 0|1]      answer: wholes [feature or -1, bin, left gradient, left hessian, gradient, hessian],
 *                  reals [lambda, min hessian]          reals [gain]
 * </pre>
 *
 * <p>Those that change elements take the id of the request once: repeating it changes nothing.
 * Histograms are summed in 64-bit fixed point, once per (node, slice), in any order.
 */
public enum Operation {
  /** Multiplies. */
  SCALE(1, true, 1, 0),
  /** Limits. */
  CLIP(2, true, 2, 0),
  /** Adds normal noise of a counter-based generator. */
  ADD_NOISE(3, true, 1, 1),
  /** Sums of squares. */
  NORM(4, false, 0, 0),
  /** The elements of largest magnitude. */
  TOP_K(5, false, 0, 1),
  /** Adds one slice's histogram of a tree node. */
  ADD_HISTOGRAM(6, false, 0, -1),
  /** The best split of a tree node when all slices are there. */
  BEST_SPLIT(7, false, 2, 2);

  /** Most {@code reals} of a request. */
  public static final int MAX_REALS = 16;

  /** Most {@code wholes} of a request: 2 MiB. */
  public static final int MAX_WHOLES = 1 << 18;

  /** Largest k of {@link #TOP_K}. */
  public static final int MAX_K = 1 << 16;

  private static final Operation[] BY_WIRE = new Operation[8];

  static {
    for (Operation operation : values()) {
      BY_WIRE[operation.wire] = operation;
    }
  }

  private final int wire;
  private final boolean changes;
  private final int reals;
  private final int wholes;

  Operation(int wire, boolean changes, int reals, int wholes) {
    this.wire = wire;
    this.changes = changes;
    this.reals = reals;
    this.wholes = wholes;
  }

  /** Number on the wire; never reused. */
  public int wire() {
    return wire;
  }

  /** Whether it changes elements. */
  public boolean changes() {
    return changes;
  }

  /**
   * Checks the number of arguments.
   *
   * @throws PsException BAD_REQUEST with what was expected and found
   */
  void check(int realCount, int wholeCount) {
    if (realCount != reals || (wholes >= 0 && wholeCount != wholes)) {
      throw new PsException(
          PsErrorCode.BAD_REQUEST,
          this
              + " takes "
              + reals
              + " reals and "
              + (wholes < 0 ? "a histogram of" : wholes)
              + " wholes, found "
              + realCount
              + " and "
              + wholeCount);
    }
  }

  /**
   * The operation of a wire number.
   *
   * @throws PsException BAD_REQUEST for a number that none has
   */
  public static Operation ofWire(int wire) {
    if (wire < 1 || wire >= BY_WIRE.length) {
      throw new PsException(
          PsErrorCode.BAD_REQUEST,
          "operation must be in 1.." + (BY_WIRE.length - 1) + ", found " + wire);
    }
    return BY_WIRE[wire];
  }
}
