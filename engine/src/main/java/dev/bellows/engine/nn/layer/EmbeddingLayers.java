package dev.bellows.engine.nn.layer;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.nn.Initializer;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.Arrays;
import java.util.List;

/** Tokens to vectors. */
final class EmbeddingLayers {
  static final List<LayerType> ALL =
      List.of(
          LayerType.named("embedding", "A trained vector per token: [N, T] to [N, T, dim].")
              .option(Option.count("dim", "Length of the vectors."))
              .option(
                  Option.count("vocabulary", "Number of tokens; missing: that of the input.")
                      .optional())
              .option(
                  Option.flag(
                      "sparse",
                      false,
                      "Train row by row: only rows of the tokens at hand go over the network."))
              .option(
                  Option.count(
                          "max_rows", "Rows of a sparse table that may be trained; missing: all.")
                      .optional())
              .option(CommonOptions.initializer())
              .body(EmbeddingLayers::embedding));

  private EmbeddingLayers() {}

  /** Rows of a table [V, dim]; its gradient adds rows up, so that unseen tokens get none. */
  private static Node embedding(LayerContext c) {
    Node tokens = c.input();
    if (tokens.dtype() != DType.INT32) {
      throw c.wrong(
          "expected tokens (whole numbers) [N, T], found numbers "
              + LayerContext.text(tokens.shape())
              + ": declare the input as tokens, or use a dense layer");
    }
    int known = c.vocabulary(tokens);
    if (!c.has("vocabulary") && known == 0) {
      throw c.wrong("the input has no vocabulary; set embedding.vocabulary");
    }
    int vocabulary = c.has("vocabulary") ? c.whole("vocabulary") : known;
    if (vocabulary < known) {
      throw c.wrong("embedding.vocabulary " + vocabulary + " is below that of the input, " + known);
    }
    int dim = c.whole("dim");
    Initializer init = c.initializer();
    Node table = c.parameter("weight", Shape.of(vocabulary, dim), init, true, vocabulary, dim);
    if (c.flag("sparse")) {
      if (known == 0) {
        throw c.wrong("sparse reads an input of tokens itself, not what layers made of it");
      }
      c.sparse("weight");
    } else if (c.has("max_rows")) {
      throw c.wrong("max_rows bounds sparse rows; set sparse: true");
    }
    int count = Math.toIntExact(tokens.shape().size());
    Node rows = c.graph().reshape(tokens, Shape.of(count, 1));
    Node vectors = c.graph("rows").gatherRows(table, rows, 0);
    int[] dims = Arrays.copyOf(tokens.shape().dims(), tokens.shape().rank() + 1);
    dims[dims.length - 1] = dim;
    return c.graph("").reshape(vectors, Shape.of(dims));
  }
}
