package dev.bellows.engine.nn.layer;

import dev.bellows.engine.graph.Attentions;
import dev.bellows.engine.graph.Indexings;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Normalisations;
import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.Initializer;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The parts that layers with attention are made of. Parameters are named after {@code prefix}. */
final class AttentionBlocks {
  private static final double EPSILON = 1e-5;

  private AttentionBlocks() {}

  /** The inputs of a layer with attention. */
  record Sequences(Node x, @Nullable Node memory, @Nullable Node lengths) {
    /**
     * Sequences [N, T, F]: the first asks; the second, where there is one, is asked. An int [N]
     * holds the lengths of what is asked.
     */
    static Sequences of(LayerContext c) {
      Node lengths = null;
      List<Node> sequences = new ArrayList<>();
      for (Node input : c.inputs()) {
        if (input.dtype() == DType.INT32 && input.shape().rank() == 1) {
          lengths = input;
        } else {
          sequences.add(c.ranked(input, 3, "sequences [N, T, F]"));
        }
      }
      if (sequences.isEmpty() || sequences.size() > 2) {
        throw c.wrong(
            "needs one or two sequences [N, T, F] (and lengths [N]), found " + sequences.size());
      }
      return new Sequences(
          sequences.get(0), sequences.size() > 1 ? sequences.get(1) : null, lengths);
    }

    /** What is asked: the memory, or the sequence itself. */
    Node asked() {
      return memory == null ? x : memory;
    }
  }

  /** x W + b over the last axis. */
  static Node linear(LayerContext c, String prefix, Node x, int outputs, Initializer start) {
    return linear(c, prefix, x, outputs, 1, start);
  }

  /** {@code parts} maps side by side; each starts as one of its own would. */
  private static Node linear(
      LayerContext c, String prefix, Node x, int outputs, int parts, Initializer start) {
    int inputs = x.shape().dim(-1);
    int fanOut = outputs / parts;
    Node weight =
        c.parameter(prefix + "weight", Shape.of(inputs, outputs), start, true, inputs, fanOut);
    Node bias =
        c.parameter(prefix + "bias", Shape.of(outputs), Initializer.ZERO, false, inputs, fanOut);
    return Indexings.linear(c.graph(), x, weight, bias);
  }

  /** Layer norm with its own scale and shift. */
  static Node norm(LayerContext c, String prefix, Node x) {
    Node scale = NormalisationLayers.scale(c, prefix);
    Node shift = NormalisationLayers.shift(c, prefix);
    return Normalisations.layerNorm(c.graph(), x, scale, shift, EPSILON);
  }

  /**
   * Multi-head attention with its projections: x [N, T, F] asks memory [N, K, G], or itself when
   * there is none. Gives [N, T, F].
   */
  static Node multiHead(
      LayerContext c,
      String prefix,
      Node x,
      @Nullable Node memory,
      @Nullable Node lengths,
      boolean causal,
      double rate) {
    int features = x.shape().dim(2);
    int heads = c.whole("heads");
    if (features % heads != 0) {
      throw c.wrong("heads " + heads + " must divide the features " + features + " of its input");
    }
    int id = c.dropoutId();
    boolean masks = c.draws() && rate > 0;
    Node mixed;
    if (memory == null && !masks) {
      Node qkv = linear(c, prefix + "qkv_", x, 3 * features, 3, Initializer.GLOROT);
      mixed = Attentions.selfAttention(c.graph(), qkv, lengths, heads, causal);
    } else {
      Node[] parts = projections(c, prefix, x, memory, features);
      mixed =
          masks
              ? Attentions.composed(
                  c.graph(),
                  parts[0],
                  parts[1],
                  parts[2],
                  lengths,
                  heads,
                  causal,
                  p -> c.graph().dropout(p, rate, id))
              : Attentions.attention(
                  c.graph(), parts[0], parts[1], parts[2], lengths, heads, causal);
    }
    return linear(c, prefix + "out_", mixed, features, Initializer.GLOROT);
  }

  /** Queries, keys and values; parameters of the same names and shapes with dropout and without. */
  private static Node[] projections(
      LayerContext c, String prefix, Node x, @Nullable Node memory, int features) {
    Node q;
    Node rest;
    int from = 0;
    if (memory == null) {
      rest = linear(c, prefix + "qkv_", x, 3 * features, 3, Initializer.GLOROT);
      q = c.graph().slice(rest, 2, 0, features);
      from = features;
    } else {
      q = linear(c, prefix + "q_", x, features, Initializer.GLOROT);
      rest = linear(c, prefix + "kv_", memory, 2 * features, 2, Initializer.GLOROT);
    }
    Node k = c.graph().slice(rest, 2, from, from + features);
    Node v = c.graph().slice(rest, 2, from + features, from + 2 * features);
    return new Node[] {q, k, v};
  }

  /** Two maps with the layer's activation between: [N, T, F] to [N, T, F]. */
  static Node feedForward(LayerContext c, String prefix, Node x, double rate) {
    int features = x.shape().dim(2);
    Activation kind = c.activation();
    Node hidden = linear(c, prefix + "hidden_", x, c.whole("hidden"), c.initializer());
    Node active = kind == Activation.LINEAR ? hidden : Activations.apply(c.graph(), kind, hidden);
    return linear(c, prefix + "output_", c.dropout(active, rate), features, Initializer.GLOROT);
  }
}
