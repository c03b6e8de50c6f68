package dev.bellows.engine.zoo;

import static dev.bellows.engine.nn.Activation.LINEAR;
import static dev.bellows.engine.nn.Activation.RELU;

import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkSpec;
import java.util.List;
import java.util.Map;

/**
 * Tables with categories: a trained vector per category, beside the numbers, then dense layers (C.
 * Guo, F. Berkhahn, "Entity embeddings of categorical variables", arXiv 1604.06737, 2016).
 */
public final class EntityEmbedding {
  private EntityEmbedding() {}

  /**
   * The network.
   *
   * @param numbers numeric columns
   * @param cardinalities categories of each category column, by its name, in the columns' order
   * @param hidden widths of the dense layers; 1,000 and 500 in the paper
   * @param dropout after each; 0 for none, as in the paper
   * @param loss on the row's label or target
   * @param outputs classes, or values of the target
   */
  public static NetworkSpec of(
      int numbers,
      Map<String, Integer> cardinalities,
      List<Integer> hidden,
      double dropout,
      LossSpec loss,
      int outputs) {
    Model.Builder b = Model.builder();
    if (numbers > 0) {
      b.input(numbers);
    }
    cardinalities.forEach((name, count) -> b.category(name, count, dimension(count)));
    for (int i = 0; i < hidden.size(); i++) {
      Blocks.dense(b, "dense" + (i + 1), hidden.get(i), RELU);
      if (dropout > 0) {
        b.dropout(dropout);
      }
    }
    return Blocks.dense(b, "scores", outputs, LINEAR).loss(loss).build();
  }

  /** Half the categories, rounded up, at most 50; the paper chooses by hand from 1 to count - 1. */
  static int dimension(int cardinality) {
    return Math.min(50, (cardinality + 1) / 2);
  }
}
