package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Results that one kernel gives together: an activation and its derivative, the gradients of all
 * inputs of a normalisation or of an attention.
 */
final class GradientFusion {
  private GradientFusion() {}

  /**
   * GELU and the GELU_SLOPE {@code slope} of one input, or null. The slope is the main result: it
   * may overwrite the input, which nobody reads then.
   *
   * @param open whether a node is needed and not yet part of a step
   */
  static @Nullable Step gelu(Graph graph, Node slope, Predicate<Node> open) {
    for (Node gelu : graph.nodes().subList(0, slope.id())) {
      if (gelu.op() == Op.GELU && gelu.input(0) == slope.input(0) && open.test(gelu)) {
        return new Step(
            StepKind.GELU_WITH_SLOPE, slope, List.of(slope, gelu), List.of(gelu, slope));
      }
    }
    return null;
  }

  /** The GROUP_NORM_GRAD {@code dx} and the gradients of scale and shift beside it, or null. */
  static @Nullable Step norm(Graph graph, Node dx, Predicate<Node> open) {
    List<Node> all = new ArrayList<>(List.of(dx));
    for (Node later : after(graph, dx)) {
      boolean scale =
          later.op() == Op.GROUP_NORM_GRAD_SCALE
              && later.inputs().equals(dx.inputs().subList(0, 2))
              && later.attributes().toString().equals(dx.attributes().toString());
      boolean twice = all.stream().anyMatch(node -> node.op() == later.op());
      if ((scale || isColumnSum(later, dx.input(0))) && !twice && open.test(later)) {
        all.add(later);
      }
    }
    return all.size() == 1 ? null : new Step(StepKind.NORM_GRADIENTS, dx, all, all);
  }

  /** Whether {@code sum} adds the rows of {@code x} [..., C], perhaps reshaped to [rows, C]. */
  private static boolean isColumnSum(Node sum, Node x) {
    return sum.op() == Op.REDUCE_SUM
        && Placement.base(sum.input(0)) == Placement.base(x)
        && sum.input(0).shape().rank() == 2
        && sum.shape().rank() == 1
        && sum.shape().dim(0) == x.shape().dim(-1)
        && Arrays.equals(sum.attributes().integers("axes"), new int[] {0});
  }

  /** The ATTENTION_GRAD {@code first} and those of the other inputs, or null. */
  static @Nullable Step attention(Graph graph, Node first, Predicate<Node> open) {
    List<Node> all = new ArrayList<>(List.of(first));
    for (Node later : after(graph, first)) {
      if (later.op() == Op.ATTENTION_GRAD
          && later.inputs().equals(first.inputs())
          && all.stream().noneMatch(node -> of(node) == of(later))
          && open.test(later)) {
        all.add(later);
      }
    }
    return all.size() == 1 ? null : new Step(StepKind.ATTENTION_GRADIENTS, first, all, all);
  }

  private static int of(Node gradient) {
    return gradient.attributes().integer("of");
  }

  private static List<Node> after(Graph graph, Node node) {
    return graph.nodes().subList(node.id() + 1, graph.nodes().size());
  }
}
