package dev.bellows.engine.graph;

import dev.bellows.engine.tensor.DType;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Mixed precision: a copy of a graph whose products read operands rounded to {@link
 * DType#BFLOAT16}. Sums, results, parameters and gradients stay FLOAT32 (P. Micikevicius et al.,
 * "Mixed Precision Training", ICLR 2018; bfloat16 has the range of float32, so that no loss scaling
 * is needed).
 *
 * <p>A tensor is rounded once however many products read it. The copy is made after the gradients,
 * so that forward and backward see the same rounded operands.
 */
public final class ProductRounding {
  /** Ops whose kernels take BFLOAT16 operands. */
  private static final Set<Op> PRODUCTS =
      EnumSet.of(Op.MATMUL, Op.BATCH_MATMUL, Op.CONV, Op.CONV_GRAD_INPUT, Op.CONV_GRAD_WEIGHT);

  private final Graph graph = new Graph();
  private final Map<Node, Node> copies = new HashMap<>();
  private final Map<Node, Node> rounded = new HashMap<>();

  private ProductRounding(Graph original, Predicate<Node> wanted) {
    for (Node node : original.nodes()) {
      boolean rounds = wanted.test(node);
      List<Node> inputs = new ArrayList<>();
      for (int i = 0; i < node.inputs().size(); i++) {
        Node copy = copy(node.input(i));
        inputs.add(rounds && isOperand(node, i) ? round(copy) : copy);
      }
      graph.named(node.name());
      copies.put(
          node, graph.append(node.op(), node.shape(), node.dtype(), node.attributes(), inputs));
    }
  }

  /** The copy of a graph with every product rounded; the original stays as it is. */
  public static ProductRounding of(Graph graph) {
    return of(graph, node -> true);
  }

  /**
   * The copy of a graph; the original stays as it is.
   *
   * @param wanted which of the original's products are rounded; the others stay FLOAT32
   */
  public static ProductRounding of(Graph graph, Predicate<Node> wanted) {
    return new ProductRounding(graph, wanted);
  }

  /** The copied graph. */
  public Graph graph() {
    return graph;
  }

  /** What stands for a node of the original. */
  public Node copy(Node node) {
    Node copy = copies.get(node);
    if (copy == null) {
      throw new GraphException(node + " is not a node of the graph that was copied");
    }
    return copy;
  }

  /**
   * Of a recurrent op only the recurrent weights: their type tells the kernel to round the states
   * that they are multiplied with, step by step.
   */
  private static boolean isOperand(Node node, int input) {
    return node.op().family() == OpFamily.RECURRENCE
        ? input == Recurrences.firstInput(node) + 1
        : PRODUCTS.contains(node.op());
  }

  /** A tensor that is seen in several shapes is rounded once. */
  private Node round(Node node) {
    if (node.dtype() != DType.FLOAT32) {
      return node;
    }
    Node known = rounded.get(node);
    if (known == null) {
      Node whole = node.op() == Op.RESHAPE ? round(node.input(0)) : node;
      graph.named("rounded." + node.name());
      known =
          whole == node ? graph.convert(node, DType.BFLOAT16) : graph.reshape(whole, node.shape());
      rounded.put(node, known);
    }
    return known;
  }
}
