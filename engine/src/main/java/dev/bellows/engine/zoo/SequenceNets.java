package dev.bellows.engine.zoo;

import static dev.bellows.engine.nn.Activation.LINEAR;

import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkSpec;

/**
 * Recurrent networks. PyTorch's cells have two biases of which only the sum matters; ours have one,
 * so that an LSTM layer of H units has 4 H parameters less than PyTorch's, and a GRU 2 H less (its
 * candidate keeps both).
 */
public final class SequenceNets {
  /** The recurrent layer. */
  public enum Cell {
    /** Vanilla RNN with tanh (J. Elman, Cognitive Science 1990). */
    RNN("rnn"),
    /** Long short-term memory (S. Hochreiter, J. Schmidhuber, Neural Computation 1997). */
    LSTM("lstm"),
    /** Gated recurrent unit (K. Cho et al., EMNLP 2014). */
    GRU("gru");

    private final String type;

    Cell(String type) {
      this.type = type;
    }

    /** The layer type. */
    String type() {
      return type;
    }
  }

  private SequenceNets() {}

  /**
   * Classifies rows of tokens by the last state. Rows have a length each, input {@code
   * text.length}.
   *
   * @param steps T, the longest row
   * @param vocabulary tokens are 0 to vocabulary - 1
   * @param embedding length of a token's vector
   * @param units of each layer
   * @param layers on each other
   */
  public static NetworkSpec classifier(
      Cell cell, int steps, int vocabulary, int embedding, int units, int layers, int classes) {
    Model.Builder b = Model.builder().tokens("text", steps, vocabulary, true);
    b.embedding(embedding).as("embedding");
    recurrent(b, cell, units, layers, false).from("embedding", "text.length");
    Blocks.dense(b, "scores", classes, LINEAR);
    return b.loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
  }

  /** Classifies series [T, F] of numbers by the last state. */
  public static NetworkSpec seriesClassifier(
      Cell cell, int steps, int features, int units, int layers, int classes) {
    Model.Builder b = Model.builder().input(steps, features);
    recurrent(b, cell, units, layers, false);
    Blocks.dense(b, "scores", classes, LINEAR);
    return b.loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
  }

  /**
   * Gives each position's scores for the next character (A. Graves, "Generating sequences with
   * recurrent neural networks", arXiv 1308.0850, 2013, without its connections that skip layers). A
   * row's labels are its characters moved by one.
   */
  public static NetworkSpec characterModel(
      Cell cell, int steps, int vocabulary, int embedding, int units, int layers) {
    Model.Builder b = Model.builder().tokens(steps, vocabulary);
    b.embedding(embedding).as("embedding");
    recurrent(b, cell, units, layers, true);
    Blocks.dense(b, "scores", vocabulary, LINEAR);
    return b.loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
  }

  /**
   * {@link #characterModel} of one layer that reads a long text in chunks: part {@code state} of
   * the input is where a row's chunk begins, layer {@code last} what it leaves ({@link
   * dev.bellows.engine.plan.CarriedState}).
   */
  public static NetworkSpec chunkedCharacterModel(
      Cell cell, int steps, int vocabulary, int embedding, int units) {
    int states = cell == Cell.LSTM ? 2 : 1;
    Model.Builder b = Model.builder().part("state", states * units).tokens(steps, vocabulary);
    b.embedding(embedding).as("embedding").from("text");
    b.layer(cell.type, "units", units, "return_state", true).as("recurrent");
    b.from("embedding", "state");
    b.layer("slice", "axis", 0, "from", steps).as("last").from("recurrent");
    b.layer("slice", "axis", 0, "to", steps).from("recurrent");
    Blocks.dense(b, "scores", vocabulary, LINEAR);
    return b.loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
  }

  private static Model.Builder recurrent(
      Model.Builder b, Cell cell, int units, int layers, boolean sequences) {
    b.layer(cell.type, "units", units, "layers", layers, "return_sequences", sequences);
    return b.as("recurrent");
  }
}
