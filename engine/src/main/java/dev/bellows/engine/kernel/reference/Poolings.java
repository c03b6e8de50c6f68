package dev.bellows.engine.kernel.reference;

import dev.bellows.engine.graph.Node;

/** Pooling, unpooling, regions of interest and resampling over the spatial axes. Plain loops in double precision. */
final class Poolings {
  private Poolings() {}

  static double[] compute(Node n, double[][] in) {
    throw new IllegalStateException("the reference does not know op " + n.op().id());
  }
}
