package dev.bellows.engine.nn.layer;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Indexings;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.nn.Initializer;
import dev.bellows.engine.tensor.Shape;
import java.util.Arrays;
import java.util.List;

/**
 * Capsules: vectors whose direction says how a thing looks and whose length in [0, 1) whether it is
 * there (S. Sabour, N. Frosst, G. Hinton, "Dynamic routing between capsules", NIPS 2017).
 */
final class CapsuleLayers {
  /** Under the root of a length, whose slope at 0 has no end. */
  private static final double TINY = 1e-9;

  static final List<LayerType> ALL =
      List.of(
          LayerType.named("squash", "Vectors of the last axis as capsules: n^2 / (1 + n^2) s / n.")
              .keepsShape()
              .body(c -> squash(c.graph(""), c.input())),
          LayerType.named(
                  "capsules",
                  "Capsules [N, I, D] vote for capsules [N, J, E] and are routed by agreement"
                      + " (Sabour et al., 2017).")
              .option(Option.count("capsules", "J, capsules of the output."))
              .option(Option.count("dim", "E, values of each.").or(16))
              .option(Option.count("rounds", "Rounds of routing.").or(3))
              .body(CapsuleLayers::routed),
          LayerType.named(
                  "vector_length", "Lengths of the vectors of the last axis: [N, J, E] to [N, J].")
              .body(c -> length(c, c.input())));

  private CapsuleLayers() {}

  private static Node squares(Graph g, Node x) {
    return g.reduce(Op.REDUCE_SUM, g.mul(x, x), true, x.shape().rank() - 1);
  }

  private static Node root(Graph g, Node squares) {
    return g.sqrt(g.add(squares, g.constant(TINY, Shape.SCALAR)));
  }

  /** s n / (1 + n^2) with n the length of s. */
  private static Node squash(Graph g, Node s) {
    Node squares = squares(g, s);
    Node one = g.constant(1, Shape.SCALAR);
    return g.mul(s, g.div(root(g, squares), g.add(squares, one)));
  }

  private static Node length(LayerContext c, Node x) {
    int[] dims = x.shape().dims();
    if (dims.length < 3) {
      throw c.wrong("expected vectors [N, ..., E], found " + LayerContext.text(x.shape()));
    }
    Graph g = c.graph();
    Node lengths = root(g, squares(g, x));
    return c.graph("").reshape(lengths, Shape.of(Arrays.copyOf(dims, dims.length - 1)));
  }

  /**
   * Each input capsule's vote for each output is its vector through a matrix of their own. Coupling
   * shares, a softmax over the outputs, start equal; each round adds to their logits how far vote
   * and output agree. Gradients flow through all rounds.
   */
  private static Node routed(LayerContext c) {
    Node x = c.input(3, "capsules [N, I, D]");
    int rows = x.shape().dim(0);
    int inputs = x.shape().dim(1);
    int outputs = c.whole("capsules");
    int dim = c.whole("dim");
    Shape matrices = Shape.of(inputs, x.shape().dim(2), outputs * dim);
    Node weight =
        c.parameter("weight", matrices, Initializer.GLOROT, true, x.shape().dim(2), outputs * dim);
    Graph g = c.graph();
    Node byInput = Indexings.permute(g, x, 1, 0, 2); // [I, N, D]
    Node flat = Indexings.batchMatmul(c.graph("votes"), byInput, weight, false, false);
    Node votes = g.reshape(flat, Shape.of(inputs, rows, outputs, dim));
    Node logits = g.constant(0, Shape.of(inputs, rows, outputs));
    for (int round = 1; ; round++) {
      Node coupling = c.graph("coupling" + round).softmax(logits, 1);
      Node shares = g.reshape(coupling, Shape.of(inputs, rows, outputs, 1));
      Node sum = g.reduceSum(g.mul(shares, votes), 0); // [N, J, E]
      if (round == c.whole("rounds")) {
        return squash(c.graph(""), sum);
      }
      Node agreement = g.reduceSum(g.mul(votes, squash(g, sum)), 3); // [I, N, J]
      logits = g.add(logits, agreement);
    }
  }
}
