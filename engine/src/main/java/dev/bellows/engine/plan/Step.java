package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Node;
import java.util.ArrayList;
import java.util.List;

/**
 * Nodes computed together.
 *
 * @param main the node whose kernel runs
 * @param results nodes whose values exist afterwards; values of other parts never do
 * @param parts all nodes that the step covers, in order of their ids
 */
record Step(StepKind kind, Node main, List<Node> results, List<Node> parts) {
  Step {
    results = List.copyOf(results);
    parts = List.copyOf(parts);
  }

  static Step single(Node node) {
    return new Step(StepKind.SINGLE, node, List.of(node), List.of(node));
  }

  /** The nodes that the step reads from outside. */
  List<Node> reads() {
    List<Node> reads = new ArrayList<>();
    for (Node part : parts) {
      for (Node input : part.inputs()) {
        if (!parts.contains(input) && !reads.contains(input)) {
          reads.add(input);
        }
      }
    }
    return reads;
  }
}
