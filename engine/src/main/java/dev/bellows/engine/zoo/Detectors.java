package dev.bellows.engine.zoo;

import static dev.bellows.engine.nn.Activation.LINEAR;

import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkException;

/** Parts of networks that find objects. */
public final class Detectors {
  private Detectors() {}

  /**
   * Adds a 1 x 1 detection head behind a map [N, H, W, C]: for every place and anchor the box's
   * four numbers, whether an object is there, and a score per class (J. Redmon, A. Farhadi,
   * "YOLOv3", arXiv 1804.02767, 2018). [N, H, W, anchors (5 + classes)]: 13 x 13 x 255 for 3
   * anchors and 80 classes.
   */
  public static Model.Builder head(Model.Builder b, String name, int anchors, int classes) {
    if (anchors < 1 || classes < 1) {
      throw new NetworkException(
          "detection head: anchors and classes must be 1 or more, got "
              + anchors
              + " and "
              + classes);
    }
    return Blocks.conv(b, name, anchors * (5 + classes), 1, 1, LINEAR);
  }
}
