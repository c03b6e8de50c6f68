package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Nodes computed together.
 *
 * @param main the node whose kernel runs
 * @param results nodes whose values exist afterwards; values of other parts never do
 * @param parts all nodes that the step covers, in order of their ids
 * @param reads the nodes that the step reads from outside
 */
record Step(StepKind kind, Node main, List<Node> results, List<Node> parts, List<Node> reads) {
  Step {
    results = List.copyOf(results);
    parts = List.copyOf(parts);
    reads = List.copyOf(reads);
  }

  /** A step that reads all inputs of its parts. */
  Step(StepKind kind, Node main, List<Node> results, List<Node> parts) {
    this(kind, main, results, parts, inputs(parts));
  }

  static Step single(Node node) {
    return new Step(StepKind.SINGLE, node, List.of(node), List.of(node));
  }

  private static List<Node> inputs(List<Node> parts) {
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

  /** The part of this op, or null. */
  @Nullable Node part(Op op) {
    for (Node part : parts) {
      if (part.op() == op) {
        return part;
      }
    }
    return null;
  }
}
