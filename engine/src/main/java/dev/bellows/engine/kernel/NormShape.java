package dev.bellows.engine.kernel;

/**
 * How a tensor is normalised: it is [rows, places, groups, width] in memory, and mean and variance
 * are taken over places and width of each row and group.
 */
public record NormShape(int rows, int places, int groups, int width) {
  public NormShape {
    if (rows < 0 || places < 1 || groups < 1 || width < 1) {
      throw new IllegalArgumentException(
          "normalisation of rows %d, places %d, groups %d, width %d: all but rows must be 1 or more"
              .formatted(rows, places, groups, width));
    }
  }

  /** Channels: scale and shift have one value each. */
  public int channels() {
    return groups * width;
  }

  /** Values behind one mean. */
  public long count() {
    return (long) places * width;
  }
}
