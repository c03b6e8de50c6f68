package dev.bellows.engine.zoo;

import static dev.bellows.engine.nn.Activation.LINEAR;

import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkSpec;

/**
 * Highway networks (R. Srivastava, K. Greff, J. Schmidhuber, "Training very deep networks", NIPS
 * 2015).
 */
public final class HighwayNets {
  private HighwayNets() {}

  /**
   * A dense layer to {@code units}, {@code layers} highway layers, and the scores.
   *
   * @param features numbers of a row
   * @param gateStart start of the gates' bias: -1 to -3, lower for deeper nets
   */
  public static NetworkSpec dense(
      int features, int units, int layers, Activation activation, double gateStart, int classes) {
    Model.Builder b = Model.builder().input(features);
    Blocks.dense(b, "widen", units, activation);
    for (int i = 1; i <= layers; i++) {
      b.layer("highway", "activation", activation.id(), "gate_start", gateStart).as("highway" + i);
    }
    Blocks.dense(b, "scores", classes, LINEAR);
    return b.loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
  }
}
