package dev.bellows.ps.protocol;

import java.util.Objects;

/**
 * A borrowed range of a byte array, as {@link Floats} is one of a float array.
 *
 * @param array the array, never written by the receiver
 * @param offset first byte
 * @param length number of bytes
 */
@SuppressWarnings("ArrayRecordComponent") // borrowed, never compared
public record Bytes(byte[] array, int offset, int length) {
  /**
   * Checks the range.
   *
   * @throws IndexOutOfBoundsException when the range is not inside the array
   */
  public Bytes {
    Objects.checkFromIndexSize(offset, length, array.length);
  }
}
