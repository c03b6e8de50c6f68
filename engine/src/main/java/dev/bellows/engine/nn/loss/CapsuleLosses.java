package dev.bellows.engine.nn.loss;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Indexings;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.nn.layer.Option;
import dev.bellows.engine.tensor.Shape;

/** The loss of capsule networks. */
public final class CapsuleLosses {
  /**
   * Sum over the classes k of T_k max(0, m+ - v_k)^2 + down (1 - T_k) max(0, v_k - m-)^2, v_k the
   * length of class k's capsule, T_k 1 for the true class and else 0 (S. Sabour, N. Frosst, G.
   * Hinton, NIPS 2017, section 3). Predicted shares are the softmax of the lengths: their order is
   * right, their sizes are flat.
   */
  public static final LossType CAPSULE_MARGIN =
      LossType.named("Margins of capsule lengths (Sabour et al., 2017).", LossType.Truth.LABELS)
          .option(Option.share("present", "m+: the true class is to be longer.").or(0.9))
          .option(Option.share("absent", "m-: the others are to be shorter.").or(0.1))
          .option(Option.share("down", "Weight of the other classes.").or(0.5))
          .option(CoreLosses.classWeights())
          .classifies(LossType.Prediction.SOFTMAX)
          .check(
              (outputs, options) ->
                  outputs < 2
                      ? "loss capsule_margin needs 2 or more capsules (one per class), the network"
                          + " has "
                          + outputs
                      : CoreLosses.weights("capsule_margin", options, outputs))
          .body(CapsuleLosses::margin);

  private CapsuleLosses() {}

  private static Node margin(LossContext c) {
    Graph g = c.graph();
    Node one = g.constant(1, Shape.SCALAR);
    Node truth = Indexings.oneHot(g, c.truth(), c.output().shape().dim(1));
    Node missing = g.relu(g.sub(g.constant(c.number("present"), Shape.SCALAR), c.output()));
    Node excess = g.relu(g.sub(c.output(), g.constant(c.number("absent"), Shape.SCALAR)));
    Node present = g.mul(truth, g.mul(missing, missing));
    Node absent = g.mul(g.sub(one, truth), g.mul(g.mul(excess, excess), c.number("down")));
    Node rows = g.reduceSum(g.add(present, absent), 1);
    return c.named().reduceSum(g.mul(rows, c.weights()));
  }
}
