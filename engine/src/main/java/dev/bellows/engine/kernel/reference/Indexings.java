package dev.bellows.engine.kernel.reference;

import dev.bellows.engine.graph.Node;

/** Moving elements: permutation, padding, gathering, scattering, one-hot, batched products. Plain loops in double precision. */
final class Indexings {
  private Indexings() {}

  static double[] compute(Node n, double[][] in) {
    throw new IllegalStateException("the reference does not know op " + n.op().id());
  }
}
