package dev.bellows.engine.nn.layer;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Indexings;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.nn.Initializer;
import dev.bellows.engine.nn.layer.AttentionBlocks.Sequences;
import dev.bellows.engine.tensor.Shape;

/**
 * A few tokens for many positions: token l is the mean of the positions, weighted by a softmax over
 * them of x W_l (the filter-based tokenizer of B. Wu et al., "Visual Transformers: token-based
 * image representation and processing for computer vision", arXiv 2006.03677, 2020). [N, P, C] to
 * [N, L, C].
 */
final class Tokenizer {
  static final LayerType LAYER =
      LayerType.named(
              "tokenizer",
              "Gathers the positions [N, P, C] in a few tokens [N, L, C] (Wu et al., 2020).")
          .option(Option.count("tokens", "L."))
          .body(Tokenizer::build);

  private Tokenizer() {}

  private static Node build(LayerContext c) {
    Node x = Sequences.of(c).x();
    int channels = x.shape().dim(2);
    int tokens = c.whole("tokens");
    Graph g = c.graph();
    Node weight =
        c.parameter(
            "weight", Shape.of(channels, tokens), Initializer.GLOROT, true, channels, tokens);
    Node scores = Indexings.linear(g, x, weight, null); // [N, P, L]
    Node asked =
        Indexings.permute(g, scores, 0, 2, 1); // before the name below, which it would take
    Node shares = c.graph("shares").softmax(asked, 1); // [N, L, P]
    return Indexings.batchMatmul(c.graph(""), shares, x, false, false);
  }
}
