package dev.bellows.engine.kernel.reference;

import dev.bellows.engine.graph.Node;

/** Recurrent layers over a whole sequence. Plain loops in double precision. */
final class Recurrences {
  private Recurrences() {}

  static double[] compute(Node n, double[][] in) {
    throw new IllegalStateException("the reference does not know op " + n.op().id());
  }
}
