package dev.bellows.engine.nn.loss;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import java.util.Map;

/**
 * What a loss sees.
 *
 * @param graph to add nodes to
 * @param name of the loss's scalar
 * @param output raw scores [M, K]: one line per row, or per position for labels per position
 * @param truth labels int [M], target float [M, K] or [M, 1] ({@link LossType.Truth#ROW}); the
 *     output itself when the loss has no truth
 * @param weights float [M], class weights included
 * @param rows N of the batch, M / N lines each
 * @param options completed options
 */
public record LossContext(
    Graph graph,
    String name,
    Node output,
    Node truth,
    Node weights,
    int rows,
    Map<String, Object> options) {

  /** The graph, its next node named as the loss; for the scalar that the body returns. */
  public Graph named() {
    return graph.named(name);
  }

  /** The loss of losses [M] per line: the sum of weight times loss. */
  Node weighted(Node losses) {
    Node product = graph.mul(losses, weights);
    return named().reduceSum(product);
  }

  /** A number among the options, rounded to float as all of the engine's constants. */
  public double number(String option) {
    Object value = options.get(option);
    if (!(value instanceof Number number)) {
      throw new IllegalStateException("loss has no number " + option);
    }
    return number.floatValue();
  }
}
