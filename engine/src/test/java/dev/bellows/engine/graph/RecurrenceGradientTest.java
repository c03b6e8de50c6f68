package dev.bellows.engine.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Recurrent ops: finite differences, and the fused ops against the layer unrolled, in double. */
final class RecurrenceGradientTest {
  private static final int ROWS = 3;
  private static final int STEPS = 4;
  private static final int UNITS = 2;
  private static final int[] LENGTHS = {4, 1, 3};
  private static final Set<Op> GRADIENT_OPS =
      EnumSet.of(Op.RECURRENT_TRACE, Op.RECURRENT_GRAD, Op.RECURRENT_STATE_GRAD);

  /** The layer of one cell with all options as bits: reverse 1, final state 2, lengths 4. */
  private static Node layer(GradientCheck c, RecurrentCell cell, int options) {
    Node x = c.normal(ROWS, STEPS, cell.gates() * UNITS);
    Node weights = c.normal(UNITS, cell.gates() * UNITS);
    Node state = c.normal(cell.states() * ROWS, UNITS);
    Node bias = cell.hasCandidateBias() ? c.normal(UNITS) : null;
    Node lengths = (options & 4) == 0 ? null : c.ints(LENGTHS, ROWS);
    return layer(c.graph, cell, options, x, weights, state, bias, lengths);
  }

  private static Node layer(
      Graph g,
      RecurrentCell cell,
      int options,
      Node x,
      Node weights,
      Node state,
      @Nullable Node bias,
      @Nullable Node lengths) {
    boolean reverse = (options & 1) != 0;
    return (options & 2) == 0
        ? Recurrences.outputs(g, cell, x, weights, state, bias, lengths, reverse)
        : Recurrences.outputsAndState(g, cell, x, weights, state, bias, lengths, reverse);
  }

  private static Stream<DynamicTest> each(Check check) {
    List<DynamicTest> tests = new ArrayList<>();
    for (RecurrentCell cell : RecurrentCell.values()) {
      for (int options = 0; options < 8; options++) {
        int bits = options;
        tests.add(
            DynamicTest.dynamicTest(
                cell.id() + " " + options,
                () -> check.run(new GradientCheck(bits + 1), cell, bits)));
      }
    }
    return tests.stream();
  }

  private interface Check {
    void run(GradientCheck c, RecurrentCell cell, int options);
  }

  @Test
  @DisplayName("TRN-31 12 steps of an LSTM against differences, relative error below 1e-6")
  void backPropagationThroughTwelveSteps() {
    GradientCheck c = new GradientCheck(12);
    Node x = c.normal(2, 12, 12);
    Node weights = c.normal(3, 12);
    Node state = c.normal(4, 3);
    Node y = Recurrences.outputs(c.graph, RecurrentCell.LSTM, x, weights, state, null, null, false);
    c.verify("12 steps", y);
    // The last output alone depends on the first input.
    Node last = c.graph.reduceSum(c.graph.slice(y, 1, 11, 12));
    Node gradient = Gradients.reverse(c.graph, last, List.of(x)).get(x);
    double[] values = c.run.value(gradient);
    assertThat(values[0]).isNotZero();
    assertThat(values[12 * 12]).isNotZero();
  }

  @TestFactory
  Stream<DynamicTest> layerAgainstDifferences() {
    return each((c, cell, options) -> c.verify(cell.id(), layer(c, cell, options)));
  }

  @TestFactory
  Stream<DynamicTest> gradientOpsAgainstDifferences() {
    List<DynamicTest> tests = new ArrayList<>();
    for (RecurrentCell cell : RecurrentCell.values()) {
      for (Op op : GRADIENT_OPS) {
        tests.add(
            DynamicTest.dynamicTest(
                cell.id() + " " + op.id(),
                () -> {
                  GradientCheck c = new GradientCheck(7);
                  c.verify(op.id(), made(c, op, layer(c, cell, 7)));
                }));
      }
    }
    return tests.stream();
  }

