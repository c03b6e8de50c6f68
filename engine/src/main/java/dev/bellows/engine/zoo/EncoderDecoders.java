package dev.bellows.engine.zoo;

import static dev.bellows.engine.nn.Activation.LINEAR;
import static dev.bellows.engine.nn.Activation.TANH;

import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkSpec;
import java.util.Locale;

/**
 * From one sequence of tokens to another (I. Sutskever et al., "Sequence to sequence learning with
 * neural networks", NIPS 2014).
 *
 * <p>Inputs are {@code source} [S] with a length and {@code target} [T]: in training the wanted
 * tokens moved by one, a start token first (teacher forcing). The scores [T, V] of position t see
 * the target's tokens up to t; the label there is token t + 1. {@link
 * dev.bellows.engine.plan.GreedyDecoder} writes the target itself.
 */
public final class EncoderDecoders {
  /** How the decoder looks back at the encoder's states. */
  public enum Attention {
    /** Not at all: the decoder starts from the encoder's last state. */
    NONE,
    /**
     * By v tanh(W s + U h) of the decoder's state s before the step (D. Bahdanau et al., ICLR
     * 2015). Differs: the context joins at the output, not inside the step.
     */
    ADDITIVE,
    /** By s h of the state after the step (T. Luong et al., EMNLP 2015). */
    DOT,
    /** By s W h. */
    GENERAL,
    /** By v tanh(W [s; h]). */
    CONCAT,
    /** As {@link #GENERAL}, in a window around a predicted place, under a Gaussian. */
    LOCAL
  }

  /**
   * Sizes.
   *
   * @param sourceSteps S
   * @param targetSteps T
   * @param sourceVocabulary source tokens are 0 to this - 1
   * @param targetVocabulary V
   * @param embedding length of a token's vector
   * @param units of encoder and decoder
   */
  public record Size(
      int sourceSteps,
      int targetSteps,
      int sourceVocabulary,
      int targetVocabulary,
      int embedding,
      int units) {}

  /** Positions on each side that {@link Attention#LOCAL} sees. */
  private static final int WINDOW = 2;

  private EncoderDecoders() {}

  /** A recurrent encoder and decoder of one layer each. */
  public static NetworkSpec recurrent(SequenceNets.Cell cell, Size size, Attention attention) {
    Model.Builder b = inputs(size);
    int steps = size.sourceSteps();
    b.layer(cell.type(), "units", size.units(), "return_state", true);
    b.as("encoder").from("source_embedding", "source.length");
    b.layer("slice", "axis", 0, "to", steps).as("memory").from("encoder");
    b.layer("slice", "axis", 0, "from", steps).as("state").from("encoder");
    b.embedding(size.embedding()).as("target_embedding").from("target");
    b.layer(cell.type(), "units", size.units()).as("decoder").from("target_embedding", "state");
    if (attention != Attention.NONE) {
      attend(b, size, attention);
      b.concat("decoder").dense(size.units()).activation(TANH).as("combined");
    }
    return scores(b, size);
  }

  /**
   * Blocks of a transformer (A. Vaswani et al., NeurIPS 2017), with layer norm before each part.
   *
   * @param blocks sizes of both stacks; the embedding has their features
   */
  public static NetworkSpec transformer(Size size, Transformers.Size blocks) {
    Model.Builder b = inputs(size);
    b.layer("positional_encoding").as("source_positions");
    for (int i = 1; i <= blocks.blocks(); i++) {
      String before = i == 1 ? "source_positions" : "encoder" + (i - 1);
      block(b, "transformer_encoder", blocks, "encoder" + i).from(before, "source.length");
    }
    b.layer("layer_norm").as("memory");
    b.embedding(blocks.features()).as("target_embedding").from("target");
    b.layer("positional_encoding").as("target_positions");
    for (int i = 1; i <= blocks.blocks(); i++) {
      String before = i == 1 ? "target_positions" : "decoder" + (i - 1);
      block(b, "transformer_decoder", blocks, "decoder" + i)
          .from(before, "memory", "source.length");
    }
    b.layer("layer_norm").as("norm");
    return scores(b, size);
  }

  private static Model.Builder inputs(Size size) {
    Model.Builder b = Model.builder();
    b.tokens("source", size.sourceSteps(), size.sourceVocabulary(), true);
    b.tokens("target", size.targetSteps(), size.targetVocabulary(), false);
    return b.embedding(size.embedding()).as("source_embedding").from("source");
  }

  private static Model.Builder block(
      Model.Builder b, String type, Transformers.Size size, String name) {
    b.layer(type, "heads", size.heads(), "hidden", size.hidden(), "dropout", size.dropout());
    return b.as(name);
  }

  private static void attend(Model.Builder b, Size size, Attention attention) {
    String query = "decoder";
    if (attention == Attention.ADDITIVE && size.targetSteps() > 1) {
      b.layer("slice", "axis", 0, "to", 1).as("first").from("state");
      b.layer("slice", "axis", 0, "to", -1).as("earlier").from("decoder");
      b.layer("concat", "axis", 0).as("before").from("first", "earlier");
      query = "before";
    }
    boolean local = attention == Attention.LOCAL;
    Attention score = local ? Attention.GENERAL : attention;
    b.layer("attention", "score", score.name().toLowerCase(Locale.ROOT));
    b.with("window", local ? WINDOW : 0).as("attention").from(query, "memory", "source.length");
  }

  private static NetworkSpec scores(Model.Builder b, Size size) {
    Blocks.dense(b, "scores", size.targetVocabulary(), LINEAR);
    return b.loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
  }
}
