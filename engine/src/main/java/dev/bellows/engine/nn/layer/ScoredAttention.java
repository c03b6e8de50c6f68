package dev.bellows.engine.nn.layer;

import dev.bellows.engine.graph.AttentionScores;
import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Indexings;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.nn.Initializer;
import dev.bellows.engine.nn.layer.AttentionBlocks.Sequences;
import dev.bellows.engine.tensor.Shape;
import org.jspecify.annotations.Nullable;

/**
 * Attention of one sequence to another by a score of each pair of positions, as recurrent decoders
 * use it. Queries [N, Q, F] and memory [N, K, G] give contexts [N, Q, G]: sums of the memory with
 * weights softmax(score).
 */
final class ScoredAttention {
  static final LayerType LAYER =
      LayerType.named(
              "attention", "Weighted sums of a memory by a score of query and memory position.")
          .option(
              Option.word(
                      "score",
                      "dot: q k; general: q W k; concat: v tanh(W [q; k]) (Luong et al., EMNLP"
                          + " 2015); additive: v tanh(W q + U k) (Bahdanau et al., ICLR 2015).",
                      "dot",
                      "general",
                      "concat",
                      "additive")
                  .or("dot"))
          .option(
              Option.count("units", "Width of the hidden layer of the score; else F.").optional())
          .option(
              Option.whole(
                      "window",
                      "Positions seen on each side of the one aligned to (local attention, Luong et"
                          + " al., 2015): work and memory grow with the window, not with the"
                          + " sequence; 0 for all of them.")
                  .in(Option.Range.NOT_NEGATIVE)
                  .or(0))
          .option(
              Option.word(
                      "aligned",
                      "Where the window lies: at the query's own position, or predicted from it and"
                          + " weighted by a Gaussian.",
                      "monotonic",
                      "predicted")
                  .or("predicted"))
          .inputs(3)
          .body(ScoredAttention::build);

  private ScoredAttention() {}

  private static Node build(LayerContext c) {
    Sequences in = Sequences.of(c);
    int reach = c.whole("window");
    if (reach > 0 && 2 * reach + 1 < in.asked().shape().dim(1)) {
      return LocalAttention.of(c, in.x(), in.asked(), in.lengths());
    }
    Node weights = weights(c, in.x(), in.asked(), in.lengths());
    c.graph("weights").stopGradient(weights); // a name to watch them by
    return Indexings.batchMatmul(c.graph(""), weights, in.asked(), false, false);
  }

  /** [N, Q, K], each row sums to 1 (less under a Gaussian). */
  private static Node weights(LayerContext c, Node x, Node memory, @Nullable Node lengths) {
    Graph g = c.graph();
    int queries = x.shape().dim(1);
    int keys = memory.shape().dim(1);
    Node scores = scores(c, x, memory);
    Node mask = AttentionScores.mask(g, queries, keys, lengths, false);
    if (mask != null) {
      mask = g.reshape(mask, Shape.of(x.shape().dim(0), 1, keys));
    }
    if (c.whole("window") == 0) {
      return mask == null ? g.softmax(scores, 1) : AttentionScores.softmax(g, scores, mask);
    }
    double[] place = new double[keys];
    for (int j = 0; j < keys; j++) {
      place[j] = j;
    }
    Node centre = g.reshape(centre(c, x, keys), Shape.of(x.shape().dim(0), queries, 1));
    Node distance = g.sub(g.constant(place, Shape.of(1, 1, keys)), centre);
    return within(c, scores, distance, mask);
  }

