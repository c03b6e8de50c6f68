package dev.bellows.engine.kernel;

import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.Arrays;

/** Matrix products of the last two axes of two tensors, all row-major and dense. */
public final class BatchGemmShape {
  private final int[] leading;
  private final int[] leadingA;
  private final int[] leadingB;
  private final GemmShape product;

  private BatchGemmShape(int[] leading, int[] leadingA, int[] leadingB, GemmShape product) {
    this.leading = leading;
    this.leadingA = leadingA;
    this.leadingB = leadingB;
    this.product = product;
  }

  /** Leading axes of the result. */
  public int[] leading() {
    return leading.clone();
  }

  /** Leading axes of A: as many, each that of the result or 1 (repeated). */
  public int[] leadingA() {
    return leadingA.clone();
  }

  /** Leading axes of B, likewise. */
  public int[] leadingB() {
    return leadingB.clone();
  }

  /** One of the products. */
  public GemmShape product() {
    return product;
  }

  /** The product of a [..., M, K] and b [..., K, N], each perhaps transposed. */
  public static BatchGemmShape of(
      Shape a, Shape b, boolean transA, boolean transB, DType operands) {
    int rank = Math.max(a.rank(), b.rank()) - 2;
    int[] leadingA = leading(a, rank);
    int[] leadingB = leading(b, rank);
    int[] leading = new int[rank];
    for (int i = 0; i < rank; i++) {
      leading[i] = Math.max(leadingA[i], leadingB[i]);
    }
    GemmShape product =
        new GemmShape(
            a.dim(transA ? -1 : -2),
            b.dim(transB ? -2 : -1),
            a.dim(transA ? -2 : -1),
            transA,
            transB,
            operands);
    return new BatchGemmShape(leading, leadingA, leadingB, product);
  }

  private static int[] leading(Shape shape, int rank) {
    int[] leading = new int[rank];
    for (int i = 0; i < rank; i++) {
      int axis = i - rank + shape.rank() - 2;
      leading[i] = axis < 0 ? 1 : shape.dim(axis);
    }
    return leading;
  }

  /** Number of products. */
  public int count() {
    int count = 1;
    for (int dim : leading) {
      count *= dim;
    }
    return count;
  }

  /** Which matrix of A product {@code i} reads. */
  public int matrixA(int i) {
    return matrix(leadingA, i);
  }

  /** Which matrix of B product {@code i} reads. */
  public int matrixB(int i) {
    return matrix(leadingB, i);
  }

  private int matrix(int[] own, int product) {
    int rest = product;
    int index = 0;
    int stride = 1;
    for (int i = leading.length - 1; i >= 0; i--) {
      index += own[i] == 1 ? 0 : rest % leading[i] * stride;
      stride *= own[i];
      rest /= leading[i];
    }
    return index;
  }

  /** Multiplications and additions. */
  public long flops() {
    return count() * product.flops();
  }

  /** For keys and messages. */
  @Override
  public String toString() {
    return product + " of " + Arrays.toString(leadingA) + " and " + Arrays.toString(leadingB);
  }
}
