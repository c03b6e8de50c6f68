package dev.bellows.engine.graph;

import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reverse and forward mode differentiation, both from the one table in {@link GradientRules}.
 *
 * <p>Reverse mode walks the graph once from the loss back and adds up what the rules give. Forward
 * mode is the same walk done twice: the vector-Jacobian product u -> Jᵀu is linear in a dummy u,
 * and its own vector-Jacobian product is v -> Jv (J. Townsend, "A new trick for calculating
 * Jacobian vector products", 2017).
 */
public final class Gradients {
  private Gradients() {}

  /**
   * Appends the gradient of a scalar with respect to each node of {@code wrt}.
   *
   * @return per node of {@code wrt}, in that order, a node of the same shape (a zero constant where
   *     the loss does not depend on it)
   * @throws GraphException when the loss is not a scalar, or a way from {@code wrt} to the loss
   *     goes through an op without gradient
   */
  public static Map<Node, Node> reverse(Graph g, Node scalarLoss, List<Node> wrt) {
    return reverse(g, scalarLoss, wrt, List.of());
  }

  /**
   * As {@link #reverse(Graph, Node, List)}, with blocks that are computed again when the walk
   * reaches them, so that their values need not be kept (T. Chen et al., "Training deep nets with
   * sublinear memory cost", 2016). The gradients are the same to the bit.
   *
   * @param blocks nodes of each block, in the graph's order; what a block reads from outside is
   *     kept
   */
  public static Map<Node, Node> reverse(
      Graph g, Node scalarLoss, List<Node> wrt, List<List<Node>> blocks) {
    if (scalarLoss.shape().rank() != 0) {
      throw new GraphException(
          "gradient of "
              + scalarLoss
              + ": only a scalar (shape []) has a gradient; reduce it first");
    }
    return vectorJacobian(
        g, scalarLoss, g.constant(1, Shape.SCALAR), wrt, new Recomputation(g, blocks));
  }

  /**
   * Appends cotangentᵀ J for every node of {@code wrt}, J the Jacobian of {@code output} (same
   * shape as {@code cotangent}).
   */
  public static Map<Node, Node> vectorJacobian(
      Graph g, Node output, Node cotangent, List<Node> wrt) {
    return vectorJacobian(g, output, cotangent, wrt, new Recomputation(g, List.of()));
  }

  private static Map<Node, Node> vectorJacobian(
      Graph g, Node output, Node cotangent, List<Node> wrt, Recomputation recomputation) {
    ShapeRules.same("gradient of " + output.name(), cotangent, output);
    boolean[] depends = dependsOn(g, output, wrt);
    @Nullable Node[] gradients = new Node[output.id() + 1];
    gradients[output.id()] = cotangent;
    for (int id = output.id(); id >= 0; id--) {
      Node node = g.nodes().get(id);
      Node dy = gradients[id];
      if (dy == null || !depends[id]) {
        continue;
      }
      Node again = recomputation.of(node);
      for (int i = 0; i < node.inputs().size(); i++) {
        Node input = node.input(i);
        if (!depends[input.id()]) {
          continue;
        }
        Node part = GradientRules.gradient(g, again, i, dy);
        if (part != null) {
          Node sum = gradients[input.id()];
          gradients[input.id()] = sum == null ? part : g.add(sum, part);
        }
      }
    }
    Map<Node, Node> result = new LinkedHashMap<>();
    for (Node node : wrt) {
      Node gradient = node.id() <= output.id() ? gradients[node.id()] : null;
      result.put(node, gradient != null ? gradient : g.constant(0, node.shape()));
    }
    return result;
  }

  /**
   * Appends the Jacobian-vector product of {@code output}: how it changes when each key of {@code
   * tangents} moves along its value.
   *
   * @param tangents nodes and their tangents, of the same shapes
   * @return a node of the output's shape
   */
  public static Node forward(Graph g, Node output, Map<Node, Node> tangents) {
    List<Node> wrt = new ArrayList<>(new HashMap<>(tangents).keySet());
    wrt.sort((a, b) -> Integer.compare(a.id(), b.id()));
    // The dummy cotangent: its value never matters because everything below is linear in it.
    Node dummy = g.add(g.constant(0, output.shape()), g.constant(0, Shape.SCALAR));
    Map<Node, Node> vjp = vectorJacobian(g, output, dummy, wrt);
    Node result = null;
    for (Node node : wrt) {
      Node tangent = tangents.get(node);
      Node pulled = vjp.get(node);
      if (tangent == null || pulled == null) {
        continue;
      }
      ShapeRules.same("tangent of " + node.name(), tangent, node);
      Node part = vectorJacobian(g, pulled, tangent, List.of(dummy)).get(dummy);
      if (part != null) {
        result = result == null ? part : g.add(result, part);
      }
    }
    return result != null ? result : g.constant(0, output.shape());
  }

  /** Which nodes up to {@code output} depend on one of {@code wrt}; stop_gradient cuts the way. */
  private static boolean[] dependsOn(Graph g, Node output, List<Node> wrt) {
    boolean[] depends = new boolean[output.id() + 1];
    for (Node node : wrt) {
      if (node.id() < depends.length) {
        depends[node.id()] = true;
      }
    }
    for (int id = 0; id < depends.length; id++) {
      Node node = g.nodes().get(id);
      if (node.op() != Op.STOP_GRADIENT) {
        for (Node input : node.inputs()) {
          depends[id] |= depends[input.id()];
        }
      }
    }
    return depends;
  }
}
