package dev.bellows.engine.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** CTC: all paths, differences, impossible rows. */
final class CtcTest {
  private static final int[] LABELS = {1, 2, 2, 2, 1, 1, 2, 1, 0};
  private static final int[] STEPS = {4, 3, 4};
  private static final int[] COUNTS = {2, 1, 0};

  private static Node loss(GradientCheck c, Node x) {
    return Alignments.ctc(c.graph, x, c.ints(LABELS, 3, 3), c.ints(STEPS, 3), c.ints(COUNTS, 3), 0);
  }

  @Test
  @DisplayName("TRN-02 CTC against differences, also its gradient op")
  void differences() {
    for (long seed = 1; seed <= 3; seed++) {
      GradientCheck c = new GradientCheck(seed);
      c.verify("ctc", loss(c, c.normal(3, 4, 3)));
      GradientCheck d = new GradientCheck(seed);
      Node y = loss(d, d.normal(3, 4, 3));
      d.verify("ctc_grad", GradientRules.gradient(d.graph, y, 0, d.normal(3)));
    }
    Set<Op> family = EnumSet.noneOf(Op.class);
    for (Op op : Op.values()) {
      if (op.family() == OpFamily.ALIGNMENT) {
        family.add(op);
      }
    }
    assertThat(family).containsExactlyInAnyOrder(Op.CTC, Op.CTC_GRAD);
  }

  /** Sum over all paths of 4 steps that collapse to the labels. */
  private static double bruteForce(double[] p, int classes, int... labels) {
    double sum = 0;
    for (int path = 0; path < Math.pow(classes, 4); path++) {
      double product = 1;
      int rest = path;
      int previous = 0;
      StringBuilder collapsed = new StringBuilder();
      for (int t = 0; t < 4; t++) {
        int k = rest % classes;
        rest /= classes;
        product *= p[t * classes + k];
        if (k != 0 && k != previous) {
          collapsed.append(k).append(' ');
        }
        previous = k;
      }
      StringBuilder wanted = new StringBuilder();
      for (int label : labels) {
        wanted.append(label).append(' ');
      }
      sum += collapsed.toString().equals(wanted.toString()) ? product : 0;
    }
    return sum;
  }

  @Test
  @DisplayName("SEQ-19 CTC equals the sum over all paths for T = 4 and 2 labels")
  void equalsBruteForce() {
    for (int[] labels : new int[][] {{1, 2}, {1, 1}, {2, 2}, {2, 1}}) {
      GradientCheck c = new GradientCheck(9);
      Node x = c.graph.logSoftmax(c.normal(1, 4, 3));
      Node loss =
          Alignments.ctc(
              c.graph,
              x,
              c.ints(labels, 1, 2),
              c.ints(new int[] {4}, 1),
              c.ints(new int[] {2}, 1),
              0);
      double[] p = c.run.value(c.graph.exp(x));
      double expected = -Math.log(bruteForce(p, 3, labels));
      assertThat(c.run.value(loss)[0]).isCloseTo(expected, within(1e-12));
    }
  }

  @Test
  void labelsThatNeedMoreStepsAreInfinitelyUnlikelyAndMoveNothing() {
    GradientCheck c = new GradientCheck(2);
    Node x = c.normal(1, 2, 3);
    Node loss =
        Alignments.ctc(
            c.graph,
            x,
            c.ints(new int[] {1, 1}, 1, 2),
            c.ints(new int[] {2}, 1),
            c.ints(new int[] {2}, 1),
            0); // two equal labels need a blank between them
    assertThat(c.run.value(loss)[0]).isInfinite().isPositive();
    Node dy = c.graph.constant(1, Shape.of(1));
    assertThat(c.run.value(GradientRules.gradient(c.graph, loss, 0, dy))).containsOnly(0);
  }

  @Test
  void wrongInputsAreNamed() {
    Graph g = new Graph();
    Node x = g.input("x", DType.FLOAT32, Shape.of(2, 4, 3));
    Node labels = g.input("labels", DType.INT32, Shape.of(2, 2));
    Node n = g.input("n", DType.INT32, Shape.of(2));
    assertThatThrownBy(() -> Alignments.ctc(g.named("speech"), x, labels, n, n, 3))
        .hasMessageContaining("speech: blank must be in [0, 3), got 3");
    Node three = g.input("three", DType.INT32, Shape.of(3));
    assertThatThrownBy(() -> Alignments.ctc(g.named("s"), x, labels, three, n, 0))
        .hasMessageContaining("expected int32 with 2 rows, got three [3]");
  }
}
