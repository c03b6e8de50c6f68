package dev.bellows.engine.graph;

import dev.bellows.engine.tensor.DType;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Gradients of coarse gradient ops (of attention, of normalisation), which only derivatives of
 * second and higher order need: the op is written in finer ops, and those are differentiated.
 */
final class Expansion {
  private Expansion() {}

  /**
   * Gradient of input {@code i} of {@code n}.
   *
   * @param dy gradient of n
   * @param formula the value of n, from nodes that stand for its inputs, in finer ops
   */
  static Node vectorJacobian(Graph g, Node n, int i, Node dy, Function<List<Node>, Node> formula) {
    // Aliases: inputs that depend on each other must not see each other's gradient here.
    List<Node> leaves = n.inputs().stream().map(x -> alias(g, x)).toList();
    Node value = formula.apply(leaves);
    return only(Gradients.vectorJacobian(g, value, dy, List.of(leaves.get(i))));
  }

  /** The one value of a map of one entry. */
  static Node only(Map<Node, Node> gradients) {
    return gradients.values().iterator().next();
  }

  private static Node alias(Graph g, Node x) {
    return x.dtype() == DType.FLOAT32
        ? g.append(Op.RESHAPE, x.shape(), x.dtype(), Attributes.NONE, List.of(x))
        : x;
  }
}
