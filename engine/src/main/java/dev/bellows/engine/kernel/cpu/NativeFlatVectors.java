package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.FlatVectors;
import java.util.Objects;

/** {@link FlatVectors} by our C library; ranges are checked here because C does not. */
final class NativeFlatVectors implements FlatVectors {
  @Override
  public boolean copy(long x, float[] y, int n) {
    Objects.checkFromIndexSize(0, n, y.length);
    return NativeOps.copyChecked(x, y, n);
  }

  @Override
  public boolean add(long x, float[] sum, int n) {
    Objects.checkFromIndexSize(0, n, sum.length);
    return NativeOps.addChecked(x, sum, n);
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
  public void adam(
      float[] constants, float[] g, float[] w, float[] m, float[] v, int offset, int n) {
    Objects.checkFromIndexSize(0, AdamConstant.values().length, constants.length);
    int length = Math.min(Math.min(g.length, w.length), Math.min(m.length, v.length));
    Objects.checkFromIndexSize(offset, n, length);
    NativeOps.adam(constants, g, w, m, v, offset, n);
  }
}
