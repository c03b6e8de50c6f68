package dev.bellows.engine.tensor;

import java.util.Arrays;

/**
 * An immutable list of dimensions, row-major: the last dimension is contiguous. Rank 0 is a scalar
 * (one element).
 */
public final class Shape {
  /** The shape of a scalar: rank 0, one element. */
  public static final Shape SCALAR = new Shape(new int[0]);

  private final int[] dims;
  private final long size;

  private Shape(int[] dims) {
    this.dims = dims;
    long product = 1;
    for (int i = 0; i < dims.length; i++) {
      if (dims[i] < 0) {
        throw new IllegalArgumentException(
            "dimension "
                + i
                + " of shape "
                + Arrays.toString(dims)
                + " is negative; every dimension must be 0 or more");
      }
      product = Math.multiplyExact(product, (long) dims[i]);
    }
    this.size = product;
  }

  /**
   * A shape of the given dimensions, outermost first.
   *
   * @throws IllegalArgumentException when a dimension is negative
   * @throws ArithmeticException when the number of elements exceeds a long
   */
  public static Shape of(int... dims) {
    return dims.length == 0 ? SCALAR : new Shape(dims.clone());
  }

  /** Number of dimensions. */
  public int rank() {
    return dims.length;
  }

  /**
   * Dimension {@code i}; a negative {@code i} counts from the end ({@code -1} is the last).
   *
   * @throws IndexOutOfBoundsException when there is no such dimension
   */
  public int dim(int i) {
    int index = i < 0 ? i + dims.length : i;
    if (index < 0 || index >= dims.length) {
      throw new IndexOutOfBoundsException(
          "dimension " + i + " asked of shape " + this + " which has rank " + dims.length);
    }
    return dims[index];
  }

  /** Number of elements (1 for a scalar). */
  public long size() {
    return size;
  }

  /** A copy of the dimensions. */
  public int[] dims() {
    return dims.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  /** For example {@code [128, 784]}; a scalar is {@code []}. */
  @Override
  public String toString() {
    return Arrays.toString(dims);
  }
}
