package dev.bellows.ps.protocol;

import java.util.Objects;

/**
 * A borrowed range of a float array: {@code array[offset, offset + length)}. It is valid only until
 * the call that hands it over returns; whoever wants to keep the values copies them. Its owner may
 * point it somewhere else after that.
 */
public final class Floats {
  /** An empty range. */
  public static final Floats EMPTY = of(new float[0]);

  private float[] array;
  private int offset;
  private int length;

  /**
   * A range.
   *
   * @param array the array, never written by the receiver
   * @param offset first element
   * @param length number of elements
   * @throws IndexOutOfBoundsException when the range is not inside the array
   */
  public Floats(float[] array, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, array.length);
    this.array = array;
    this.offset = offset;
    this.length = length;
  }

  /** The whole array. */
  public static Floats of(float[] array) {
    return new Floats(array, 0, array.length);
  }

  /** Points to another range; for its owner. */
  void set(float[] other, int from, int count) {
    Objects.checkFromIndexSize(from, count, other.length);
    array = other;
    offset = from;
    length = count;
  }

  /** The array, never written by the receiver. */
  public float[] array() {
    return array;
  }

  /** First element. */
  public int offset() {
    return offset;
  }

  /** Number of elements. */
  public int length() {
    return length;
  }
}
