package dev.bellows.engine.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.kernel.reference.ReferenceExecutor;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Catalogue rows TRN-03 to TRN-07: the graph and both modes of differentiation. */
final class AutodiffCatalogueTest {
  private final Graph g = new Graph();
  private final ReferenceExecutor run = new ReferenceExecutor(g);

  @Test
  @DisplayName("TRN-03 f = log x + sqrt(log x): value and derivative, shared node adds two ways")
  void trn03Graph() {
    Node x = g.input("x", DType.FLOAT32, Shape.SCALAR);
    Node f = f(x);
    Node slope = Gradients.reverse(g, f, List.of(x)).get(x);
    run.bind(x, new double[] {Math.E});
    assertThat(run.scalar(f)).isCloseTo(2, within(1e-12));
    assertThat(run.scalar(slope)).isCloseTo(0.551819, within(1e-6));
    run.bind(x, new double[] {2});
    assertThat(run.scalar(f)).isCloseTo(1.525702, within(1e-6));
    assertThat(run.scalar(slope)).isCloseTo(0.800281, within(1e-6));
  }

  private Node f(Node x) {
    Node y = g.log(x);
    return g.add(y, g.sqrt(y));
  }

  @Test
  @DisplayName(
      "TRN-04 forward mode: JVP of the same f; Jacobian by 4 forward = by 3 backward passes")
  void trn04Forward() {
    Node x = g.input("x", DType.FLOAT32, Shape.SCALAR);
    Node tangent = g.constant(1, Shape.SCALAR);
    Node jvp = Gradients.forward(g, f(x), Map.of(x, tangent));
    run.bind(x, new double[] {Math.E});
    assertThat(run.scalar(jvp)).isCloseTo(0.551819, within(1e-6));

    Node input = g.input("input", DType.FLOAT32, Shape.of(1, 4));
    Node hidden = g.tanh(g.add(g.matmul(input, random(1, 4, 5)), random(2, 5)));
    Node output = g.add(g.matmul(hidden, random(3, 5, 3)), random(4, 3));
    run.bind(input, new double[] {0.3, -1.2, 0.7, 0.1});
    for (int i = 0; i < 4; i++) {
      double[] e = new double[4];
      e[i] = 1;
      double[] column =
          run.value(Gradients.forward(g, output, Map.of(input, g.constant(e, Shape.of(1, 4)))));
      for (int k = 0; k < 3; k++) {
        double[] u = new double[3];
        u[k] = 1;
        Node row =
            Gradients.vectorJacobian(g, output, g.constant(u, Shape.of(1, 3)), List.of(input))
                .get(input);
        assertThat(column[k]).isCloseTo(run.value(row)[i], within(1e-10));
      }
    }
  }

  private Node random(long key, int... dims) {
    double[] values = new double[(int) Shape.of(dims).size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = Philox.normal(key, i);
    }
    return g.constant(values, Shape.of(dims));
  }

  @Test
  @DisplayName("TRN-05 D = W X: dW = dD X^T, dX = W^T dD, against central differences")
  void trn05MatrixProduct() {
    GradientCheck check = new GradientCheck(5);
    check.verify("17x9 times 9x5", check.graph.matmul(check.normal(17, 9), check.normal(9, 5)));
    Node w = random(1, 17, 9);
    Node x = random(2, 9, 5);
    Node d = g.matmul(w, x);
    Node dd = random(3, 17, 5);
    Map<Node, Node> gradients = Gradients.vectorJacobian(g, d, dd, List.of(w, x));
    assertThat(run.value(gradients.get(w)))
        .containsExactly(run.value(g.matmul(dd, g.transpose(x))), within(1e-12));
    assertThat(run.value(gradients.get(x)))
        .containsExactly(run.value(g.matmul(g.transpose(w), dd)), within(1e-12));
  }

  @Test
  @DisplayName("TRN-06 the gradient of a tied weight is the sum over its 8 uses")
  void trn06TiedWeights() {
    Node tied = random(1, 3, 3);
    List<Node> copies = new ArrayList<>();
    for (int t = 0; t < 8; t++) {
      copies.add(g.stopGradient(tied));
    }
    Node one = Gradients.reverse(g, unrolled(t -> tied), List.of(tied)).get(tied);
    Map<Node, Node> each = Gradients.reverse(g, unrolled(copies::get), copies);
    double[] sum = new double[9];
    for (Node copy : copies) {
      double[] part = run.value(each.get(copy));
      for (int i = 0; i < 9; i++) {
        sum[i] += part[i];
      }
    }
    assertThat(run.value(one)).containsExactly(sum, within(1e-9));
  }

  private Node unrolled(IntFunction<Node> weight) {
    Node state = random(2, 2, 3);
    for (int t = 0; t < 8; t++) {
      state = g.tanh(g.add(g.matmul(state, weight.apply(t)), random(10 + t, 2, 3)));
    }
    return g.reduceSum(g.mul(state, state));
  }

  @Test
  @DisplayName(
      "TRN-07 documented subgradients at kinks: ReLU 0, ties of max shared, hinge at the margin 0, L1 at 0")
  void trn07Subgradients() {
    Node x = g.input("x", DType.FLOAT32, Shape.of(4));
    run.bind(x, new double[] {0, 2, 2, -0.0});
    assertThat(gradient(g.reduceSum(g.relu(x)), x)).containsExactly(0, 1, 1, 0);
    assertThat(gradient(g.reshape(g.reduceMax(x), Shape.SCALAR), x))
        .containsExactly(0, 0.5, 0.5, 0);
    assertThat(gradient(g.reduceSum(g.abs(x)), x)).containsExactly(0, 1, 1, -0.0);
    assertThat(gradient(g.reduceSum(g.leakyRelu(x, 0.01)), x)).containsExactly(0.01, 1, 1, 0.01);
    assertThat(gradient(g.reduceSum(g.clamp(x, 0, 2)), x)).containsExactly(1, 1, 1, 1);
    Node score = g.input("score", DType.FLOAT32, Shape.of(3, 1));
    Node target = g.constant(new double[] {1, 0, 1}, Shape.of(3, 1));
    Node weights = g.constant(1, Shape.of(3));
    run.bind(score, new double[] {1, -1, 0.999});
    assertThat(gradient(g.hinge(score, target, weights), score)).containsExactly(0, 0, -1);
    run.bind(score, new double[] {1, 0, 3});
    assertThat(gradient(g.mae(score, target, weights), score)).containsExactly(0, 0, 1);
  }

  private double[] gradient(Node scalar, Node x) {
    return run.value(Gradients.reverse(g, scalar, List.of(x)).get(x));
  }
}
