package dev.bellows.engine.kernel;

/**
 * Normalisation within rows (layer, group, instance). With mean m and biased variance v of the
 * (row, group) of an element and c its channel, x' = (x - m) / sqrt(v + epsilon). Addresses are of
 * float32.
 */
public interface Normalisation {
  /** y = scale_c x' + shift_c. */
  KernelCall bindGroupNorm(NormShape shape, float epsilon, long x, long scale, long shift, long y);

  /**
   * With d = scale_c dy: dx = (d - mean(d) - x' mean(d x')) / sqrt(v + epsilon); dscale_c = sum(dy
   * x'); dshift_c = sum(dy). Mean and variance are taken from x again: a row is in the first-level
   * cache then, and nothing has to be kept from the forward pass. dx may be the address of dy or x.
   *
   * @param scale may be 0 when dx is
   * @param dx 0 when it is not wanted; so for dscale and dshift
   */
  KernelCall bindGroupNormGrad(
      NormShape shape,
      float epsilon,
      long dy,
      long x,
      long scale,
      long dx,
      long dscale,
      long dshift);
}
