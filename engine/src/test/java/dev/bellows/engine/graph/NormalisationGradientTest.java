package dev.bellows.engine.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.tensor.Shape;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Layer, group and instance normalisation: gradients, known values, shape errors. */
final class NormalisationGradientTest {
  private static final double EPSILON = 1e-3;

  private final Set<Op> checked = EnumSet.noneOf(Op.class);

  private void check(String what, GradientCheck c, Node output) {
    c.verify(what, output);
    c.graph.nodes().forEach(node -> checked.add(node.op()));
  }

  private static Node norm(GradientCheck c, String kind, Node x) {
    Node scale = c.normal(x.shape().dim(-1));
    Node shift = c.normal(x.shape().dim(-1));
    return switch (kind) {
      case "layer" -> Normalisations.layerNorm(c.graph, x, scale, shift, EPSILON);
      case "instance" -> Normalisations.instanceNorm(c.graph, x, scale, shift, EPSILON);
      default -> Normalisations.groupNorm(c.graph, x, scale, shift, 2, EPSILON);
    };
  }

  @Test
  void everyOpIsCheckedToTheSecondDerivative() {
    for (String kind : List.of("layer", "group", "instance")) {
      GradientCheck first = new GradientCheck(3);
      check(kind, first, norm(first, kind, first.normal(2, 3, 4)));

      GradientCheck second = new GradientCheck(4);
      Node x = second.normal(2, 3, 4);
      Node y = norm(second, kind, x);
      Node energy = second.graph.reduceSum(second.graph.mul(y, second.graph.mul(y, y)));
      Node slope = Gradients.reverse(second.graph, energy, List.of(x)).get(x);
      check(kind + " twice", second, slope);

      GradientCheck scale = new GradientCheck(5);
      Node dy = scale.normal(2, 3, 4);
      Node in = scale.normal(2, 3, 4);
      Attributes at =
          Attributes.of("epsilon", EPSILON)
              .with("rows", kind.equals("layer") ? 6 : 2)
              .with("groups", kind.equals("instance") ? 4 : kind.equals("group") ? 2 : 1);
      check(kind + " scale", scale, Normalisations.normGradScale(scale.graph, dy, in, at));
      GradientCheck grad = new GradientCheck(6);
      Node all =
          Normalisations.normGrad(
              grad.graph, grad.normal(2, 3, 4), grad.normal(2, 3, 4), grad.normal(4), at);
      check(kind + " gradient", grad, all);
    }
    for (Op op : Op.values()) {
      if (op.family() == OpFamily.NORMALISATION && op.name().startsWith("GROUP_NORM")) {
        assertThat(checked).as("gradient check of %s", op.id()).contains(op);
      }
    }
  }

  /**
   * torch 2.13: {@code x=torch.arange(8.).view(1,2,4)**2}, {@code F.layer_norm(x,(4,))}, {@code
   * F.group_norm(x.permute(0,2,1),2).permute(0,2,1)}, {@code
   * F.instance_norm(x.permute(0,2,1)).permute(0,2,1)}, all with eps 1e-5 and {@code
   * dtype=torch.float64}.
   */
  @Test
  void knownValues() {
    double[] x = {0, 1, 4, 9, 16, 25, 36, 49};
    double[][] golden = {
      {-1.000000, -0.714285, 0.142857, 1.571428, -1.256183, -0.526787, 0.364698, 1.418272},
      {-1.000000, -0.904762, -1.098521, -0.830589, 0.523810, 1.380952, 0.616243, 1.312866},
      {-1, -1, -1, -1, 1, 1, 1, 1}
    };
    String[] kinds = {"layer", "group", "instance"};
    for (int k = 0; k < kinds.length; k++) {
      GradientCheck c = new GradientCheck(1);
      Node in = c.fixed(x, 1, 2, 4);
      Node one = c.graph.constant(1, Shape.of(4));
      Node zero = c.graph.constant(0, Shape.of(4));
      Node y =
          switch (k) {
            case 0 -> Normalisations.layerNorm(c.graph, in, one, zero, 1e-5);
            case 1 -> Normalisations.groupNorm(c.graph, in, one, zero, 2, 1e-5);
            default -> Normalisations.instanceNorm(c.graph, in, one, zero, 1e-5);
          };
      double[] found = c.run.value(y);
      for (int i = 0; i < found.length; i++) {
        assertThat(found[i]).as("%s[%d]", kinds[k], i).isCloseTo(golden[k][i], within(2e-6));
      }
    }
  }

  @Test
  void shapesThatDoNotFitAreNamed() {
    GradientCheck c = new GradientCheck(1);
    Node x = c.normal(2, 3, 6);
    Node six = c.normal(6);
    Node five = c.normal(5);
    assertThatThrownBy(() -> Normalisations.groupNorm(c.graph.named("gn"), x, six, six, 4, EPSILON))
        .isInstanceOf(GraphException.class)
        .hasMessageContaining("gn")
        .hasMessageContaining("6 channels")
        .hasMessageContaining("4 groups");
    assertThatThrownBy(() -> Normalisations.layerNorm(c.graph.named("ln"), x, five, six, EPSILON))
        .isInstanceOf(GraphException.class)
        .hasMessageContaining("ln")
        .hasMessageContaining("[5]")
        .hasMessageContaining("shape [6]");
  }
}
