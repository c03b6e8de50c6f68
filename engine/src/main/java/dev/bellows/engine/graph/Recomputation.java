package dev.bellows.engine.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Copies of blocks of nodes, made when the backward walk first reaches a block. */
final class Recomputation {
  private final Graph graph;
  private final Map<Node, List<Node>> blockOf = new HashMap<>();
  private final Map<Node, Node> copies = new HashMap<>();

  Recomputation(Graph graph, List<List<Node>> blocks) {
    this.graph = graph;
    for (List<Node> block : blocks) {
      for (Node node : block) {
        blockOf.put(node, block);
      }
    }
  }

  /** The node that gradient rules are to read instead of {@code node}. */
  Node of(Node node) {
    List<Node> block = blockOf.get(node);
    if (block == null) {
      return node;
    }
    if (!copies.containsKey(node)) {
      block.forEach(this::copy);
    }
    Node copy = copies.get(node);
    return copy == null ? node : copy;
  }

  private void copy(Node node) {
    if (isSource(node.op())) {
      return;
    }
    List<Node> inputs = new ArrayList<>();
    for (Node input : node.inputs()) {
      @Nullable Node copy = copies.get(input);
      inputs.add(copy == null ? input : copy);
    }
    graph.named(null);
    copies.put(
        node, graph.append(node.op(), node.shape(), node.dtype(), node.attributes(), inputs));
  }

  private static boolean isSource(Op op) {
    return op == Op.INPUT || op == Op.SPARSE_INPUT || op == Op.PARAMETER || op == Op.CONSTANT;
  }
}
