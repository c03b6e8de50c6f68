package dev.bellows.engine.graph;

import dev.bellows.engine.tensor.Shape;
import org.jspecify.annotations.Nullable;

/** Masks of scores and their softmax: what every kind of attention is made of. */
public final class AttentionScores {
  /** Below any score; finite, so that a row of nothing else gives no NaN. */
  private static final double UNSEEN = -1e30;

  private AttentionScores() {}

  /**
   * 1 where a query sees a key, else 0, to be broadcast over [N, H, Q, K]; null when every key is
   * seen.
   *
   * @param lengths int [N]: keys from there on are padding
   * @param causal whether query i sees only keys up to i
   */
  public static @Nullable Node mask(
      Graph g, int queries, int keys, @Nullable Node lengths, boolean causal) {
    Node mask = null;
    if (lengths != null) {
      Shape wide = Shape.of(lengths.shape().dim(0), 1, 1, keys);
      mask = g.reshape(Indexings.sequenceMask(g, lengths, keys), wide);
    }
    if (causal) {
      double[] past = new double[queries * keys];
      for (int i = 0; i < past.length; i++) {
        past[i] = i % keys <= i / keys ? 1 : 0;
      }
      Node triangle = g.constant(past, Shape.of(1, 1, queries, keys));
      mask = mask == null ? triangle : g.mul(mask, triangle);
    }
    return mask;
  }

  /** Softmax over the last axis, exactly 0 where the mask is 0, also where that is everywhere. */
  public static Node softmax(Graph g, Node scores, Node mask) {
    Node hidden = Indexings.select(g, mask, scores, g.constant(UNSEEN, Shape.SCALAR));
    return g.mul(g.softmax(hidden, 1), mask);
  }
}
