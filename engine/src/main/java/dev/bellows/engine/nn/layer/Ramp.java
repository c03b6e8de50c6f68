package dev.bellows.engine.nn.layer;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.nn.Initializer;
import dev.bellows.engine.tensor.Shape;

/**
 * A layer's place in a schedule. The number of steps is a state of the network, {@code
 * <name>.steps}: it is in checkpoints and models, so that a resumed run goes on where it stopped.
 * It is a float32 mean over slices: whole up to rounding.
 */
final class Ramp {
  private Ramp() {}

  /** Option {@code steps}: the length of the ramp, in training steps. */
  static Option option(String doc) {
    return Option.count("steps", "Training steps until " + doc).optional();
  }

  /** min(1, steps so far / {@code steps}): [1]. */
  static Node progress(LayerContext c) {
    Graph g = c.graph();
    Node one = g.constant(1, Shape.SCALAR);
    Node steps = c.state("steps", Shape.of(1), Initializer.ZERO, 0);
    if (c.training()) {
      c.statistic("steps", g.add(steps, one));
    }
    return g.stopGradient(g.min(g.mul(steps, 1.0 / c.whole("steps")), one));
  }
}
