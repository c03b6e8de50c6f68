package dev.bellows.engine.sample;

import java.io.Serializable;

/**
 * How training images are changed at random, afresh in each epoch, so that a network learns what
 * leaves the label as it is (P. Simard, D. Steinkraus, J. Platt, ICDAR 2003). What one image gets
 * is a function of (seed, epoch, row key) alone, see {@link ImageChange}.
 *
 * <p>Applied in this order: flip, turn, rotate, crop; then contrast, brightness, erase.
 *
 * @param flipHorizontal half of the images are mirrored left to right
 * @param flipVertical half of the images are mirrored top to bottom
 * @param turn images are turned by 0, 90, 180 or 270 degrees; for square images
 * @param rotate largest angle in degrees, either way; bilinear
 * @param padding pixels that each side is extended by before a window of the image's own size is
 *     cut out of it anywhere: a shift of up to so many pixels (A. Krizhevsky et al., NIPS 2012)
 * @param fill what lies outside of the image
 * @param brightness b: bytes are multiplied by 1 - b to 1 + b
 * @param contrast c: the distance to the image's mean is multiplied by 1 - c to 1 + c
 * @param eraseSize side of a square set to the image's mean (T. DeVries, G. Taylor, "Cutout",
 *     2017), or to zeros where {@code fill} is ZERO; 0 for none. Its centre lies anywhere
 * @param eraseShare share of the images that get the square
 */
public record Augmentation(
    boolean flipHorizontal,
    boolean flipVertical,
    boolean turn,
    double rotate,
    int padding,
    Fill fill,
    double brightness,
    double contrast,
    int eraseSize,
    double eraseShare)
    implements Serializable {
  /** Images stay as they are. */
  public static final Augmentation NONE =
      new Augmentation(false, false, false, 0, 0, Fill.REFLECT, 0, 0, 0, 0);

  /** Pixels outside of an image. */
  public enum Fill {
    /** Mirrored at the border pixel: c b | a b c. */
    REFLECT,
    /** The border pixel. */
    EDGE,
    /** Zeros; a mask has no label there. */
    ZERO;

    /** The pixel that stands at {@code i} of a row of {@code n}; -1 for none. */
    int at(int i, int n) {
      if (i >= 0 && i < n) {
        return i;
      }
      return switch (this) {
        case ZERO -> -1;
        case EDGE -> Math.max(0, Math.min(n - 1, i));
        case REFLECT -> {
          int period = Math.max(1, 2 * (n - 1));
          int m = Math.floorMod(i, period);
          yield Math.min(m, period - m);
        }
      };
    }
  }

  /** Checks ranges. */
  public Augmentation {
    if (!(rotate >= 0 && rotate <= 180) || padding < 0 || eraseSize < 0) {
      throw new IllegalArgumentException(
          "augmentation: expected rotate in 0..180 degrees, padding and erase of 0 or more pixels, got "
              + rotate
              + ", "
              + padding
              + " and "
              + eraseSize);
    }
    share("brightness", brightness);
    share("contrast", contrast);
    share("erase probability", eraseShare);
  }

  private static void share(String name, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(
          "augmentation: " + name + " must be in 0..1, got " + value);
    }
  }

  /** Whether images stay as they are. */
  public boolean none() {
    return !moves() && !recolours();
  }

  /** Whether pixels move, so that masks move with them. */
  boolean moves() {
    return flipHorizontal || flipVertical || turn || rotate > 0 || padding > 0;
  }

  /** Whether bytes change. */
  boolean recolours() {
    return brightness > 0 || contrast > 0 || erases();
  }

  boolean erases() {
    return eraseSize > 0 && eraseShare > 0;
  }

  /**
   * Checks that images of this size can be changed so.
   *
   * @throws IllegalArgumentException saying what does not fit
   */
  public void requireFits(int height, int width) {
    if (turn && height != width) {
      throw new IllegalArgumentException(
          "augment.turn needs square images, found " + height + " x " + width);
    }
    if (padding >= Math.max(height, width) && padding > 0) {
      throw new IllegalArgumentException(
          "augment.crop.padding "
              + padding
              + " moves images of "
              + height
              + " x "
              + width
              + " out of sight; expected less than their size");
    }
  }
}
