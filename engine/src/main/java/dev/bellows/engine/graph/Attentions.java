package dev.bellows.engine.graph;

import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Scaled dot-product attention as one op. Builders with their shape rules, and the family's rows of
 * the gradient table. Other kinds of attention are compositions: {@link AttentionScores}.
 */
public final class Attentions {
  private Attentions() {}

  /**
   * softmax(Q transposed(K) / sqrt(D)) V for each of the heads (A. Vaswani et al., Attention is all
   * you need, NeurIPS 2017).
   *
   * @param q [N, Q, heads D]
   * @param k [N, K, heads D]
   * @param v [N, K, heads E]
   * @param lengths int [N]: keys from there on are padding; null when none is
   * @param causal whether query i sees only keys up to i
   * @return [N, Q, heads E]
   */
  public static Node attention(
      Graph g, Node q, Node k, Node v, @Nullable Node lengths, int heads, boolean causal) {
    String label = g.label(Op.ATTENTION);
    ShapeRules.rank(label, q, 3);
    ShapeRules.rank(label, k, 3);
    ShapeRules.rank(label, v, 3);
    boolean fits =
        q.shape().dim(0) == k.shape().dim(0)
            && k.shape().dim(0) == v.shape().dim(0)
            && k.shape().dim(1) == v.shape().dim(1)
            && q.shape().dim(2) == k.shape().dim(2);
    if (!fits) {
      throw new GraphException(
          "node "
              + label
              + ": queries "
              + q
              + ", keys "
              + k
              + " and values "
              + v
              + " must be [N, Q, F], [N, K, F] and [N, K, G] of one N, K and F");
    }
    int width = headWidth(label, q, q.shape().dim(2), heads);
    headWidth(label, v, v.shape().dim(2), heads);
    return g.append(
        Op.ATTENTION,
        Shape.of(q.shape().dim(0), q.shape().dim(1), v.shape().dim(2)),
        DType.FLOAT32,
        attributes(width, heads, causal),
        with(label, lengths, q, k, v));
  }

  /**
   * Attention of a sequence to itself.
   *
   * @param qkv queries, keys and values side by side, [N, T, 3 heads D]
   * @param lengths int [N], or null
   * @return [N, T, heads D]
   */
  public static Node selfAttention(
      Graph g, Node qkv, @Nullable Node lengths, int heads, boolean causal) {
    String label = g.label(Op.SELF_ATTENTION);
    ShapeRules.rank(label, qkv, 3);
    int features = qkv.shape().dim(2);
    if (features % 3 != 0) {
      throw new GraphException(
          "node "
              + label
              + ": "
              + qkv
              + " must hold queries, keys and values side by side: a last axis of 3 x heads x D");
    }
    int width = headWidth(label, qkv, features / 3, heads);
    return g.append(
        Op.SELF_ATTENTION,
        Shape.of(qkv.shape().dim(0), qkv.shape().dim(1), features / 3),
        DType.FLOAT32,
        attributes(width, heads, causal),
        with(label, lengths, qkv));
  }

  private static Attributes attributes(int width, int heads, boolean causal) {
    return Attributes.of("heads", heads).with("causal", causal).with("scale", 1 / Math.sqrt(width));
  }

  private static int headWidth(String label, Node x, int features, int heads) {
    if (heads < 1 || features < heads || features % heads != 0) {
      throw new GraphException(
          "node "
              + label
              + ": "
              + features
              + " features of "
              + x
              + " can't be cut into "
              + heads
              + " heads; choose a divisor of "
              + features);
    }
    return features / heads;
  }

  private static List<Node> with(String label, @Nullable Node lengths, Node... inputs) {
    List<Node> all = new ArrayList<>(List.of(inputs));
    if (lengths != null) {
      Indexings.lengths(label, lengths, inputs[0]);
      all.add(lengths);
    }
    return all;
  }

