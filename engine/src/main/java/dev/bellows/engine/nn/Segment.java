package dev.bellows.engine.nn;

import dev.bellows.engine.tensor.Shape;

/**
 * A named range of the flat parameter vector.
 *
 * @param name unique in the layout, for example {@code layer0.dense.weight}
 * @param shape row-major shape of the values
 * @param offset first element in the flat vector
 * @param length number of elements, the product of the shape
 * @param kind whether an optimiser moves it or it is a running statistic
 * @param init how the first values are drawn
 * @param decay whether weight decay and penalties apply
 * @param fanIn number of inputs that meet in one output, for the initialiser
 * @param fanOut number of outputs that one input reaches, for the initialiser
 * @param stateMomentum for {@link Kind#STATE}: value = momentum value + (1 - momentum) statistic;
 *     else 0
 * @param rateScale factor of the learning rate; 0 for a frozen segment
 * @param sparse whether it is a table [rows, width] that may be trained row by row; such segments
 *     stand behind all others
 */
public record Segment(
    String name,
    Shape shape,
    int offset,
    int length,
    Kind kind,
    Initializer init,
    boolean decay,
    int fanIn,
    int fanOut,
    float stateMomentum,
    float rateScale,
    boolean sparse) {
  /** A segment whose elements are trained together. */
  public Segment(
      String name,
      Shape shape,
      int offset,
      int length,
      Kind kind,
      Initializer init,
      boolean decay,
      int fanIn,
      int fanOut,
      float stateMomentum,
      float rateScale) {
    this(
        name,
        shape,
        offset,
        length,
        kind,
        init,
        decay,
        fanIn,
        fanOut,
        stateMomentum,
        rateScale,
        false);
  }

  /** A segment that moves at the rate of the optimiser. */
  public Segment(
      String name,
      Shape shape,
      int offset,
      int length,
      Kind kind,
      Initializer init,
      boolean decay,
      int fanIn,
      int fanOut,
      float stateMomentum) {
    this(name, shape, offset, length, kind, init, decay, fanIn, fanOut, stateMomentum, 1);
  }

  /** What happens to a segment in a step. */
  public enum Kind {
    /** Moved by the optimiser. */
    TRAINABLE,
    /**
     * A running statistic: its gradient range holds weight sum times the statistic of the slice.
     */
    STATE
  }

  /** The same at another place of the flat vector. */
  Segment at(int from) {
    return new Segment(
        name,
        shape,
        from,
        length,
        kind,
        init,
        decay,
        fanIn,
        fanOut,
        stateMomentum,
        rateScale,
        sparse);
  }

  /** The same as a table that may be trained row by row. */
  Segment asSparse() {
    return new Segment(
        name,
        shape,
        offset,
        length,
        kind,
        init,
        decay,
        fanIn,
        fanOut,
        stateMomentum,
        rateScale,
        true);
  }

  /** The element after the last. */
  public int end() {
    return offset + length;
  }
}
