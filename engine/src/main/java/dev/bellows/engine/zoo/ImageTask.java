package dev.bellows.engine.zoo;

import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkException;
import dev.bellows.engine.nn.NetworkSpec;

/**
 * What a network for images reads and tells apart.
 *
 * @param height pixels
 * @param width pixels
 * @param channels values of a pixel, last axis
 * @param classes of an image, or of a pixel
 */
public record ImageTask(int height, int width, int channels, int classes) {
  /** Checks that all are 1 or more and classes 2 or more. */
  public ImageTask {
    if (height < 1 || width < 1 || channels < 1 || classes < 2) {
      throw new NetworkException(
          "an image task needs a size and channels of 1 or more and 2 classes or more, got "
              + height
              + " x "
              + width
              + " x "
              + channels
              + " and "
              + classes
              + " classes");
    }
  }

  /** Square images. */
  public static ImageTask square(int side, int channels, int classes) {
    return new ImageTask(side, side, channels, classes);
  }

  Model.Builder begin() {
    return Model.builder().input(height, width, channels);
  }

  /** Ends a network whose last layer gives one score per class. */
  NetworkSpec end(Model.Builder b) {
    return b.loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
  }
}
