package dev.bellows.engine.kernel;

/**
 * Operands of the gradient of a batch normalisation in training, with the relu and the sum of two
 * gradients before it: d = (dy + more) where relu's output is above 0, then the gradients of x,
 * scale and shift for the upstream gradient d. Addresses of float32; 0 for what is missing.
 *
 * @param more a second gradient, or 0
 * @param y relu's output, or 0
 * @param shift without y: relu's output is scale (x - mean) / sd + shift; 0 for no relu
 * @param masked where d goes, or 0
 * @param dx may be the address of any operand of its shape; 0 when only the rounded one is wanted
 * @param dscale [cols], or 0
 * @param dshift [cols], or 0
 * @param rounded address of dx rounded to BFLOAT16, or 0
 */
public record BatchNormBackward(
    int rows,
    int cols,
    float epsilon,
    long dy,
    long more,
    long y,
    long shift,
    long x,
    long mean,
    long variance,
    long scale,
    long masked,
    long dx,
    long dscale,
    long dshift,
    long rounded) {}
