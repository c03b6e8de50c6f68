package dev.bellows.engine.zoo;

import static dev.bellows.engine.nn.Activation.LINEAR;
import static dev.bellows.engine.nn.Activation.RELU;

import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkException;
import dev.bellows.engine.nn.NetworkSpec;

/**
 * Capsule networks (S. Sabour, N. Frosst, G. Hinton, "Dynamic routing between capsules", NIPS
 * 2017), without the paper's reconstruction of the image.
 */
public final class CapsuleNets {
  private CapsuleNets() {}

  /**
   * A 3 x 3 convolution, a second of stride 2 whose channels are cut into the primary capsules, and
   * one capsule {@code digits} per class, routed to; the scores are the capsules' lengths. Smaller
   * kernels than the paper's 9 x 9, for images of 8 to 16 pixels.
   *
   * @param filters of the first convolution
   * @param capsules primary capsules at each place
   * @param dim values of a primary capsule
   * @param classDim values of a class's capsule
   * @param rounds of routing, 3 in the paper
   */
  public static NetworkSpec of(
      ImageTask task, int filters, int capsules, int dim, int classDim, int rounds) {
    if (capsules < 1 || dim < 1) {
      throw new NetworkException(
          "capsule net: capsules and their size must be 1 or more, got " + capsules + " x " + dim);
    }
    Model.Builder b = task.begin();
    Blocks.conv(b, "conv", filters, 3, 1, RELU);
    Blocks.conv(b, "primary", capsules * dim, 3, 2, LINEAR);
    b.reshape(-1, dim).layer("squash").as("capsules");
    b.layer("capsules", "capsules", task.classes(), "dim", classDim, "rounds", rounds);
    return b.as("digits").layer("vector_length").loss(LossKind.CAPSULE_MARGIN).build();
  }
}
