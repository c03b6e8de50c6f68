package dev.bellows.engine.kernel;

import dev.bellows.engine.tensor.Shape;
import java.util.Arrays;

/**
 * A permutation of dimensions, neighbours that stay together joined: the dimensions of the result
 * and the strides, in elements, at which it reads.
 */
public final class PermuteShape {
  private final long[] dims;
  private final long[] strides;

  private PermuteShape(long[] dims, long[] strides) {
    this.dims = dims;
    this.strides = strides;
  }

  /** Dimension i of the result is dimension {@code axes[i]} of {@code from}. */
  public static PermuteShape of(Shape from, int[] axes) {
    long[] source = new long[axes.length];
    long stride = 1;
    for (int i = axes.length - 1; i >= 0; i--) {
      source[i] = stride;
      stride *= from.dim(i);
    }
    long[] dims = new long[axes.length];
    long[] strides = new long[axes.length];
    int joined = 0; // outermost first
    for (int axis : axes) {
      long dim = from.dim(axis);
      if (dim == 1) {
        continue;
      }
      if (joined > 0 && strides[joined - 1] == dim * source[axis]) {
        dims[joined - 1] *= dim;
        strides[joined - 1] = source[axis];
      } else {
        dims[joined] = dim;
        strides[joined++] = source[axis];
      }
    }
    return new PermuteShape(Arrays.copyOf(dims, joined), Arrays.copyOf(strides, joined));
  }

  /** Dimensions of the result. */
  public long[] dims() {
    return dims.clone();
  }

  /** Strides of the argument along them. */
  public long[] strides() {
    return strides.clone();
  }

  /** Number of elements. */
  public long size() {
    long size = 1;
    for (long dim : dims) {
      size *= dim;
    }
    return size;
  }
}
