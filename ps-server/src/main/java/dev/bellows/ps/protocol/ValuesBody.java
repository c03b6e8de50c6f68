package dev.bellows.ps.protocol;

/**
 * The fields of an answer with values. Its owner fills it again for the next one: whoever receives
 * it reads it before it returns.
 */
abstract class ValuesBody {
  private long version;
  private int slot;
  private int from;
  private final Floats values;

  ValuesBody(Floats values) {
    this.values = values;
  }

  /**
   * Fills in what they are.
   *
   * @param ofVersion version of the elements
   * @param ofSlot 0: parameters, 1..n: optimiser slots
   * @param fromElement first global element
   */
  public final void head(long ofVersion, int ofSlot, int fromElement) {
    version = ofVersion;
    slot = ofSlot;
    from = fromElement;
  }

  /** Fills in the elements. */
  public final void elements(float[] array, int offset, int length) {
    values.set(array, offset, length);
  }

  /** Version of the elements. */
  public final long version() {
    return version;
  }

  /** 0: parameters, 1..n: optimiser slots. */
  public final int slot() {
    return slot;
  }

  /** First global element. */
  public final int from() {
    return from;
  }

  /** The elements. */
  public final Floats values() {
    return values;
  }
}
