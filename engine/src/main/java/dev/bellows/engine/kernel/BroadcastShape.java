package dev.bellows.engine.kernel;

import dev.bellows.engine.tensor.Shape;

/**
 * How two tensors are read to make one of their broadcast shape: at most four dimensions after
 * neighbours that are read alike have been joined. A stride of 0 repeats; the last strides are 0 or
 * 1.
 */
public final class BroadcastShape {
  /** Dimensions after joining. */
  public static final int RANK = 4;

  private final long[] values;

  private BroadcastShape(long[] values) {
    this.values = values;
  }

  /**
   * Broadcasts like numpy: shapes are aligned at the right and a dimension of 1 is repeated.
   *
   * @throws IllegalArgumentException when the shapes do not fit or need more than four dimensions
   */
  public static BroadcastShape of(Shape a, Shape b) {
    return of(a, b, Shape.SCALAR);
  }

  /** Reads {@code from} as both operands and repeats it to {@code to}. */
  public static BroadcastShape repeat(Shape from, Shape to) {
    return of(from, from, to);
  }

  /** The third shape only makes the result larger. */
  private static BroadcastShape of(Shape a, Shape b, Shape whole) {
    int rank = Math.max(whole.rank(), Math.max(a.rank(), b.rank()));
    long[] dims = new long[rank + 1];
    long[] aStride = new long[rank + 1];
    long[] bStride = new long[rank + 1];
    int joined = 0; // dimensions so far, innermost first
    long aSize = 1;
    long bSize = 1;
    for (int i = 1; i <= rank; i++) {
      int da = i <= a.rank() ? a.dim(-i) : 1;
      int db = i <= b.rank() ? b.dim(-i) : 1;
      if (da != db && da != 1 && db != 1) {
        throw new IllegalArgumentException(
            "shapes " + a + " and " + b + " do not broadcast: " + da + " against " + db);
      }
      int dim = Math.max(Math.max(da, db), i <= whole.rank() ? whole.dim(-i) : 1);
      if (dim == 1) {
        continue;
      }
      long as = da == 1 ? 0 : aSize;
      long bs = db == 1 ? 0 : bSize;
      boolean joins =
          joined > 0
              && as == (aStride[joined - 1] == 0 ? 0 : aStride[joined - 1] * dims[joined - 1])
              && bs == (bStride[joined - 1] == 0 ? 0 : bStride[joined - 1] * dims[joined - 1]);
      if (joins) {
        dims[joined - 1] *= dim;
      } else {
        dims[joined] = dim;
        aStride[joined] = as;
        bStride[joined] = bs;
        joined++;
      }
      aSize *= da;
      bSize *= db;
    }
    if (joined > RANK) {
      throw new IllegalArgumentException(
          "broadcasting " + a + " with " + b + " needs " + joined + " dimensions, at most " + RANK);
    }
    long[] values = new long[3 * RANK];
    for (int i = 0; i < RANK; i++) {
      values[i] = 1;
    }
    for (int i = 0; i < joined; i++) {
      values[RANK - 1 - i] = dims[i];
      values[2 * RANK - 1 - i] = aStride[i];
      values[3 * RANK - 1 - i] = bStride[i];
    }
    return new BroadcastShape(values);
  }

  /** Dimension {@code i} of 0..3. */
  public long dim(int i) {
    return values[i];
  }

  /** Stride of the first operand in elements. */
  public long strideA(int i) {
    return values[RANK + i];
  }

  /** Stride of the second operand in elements. */
  public long strideB(int i) {
    return values[2 * RANK + i];
  }

  /** The twelve numbers: dimensions, strides of a, strides of b. */
  public long[] values() {
    return values.clone();
  }
}
