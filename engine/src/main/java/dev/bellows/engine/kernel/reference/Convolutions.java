package dev.bellows.engine.kernel.reference;

import dev.bellows.engine.graph.Node;

/** Convolutions and their gradients. Plain loops in double precision. */
final class Convolutions {
  private Convolutions() {}

  static double[] compute(Node n, double[][] in) {
    throw new IllegalStateException("the reference does not know op " + n.op().id());
  }
}
