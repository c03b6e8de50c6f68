package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.FlatVectors;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** {@link FlatVectors} by our C library; ranges are checked here because C does not. */
final class NativeFlatVectors implements FlatVectors {
  @Override
  public boolean copy(long x, float[] y, int n) {
    Objects.checkFromIndexSize(0, n, y.length);
    return NativeOps.copyChecked(x, y, n);
  }

  @Override
  public boolean add(long x, float[][] chain, int count, int n) {
    if (count < 1 || count > MAX_CHAIN || count > chain.length) {
      throw new IndexOutOfBoundsException(
          "sums of a chain: expected 1.." + Math.min(MAX_CHAIN, chain.length) + ", found " + count);
    }
    for (int k = 0; k < count; k++) {
      Objects.checkFromIndexSize(0, n, chain[k].length);
    }
    return NativeOps.addChain(x, chain, count, n);
  }

  @Override
  public void add(float[] x, int offset, float[] sum, int n) {
    Objects.checkFromIndexSize(offset, n, x.length);
    Objects.checkFromIndexSize(0, n, sum.length);
    NativeOps.addArray(x, offset, sum, n);
  }

  @Override
  public boolean allFinite(float[] x, int offset, int n) {
    Objects.checkFromIndexSize(offset, n, x.length);
    return NativeOps.allFiniteArray(x, offset, n);
  }

  @Override
  public void splitBfloat16(float[] x, int offset, byte[] y, int at, int n) {
    Objects.checkFromIndexSize(offset, n, x.length);
    Objects.checkFromIndexSize(at, (long) Short.BYTES * n, y.length);
    NativeOps.splitBfloat16(x, offset, y, at, n);
  }

  @Override
  public boolean addBfloat16(byte[] x, int at, float[] sum, int offset, int n) {
    Objects.checkFromIndexSize(at, (long) Short.BYTES * n, x.length);
    Objects.checkFromIndexSize(offset, n, sum.length);
    return NativeOps.addBfloat16(x, at, sum, offset, n);
  }

  @Override
  public void byteRows(
      byte[] x,
      int @Nullable [] order,
      int from,
      int count,
      int width,
      double center,
      double factor,
      long y) {
    int rows = width == 0 ? 0 : x.length / width;
    if (order == null) {
      Objects.checkFromIndexSize(from, count, rows);
    } else {
      Objects.checkFromIndexSize(from, count, order.length);
      for (int i = from; i < from + count; i++) {
        Objects.checkIndex(order[i], rows);
      }
    }
    NativeOps.byteRows(x, order, from, count, width, center, factor, y);
  }

  @Override
  public void adam(
      float[] constants, float[] g, float[] w, float[] m, float[] v, int offset, int n) {
    Objects.checkFromIndexSize(0, AdamConstant.COUNT, constants.length);
    int length = Math.min(Math.min(g.length, w.length), Math.min(m.length, v.length));
    Objects.checkFromIndexSize(offset, n, length);
    NativeOps.adam(constants, g, w, m, v, offset, n);
  }
}
