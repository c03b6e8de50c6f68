package dev.bellows.ps.protocol;

import java.util.Objects;

/**
 * A borrowed range of a float array: {@code array[offset, offset + length)}. It is valid only until
 * the call that hands it over returns; whoever wants to keep the values copies them.
 *
 * @param array the array, never written by the receiver
 * @param offset first element
 * @param length number of elements
 */
@SuppressWarnings("ArrayRecordComponent") // borrowed, never compared
public record Floats(float[] array, int offset, int length) {
  /** An empty range. */
  public static final Floats EMPTY = new Floats(new float[0], 0, 0);

  /**
   * Checks the range.
   *
   * @throws IndexOutOfBoundsException when the range is not inside the array
   */
  public Floats {
    Objects.checkFromIndexSize(offset, length, array.length);
  }

  /** The whole array. */
  public static Floats of(float[] array) {
    return new Floats(array, 0, array.length);
  }
}