  /** Gradient of input {@code i} of {@code n}, see {@link GradientRules}. */
  static @Nullable Node gradient(Graph g, Node n, int i, Node dy) {
    Attributes at = n.attributes();
    return switch (n.op()) {
      case ATTENTION -> grad(g, Op.ATTENTION_GRAD, n.input(i).shape(), at.with("of", i), dy, n);
      case SELF_ATTENTION -> grad(g, Op.SELF_ATTENTION_GRAD, n.input(0).shape(), at, dy, n);
      case ATTENTION_GRAD ->
          Expansion.vectorJacobian(
              g, n, i, dy, in -> expandedGradient(g, in, at, 1 + at.integer("of"), 4));
      case SELF_ATTENTION_GRAD ->
          Expansion.vectorJacobian(g, n, i, dy, in -> expandedGradient(g, in, at, 1, 2));
      default -> throw new IllegalStateException("no gradient rule for op " + n.op().id());
    };
  }

  private static Node grad(Graph g, Op op, Shape shape, Attributes at, Node dy, Node forward) {
    List<Node> inputs = new ArrayList<>(forward.inputs());
    inputs.add(0, dy);
    return g.append(op, shape, DType.FLOAT32, at, inputs);
  }

  /**
   * The gradient of input {@code of} of a gradient op, in finer ops; lengths follow {@code last}.
   */
  private static Node expandedGradient(
      Graph g, List<Node> inputs, Attributes at, int of, int last) {
    Node lengths = inputs.size() > last ? inputs.get(last) : null;
    Node y;
    if (last == 4) {
      y = expanded(g, inputs.get(1), inputs.get(2), inputs.get(3), lengths, at);
    } else {
      Node qkv = inputs.get(1);
      int third = qkv.shape().dim(2) / 3;
      Node q = g.slice(qkv, 2, 0, third);
      Node k = g.slice(qkv, 2, third, 2 * third);
      y = expanded(g, q, k, g.slice(qkv, 2, 2 * third, 3 * third), lengths, at);
    }
    Node input = inputs.get(of);
    return Expansion.only(Gradients.vectorJacobian(g, y, inputs.get(0), List.of(input)));
  }

  /** ATTENTION in finer ops. */
  private static Node expanded(
      Graph g, Node q, Node k, Node v, @Nullable Node lengths, Attributes at) {
    return composed(
        g, q, k, v, lengths, at.integer("heads"), at.flag("causal"), UnaryOperator.identity());
  }

  /**
   * {@link #attention} in finer ops, for what stands between weights and sum, such as dropout.
   *
   * @param between from weights [N, heads, Q, K] to what multiplies the values
   */
  public static Node composed(
      Graph g,
      Node q,
      Node k,
      Node v,
      @Nullable Node lengths,
      int heads,
      boolean causal,
      UnaryOperator<Node> between) {
    double scale = 1 / Math.sqrt((double) q.shape().dim(2) / heads);
    Node raw = Indexings.batchMatmul(g, heads(g, q, heads), heads(g, k, heads), false, true);
    Node scores = g.mul(raw, scale);
    Node mask = AttentionScores.mask(g, q.shape().dim(1), k.shape().dim(1), lengths, causal);
    Node p = mask == null ? g.softmax(scores, 1) : AttentionScores.softmax(g, scores, mask);
    Node sums = Indexings.batchMatmul(g, between.apply(p), heads(g, v, heads), false, false);
    Node y = Indexings.permute(g, sums, 0, 2, 1, 3);
    return g.reshape(y, Shape.of(q.shape().dim(0), q.shape().dim(1), v.shape().dim(2)));
  }

  /** [N, T, heads D] to [N, heads, T, D]. */
  static Node heads(Graph g, Node x, int heads) {
    int width = x.shape().dim(2) / heads;
    Shape split = Shape.of(x.shape().dim(0), x.shape().dim(1), heads, width);
    return Indexings.permute(g, g.reshape(x, split), 0, 2, 1, 3);
  }
}
