package dev.bellows.engine.nn.layer;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.Initializer;
import dev.bellows.engine.nn.layer.AttentionBlocks.Sequences;
import dev.bellows.engine.tensor.Shape;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Layers over sequences [N, T, F] whose positions look at each other. An input int [N] holds the
 * lengths of the sequence that is asked; places behind are not seen.
 */
final class AttentionLayers {
  /** Adds what tells positions apart. */
  static final LayerType POSITIONAL_ENCODING =
      LayerType.named(
              "positional_encoding", "Adds to each position of [N, T, F] a vector of its own.")
          .option(
              Option.word(
                      "kind",
                      "Sines of geometric wavelengths (Vaswani et al., 2017), or trained.",
                      "sinusoidal",
                      "learned")
                  .or("sinusoidal"))
          .keepsShape()
          .body(AttentionLayers::positions);

  /** Attention with projections of queries, keys, values and result. */
  static final LayerType MULTI_HEAD_ATTENTION =
      LayerType.named(
              "multi_head_attention",
              "Scaled dot-product attention in several heads (Vaswani et al., NeurIPS 2017).")
          .option(heads())
          .option(Option.flag("causal", false, "See no later position."))
          .option(dropout("Share of attention weights set to 0 in training."))
          .inputs(3)
          .keepsShape()
          .body(
              c -> {
                Sequences in = Sequences.of(c);
                boolean causal = c.flag("causal");
                return AttentionBlocks.multiHead(
                    c, "", in.x(), in.memory(), in.lengths(), causal, c.number("dropout"));
              });

  /** Self-attention and two dense maps, each with a residual and a layer norm. */
  static final LayerType TRANSFORMER_ENCODER =
      block("transformer_encoder", "Self-attention and a dense net per position, with residuals.")
          .option(Option.flag("causal", false, "See no later position: a decoder without memory."))
          .inputs(2)
          .body(
              c -> {
                Sequences in = Sequences.of(c);
                if (in.memory() != null) {
                  throw c.wrong("reads one sequence; use transformer_decoder for a memory");
                }
                double rate = c.number("dropout");
                Node x = in.x();
                x = residual(c, "attention_", x, y -> self(c, y, in.lengths(), c.flag("causal")));
                return residual(
                    c, "feed_", x, y -> AttentionBlocks.feedForward(c, "feed_", y, rate));
              });

  /** Causal self-attention, attention to a memory and two dense maps, each with a residual. */
  static final LayerType TRANSFORMER_DECODER =
      block(
              "transformer_decoder",
              "Causal self-attention, attention to a memory, a dense net per position.")
          .inputs(3)
          .body(
              c -> {
                Sequences in = Sequences.of(c);
                if (in.memory() == null) {
                  throw c.wrong(
                      "needs two inputs: its sequence and the memory; use transformer_encoder with"
                          + " causal: true where there is no memory");
                }
                double rate = c.number("dropout");
                Node x = in.x();
                x = residual(c, "attention_", x, y -> self(c, y, null, true));
                x =
                    residual(
                        c,
                        "memory_",
                        x,
                        y ->
                            AttentionBlocks.multiHead(
                                c, "memory_", y, in.memory(), in.lengths(), false, rate));
                return residual(
                    c, "feed_", x, y -> AttentionBlocks.feedForward(c, "feed_", y, rate));
              });

  static final List<LayerType> ALL =
      List.of(
          POSITIONAL_ENCODING,
          MULTI_HEAD_ATTENTION,
          TRANSFORMER_ENCODER,
          TRANSFORMER_DECODER,
          ScoredAttention.LAYER,
          Tokenizer.LAYER);

  private AttentionLayers() {}

  private static Option heads() {
    return Option.count("heads", "Heads; they share the features.").or(4);
  }

  private static Option dropout(String doc) {
    return Option.share("dropout", doc).or(0.0);
  }

  private static LayerType.Definition block(String id, String doc) {
    return LayerType.named(id, doc)
        .option(heads())
        .option(Option.count("hidden", "Width of the dense net between."))
        .option(CommonOptions.activation(Activation.GELU))
        .option(CommonOptions.initializer())
        .option(dropout("Share of values set to 0 in training, before each residual sum too."))
        .option(
            Option.word(
                    "norm",
                    "Layer norm before each part (R. Xiong et al., ICML 2020) or after each sum.",
                    "pre",
                    "post")
                .or("pre"))
        .keepsShape();
  }

  /** x plus a part of it, with a layer norm before the part or after the sum. */
  private static Node residual(LayerContext c, String prefix, Node x, UnaryOperator<Node> part) {
    boolean before = c.word("norm").equals("pre");
    Node y = part.apply(before ? AttentionBlocks.norm(c, prefix + "norm_", x) : x);
    Node sum = c.graph().add(x, c.dropout(y, c.number("dropout")));
    return before ? sum : AttentionBlocks.norm(c, prefix + "norm_", sum);
  }

  private static Node self(LayerContext c, Node x, @Nullable Node lengths, boolean causal) {
    return AttentionBlocks.multiHead(
        c, "attention_", x, null, lengths, causal, c.number("dropout"));
  }

  /** P[t, 2i] = sin(t / 10000^(2i / F)), P[t, 2i + 1] = cos of the same. */
  private static Node positions(LayerContext c) {
    Node x = c.input(3, "sequences [N, T, F]");
    int steps = x.shape().dim(1);
    int features = x.shape().dim(2);
    Shape shape = Shape.of(steps, features);
    if (c.word("kind").equals("learned")) {
      Node table =
          c.parameter("positions", shape, Initializer.SMALL_RANDOM, false, features, features);
      return c.graph("").add(x, table);
    }
    double[] waves = new double[steps * features];
    for (int i = 0; i < waves.length; i++) {
      int feature = i % features;
      int position = i / features;
      double angle = position / Math.pow(10000, (feature - feature % 2) / (double) features);
      waves[i] = feature % 2 == 0 ? Math.sin(angle) : Math.cos(angle);
    }
    Node table = c.graph().constant(waves, shape);
    return c.graph("").add(x, table);
  }
}
