package dev.bellows.engine.model;

/**
 * A named part of the flat vector, stored as one tensor.
 *
 * @param shape sizes, outermost first; their product is {@code length}
 * @param offset first element in the flat vector
 * @param length number of elements
 */
@SuppressWarnings("ArrayRecordComponent") // a description that is passed along, never compared
public record WeightSegment(String name, int[] shape, int offset, int length) {
  /** Checks that the shape gives the length. */
  public WeightSegment {
    long n = 1;
    for (int size : shape) {
      n *= size;
    }
    if (n != length || offset < 0) {
      throw new IllegalArgumentException(
          "segment %s: expected a shape of %d elements, found %d".formatted(name, length, n));
    }
  }
}