  /** The node of kind {@code op} that the gradient of the layer holds, for a free cotangent. */
  private static Node made(GradientCheck c, Op op, Node y) {
    Node cotangent = c.normal(y.shape().dims());
    Gradients.vectorJacobian(c.graph, y, cotangent, List.of(y.input(0), y.input(2)));
    return c.graph.nodes().stream().filter(n -> n.op() == op).findFirst().orElseThrow();
  }

  @TestFactory
  Stream<DynamicTest> fusedIsUnrolled() {
    return each(
        (c, cell, options) -> {
          Node fused = layer(c, cell, options);
          Node unrolled = RecurrenceExpansion.unroll(c.graph, fused);
          same(c, fused, unrolled);
          Node cotangent = c.graph.constant(c.draw(fused.shape(), 1, 0), fused.shape());
          List<Node> wrt = fused.inputs().stream().filter(n -> n.dtype() != DType.INT32).toList();
          Map<Node, Node> ours = Gradients.vectorJacobian(c.graph, fused, cotangent, wrt);
          Map<Node, Node> theirs = Gradients.vectorJacobian(c.graph, unrolled, cotangent, wrt);
          for (Node node : wrt) {
            same(c, ours.get(node), theirs.get(node));
          }
        });
  }

  private static void same(GradientCheck c, @Nullable Node a, @Nullable Node b) {
    assertThat(a).isNotNull();
    assertThat(b).isNotNull();
    double[] left = c.run.value(a);
    double[] right = c.run.value(b);
    assertThat(left).hasSameSizeAs(right);
    for (int i = 0; i < left.length; i++) {
      assertThat(Math.abs(left[i] - right[i])).as("%s[%d]", a, i).isLessThan(1e-12);
    }
  }

  @Test
  void everyOpOfTheFamilyHasACase() {
    Set<Op> family = EnumSet.noneOf(Op.class);
    for (Op op : Op.values()) {
      if (op.family() == OpFamily.RECURRENCE) {
        family.add(op);
      }
    }
    family.remove(Op.RECURRENT); // layerAgainstDifferences
    family.removeAll(GRADIENT_OPS);
    assertThat(family).isEmpty();
  }

  @Test
  void gradientsShareOnePass() {
    GradientCheck c = new GradientCheck(1);
    Node y = layer(c, RecurrentCell.GRU, 6);
    Gradients.vectorJacobian(c.graph, y, c.graph.constant(1, y.shape()), y.inputs().subList(0, 4));
    assertThat(c.graph.nodes().stream().filter(n -> n.op() == Op.RECURRENT_GRAD)).hasSize(1);
    assertThat(c.graph.nodes().stream().filter(n -> n.op() == Op.RECURRENT_TRACE)).hasSize(1);
  }

  @Test
  void shapesThatDoNotFitAreNamed() {
    Graph g = new Graph();
    Node x = g.input("x", DType.FLOAT32, Shape.of(3, 5, 8));
    Node weights = g.input("u", DType.FLOAT32, Shape.of(2, 8));
    Node state = g.input("s", DType.FLOAT32, Shape.of(6, 2));
    assertThat(
            Recurrences.outputs(g, RecurrentCell.LSTM, x, weights, state, null, null, false)
                .shape())
        .isEqualTo(Shape.of(3, 5, 2));
    assertThatThrownBy(
            () ->
                Recurrences.outputs(
                    g.named("encoder"), RecurrentCell.GRU, x, weights, state, null, null, false))
        .isInstanceOf(GraphException.class)
        .hasMessageContaining("encoder")
        .hasMessageContaining("GRU recurrent weights must be [2, 6]")
        .hasMessageContaining("u [2, 8]");
    Graph other = new Graph();
    Node y = other.input("x", DType.FLOAT32, Shape.of(3, 5, 2));
    Node v = other.input("u", DType.FLOAT32, Shape.of(2, 2));
    Node s = other.input("s", DType.FLOAT32, Shape.of(2, 2));
    assertThatThrownBy(
            () -> Recurrences.outputs(other, RecurrentCell.TANH, y, v, s, null, null, false))
        .hasMessageContaining("TANH initial state must be [3, 2], got s [2, 2]");
  }
}
