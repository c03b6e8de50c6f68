package dev.bellows.engine.kernel;

/**
 * Operands of a batch normalisation in training, with what follows it: y = relu(scale (x - mean) /
 * sqrt(variance + epsilon) + shift + skip). Addresses of float32; 0 for what is missing.
 *
 * @param rows values per channel
 * @param relu whether relu is applied
 * @param skip address of a tensor that is added before relu, or 0
 * @param mean result [cols]
 * @param variance result [cols], biased
 * @param y result of x's shape, or 0 when only the rounded one is wanted
 * @param rounded address of y rounded to BFLOAT16, or 0
 */
public record BatchNormForward(
    int rows,
    int cols,
    float epsilon,
    boolean relu,
    long x,
    long skip,
    long scale,
    long shift,
    long mean,
    long variance,
    long y,
    long rounded) {}
