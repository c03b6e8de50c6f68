package dev.bellows.engine.kernel;

/**
 * Attention of {@code heads} heads of {@code width} features in queries and keys and {@code
 * valueWidth} in values.
 *
 * @param rows sequences
 * @param queries positions that ask
 * @param keys positions that are asked
 * @param causal whether query i sees only keys up to i
 * @param scale what scores are multiplied by, above 0
 */
public record AttentionShape(
    int rows,
    int queries,
    int keys,
    int heads,
    int width,
    int valueWidth,
    boolean causal,
    float scale) {
  /** Multiplications and additions of the forward pass. */
  public long flops() {
    return 2L * rows * heads * queries * keys * (width + valueWidth);
  }
}
