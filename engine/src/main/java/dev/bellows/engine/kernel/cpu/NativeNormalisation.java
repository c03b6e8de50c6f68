package dev.bellows.engine.kernel.cpu;

import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.NormShape;
import dev.bellows.engine.kernel.Normalisation;

/** {@link Normalisation} by our C library ({@code normalisation.c}). */
final class NativeNormalisation implements Normalisation {
  @Override
  public KernelCall bindGroupNorm(
      NormShape s, float epsilon, long x, long scale, long shift, long y) {
    return () ->
        groupNorm(s.rows(), s.places(), s.groups(), s.width(), epsilon, x, scale, shift, y);
  }

  @Override
  public KernelCall bindGroupNormGrad(
      NormShape s, float epsilon, long dy, long x, long scale, long dx, long dscale, long dshift) {
    return () ->
        groupNormGrad(
            s.rows(), s.places(), s.groups(), s.width(), epsilon, dy, x, scale, dx, dscale, dshift);
  }

  private static native void groupNorm(
      long rows,
      long places,
      long groups,
      long width,
      float epsilon,
      long x,
      long scale,
      long shift,
      long y);

  private static native void groupNormGrad(
      long rows,
      long places,
      long groups,
      long width,
      float epsilon,
      long dy,
      long x,
      long scale,
      long dx,
      long dscale,
      long dshift);
}