  /**
   * Weights of what the window reaches.
   *
   * @param scores [N, Q, J] of J places for each query
   * @param distance of these places from the one aligned to
   * @param mask 1 where a place belongs to the sequence; null when all do
   */
  static Node within(LayerContext c, Node scores, Node distance, @Nullable Node mask) {
    Graph g = c.graph();
    int reach = c.whole("window");
    Node far = g.greater(g.abs(distance), g.constant(reach, Shape.SCALAR));
    Node near = g.stopGradient(g.sub(g.constant(1, Shape.SCALAR), far));
    Node local = AttentionScores.softmax(g, scores, mask == null ? near : g.mul(near, mask));
    if (c.word("aligned").equals("monotonic")) {
      return local;
    }
    double deviation = reach / 2.0;
    Node square = g.mul(distance, distance);
    return g.mul(local, g.exp(g.mul(square, -0.5 / (deviation * deviation))));
  }

  /** The place aligned to, [N, Q]: t, or K sigmoid(v tanh(W q)). */
  static Node centre(LayerContext c, Node x, int keys) {
    Graph g = c.graph();
    int queries = x.shape().dim(1);
    Shape shape = Shape.of(x.shape().dim(0), queries);
    if (c.word("aligned").equals("monotonic")) {
      double[] own = new double[(int) shape.size()];
      for (int i = 0; i < own.length; i++) {
        own[i] = i % queries;
      }
      return g.constant(own, shape);
    }
    int units = units(c, x);
    Node hidden = g.tanh(map(c, "position_weight", x, units));
    return g.reshape(g.mul(g.sigmoid(map(c, "position_vector", hidden, 1)), keys), shape);
  }

  private static int units(LayerContext c, Node x) {
    return c.has("units") ? c.whole("units") : x.shape().dim(2);
  }

  private static Node map(LayerContext c, String name, Node x, int outputs) {
    int inputs = x.shape().dim(-1);
    Shape shape = Shape.of(inputs, outputs);
    Node weight = c.parameter(name, shape, Initializer.GLOROT, true, inputs, outputs);
    return Indexings.linear(c.graph(), x, weight, null);
  }

  /** The queries as the score dot multiplies them with keys, [N, Q, G]. */
  static Node asking(LayerContext c, Node x, Node memory) {
    int features = x.shape().dim(2);
    int keyFeatures = memory.shape().dim(2);
    if (c.word("score").equals("general")) {
      return map(c, "score_weight", x, keyFeatures);
    }
    if (features != keyFeatures) {
      throw c.wrong(
          "score dot needs as many features in both sequences, found "
              + features
              + " and "
              + keyFeatures
              + "; use general");
    }
    return x;
  }

  static boolean multiplies(LayerContext c) {
    return c.word("score").equals("dot") || c.word("score").equals("general");
  }

  /** W_q q [N, Q, U]: concat is additive, W [q; k] = W_q q + W_k k. */
  static Node left(LayerContext c, Node x) {
    return map(c, "query_weight", x, units(c, x));
  }

  /** W_k k [N, K, U]. */
  static Node right(LayerContext c, Node x, Node memory) {
    return map(c, "key_weight", memory, units(c, x));
  }

  /** v tanh(left + right) [N, Q, J] of left [N, Q, 1, U] and right [N, 1 or Q, J, U]. */
  static Node added(LayerContext c, Node left, Node right) {
    Graph g = c.graph();
    Node scored = map(c, "score_vector", g.tanh(g.add(left, right)), 1);
    return g.reshape(
        scored, Shape.of(left.shape().dim(0), left.shape().dim(1), right.shape().dim(2)));
  }

  /** [N, Q, K]. */
  private static Node scores(LayerContext c, Node x, Node memory) {
    Graph g = c.graph();
    if (multiplies(c)) {
      return Indexings.batchMatmul(g, asking(c, x, memory), memory, false, true);
    }
    int rows = x.shape().dim(0);
    Node left = left(c, x);
    Node right = right(c, x, memory);
    int units = left.shape().dim(2);
    return added(
        c,
        g.reshape(left, Shape.of(rows, x.shape().dim(1), 1, units)),
        g.reshape(right, Shape.of(rows, 1, memory.shape().dim(1), units)));
  }
}
