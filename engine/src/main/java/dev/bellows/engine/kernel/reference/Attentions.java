package dev.bellows.engine.kernel.reference;

import dev.bellows.engine.graph.Node;

/** Attention as one op. Plain loops in double precision. */
final class Attentions {
  private Attentions() {}

  static double[] compute(Node n, double[][] in) {
    throw new IllegalStateException("the reference does not know op " + n.op().id());
  }
}
