package dev.bellows.engine.graph;

import org.jspecify.annotations.Nullable;

/** Losses beyond the pointwise ones: metric learning, overlap, focal, divergences. Builders with their shape rules, and the family's rows of the gradient table. */
public final class StructuredLosses {
  private StructuredLosses() {}

  /** Gradient of input {@code i} of {@code n}, see {@link GradientRules}. */
  static @Nullable Node gradient(Graph g, Node n, int i, Node dy) {
    throw new IllegalStateException("no gradient rule for op " + n.op().id());
  }
}
