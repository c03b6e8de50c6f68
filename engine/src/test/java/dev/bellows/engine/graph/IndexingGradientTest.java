package dev.bellows.engine.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.graph.Indexings.PadMode;
import dev.bellows.engine.tensor.Shape;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Moving elements and reductions over any axes: gradients, known values, shape errors. */
final class IndexingGradientTest {
  private final Set<Op> checked = EnumSet.noneOf(Op.class);

  private void check(String what, GradientCheck c, Node output) {
    c.verify(what, output);
    c.graph.nodes().forEach(node -> checked.add(node.op()));
  }

  @Test
  void everyOpIsChecked() {
    GradientCheck c = new GradientCheck(1);
    check("permute", c, Indexings.permute(c.graph, c.normal(2, 3, 4), 2, 0, 1));
    for (PadMode mode : PadMode.values()) {
      GradientCheck p = new GradientCheck(2);
      Node x = p.normal(2, 3, 4);
      check("pad", p, Indexings.pad(p.graph, x, of(0, 2, 1), of(1, 0, 3), mode, 0.5));
    }
    GradientCheck u = new GradientCheck(3);
    check("crop", u, Indexings.crop(u.graph, u.normal(4, 5), of(1, 0), of(0, 3)));
    for (int axis = 0; axis < 3; axis++) {
      GradientCheck g = new GradientCheck(4 + axis);
      Node indices = g.ints(of(1, 0, 1, 1), 2, 2);
      check("gather", g, Indexings.gather(g.graph, g.normal(2, 3, 2), indices, axis));
      GradientCheck s = new GradientCheck(10 + axis);
      Node at = s.ints(of(3, 0, 3), 3);
      check("scatter", s, Indexings.scatterAdd(s.graph, s.normal(3, 3, 3), at, axis, 4));
    }
    for (int trans = 0; trans < 4; trans++) {
      boolean ta = (trans & 1) != 0;
      boolean tb = (trans & 2) != 0;
      GradientCheck m = new GradientCheck(20 + trans);
      Node a = ta ? m.normal(2, 1, 4, 3) : m.normal(2, 1, 3, 4);
      Node b = tb ? m.normal(3, 2, 4) : m.normal(3, 4, 2);
      check("batch_matmul", m, Indexings.batchMatmul(m.graph, a, b, ta, tb));
      GradientCheck r = new GradientCheck(30 + trans);
      check("sums", r, Indexings.cumulativeSum(r.graph, r.normal(2, 4, 3), trans % 3, ta, tb));
    }
    GradientCheck s = new GradientCheck(40);
    Node mask = s.fixed(new double[] {1, 0, 0}, 3, 1);
    check("select", s, Indexings.select(s.graph, mask, s.normal(3, 4), s.normal(2, 1, 4)));
    GradientCheck r = new GradientCheck(41);
    Node lengths = r.ints(of(3, 0), 2);
    check("reverse", r, Indexings.reverseSequence(r.graph, r.normal(2, 4, 2), lengths));
    for (Op op : Op.values()) {
      if (op.family() == OpFamily.INDEXING && op.differentiable()) {
        assertThat(checked).as("gradient check of %s", op.id()).contains(op);
      }
    }
  }

  private static int[] of(int... values) {
    return values;
  }

  @Test
  void reductionsOverAnyAxes() {
    for (boolean keep : new boolean[] {false, true}) {
      GradientCheck c = new GradientCheck(1);
      check("max", c, Reductions.max(c.graph, c.normal(2, 3, 4), keep, 0, 2));
      GradientCheck d = new GradientCheck(2);
      check("min", d, Reductions.min(d.graph, d.normal(2, 3, 4), keep, 1));
      GradientCheck e = new GradientCheck(3);
      check("logsumexp", e, Reductions.logSumExp(e.graph, e.normal(2, 3, 4), keep, 0, 1));
      GradientCheck f = new GradientCheck(4);
      check("product", f, Reductions.product(f.graph, f.normal(2, 3, 5), keep, 2));
      GradientCheck g = new GradientCheck(5);
      check(
          "product with zeros",
          g,
          Reductions.product(g.graph, g.of(new double[] {0, 2, 0}, 3), keep));
    }
    GradientCheck c = new GradientCheck(1);
    Node x = c.fixed(new double[] {1, -2, 3, 4, 0.5, -6}, 2, 3);
    assertThat(c.run.value(Reductions.max(c.graph, x, false, 1))).containsExactly(3, 4);
    assertThat(c.run.value(Reductions.min(c.graph, x, false, 0))).containsExactly(1, -2, -6);
    assertThat(c.run.value(Reductions.product(c.graph, x, false, 1))).containsExactly(-6, -12);
    Node huge = c.fixed(new double[] {1000, 1000}, 2);
    assertThat(c.run.value(Reductions.logSumExp(c.graph, huge, false)))
        .containsExactly(1000 + Math.log(2));
  }

  @Test
  @DisplayName("LAY-17 look-up equals one-hot times matrix, and touches only used rows")
  void embedding() {
    GradientCheck c = new GradientCheck(7);
    Node table = c.normal(6, 3);
    Node tokens = c.ints(of(4, 0, 4, 2, 5, 0), 2, 3);
    Node looked = Indexings.gather(c.graph, table, tokens, 0);
    assertThat(looked.shape()).isEqualTo(Shape.of(2, 3, 3));
    Node product = Indexings.linear(c.graph, Indexings.oneHot(c.graph, tokens, 6), table, null);
    assertThat(c.run.value(looked)).containsExactly(c.run.value(product));
    Node energy = c.graph.reduceSum(c.graph.mul(looked, looked));
    double[] slope = c.run.value(Gradients.reverse(c.graph, energy, List.of(table)).get(table));
    for (int row = 0; row < 6; row++) {
      for (int j = 0; j < 3; j++) {
        boolean used = row != 1 && row != 3;
        assertThat(slope[3 * row + j] != 0).as("row %d", row).isEqualTo(used);
      }
    }
  }

  @Test
  void movesAndTheirInverses() {
    GradientCheck c = new GradientCheck(8);
    Node x = c.normal(2, 3, 4);
    Node there = Indexings.permute(c.graph, x, 2, 0, 1);
    assertThat(there.shape()).isEqualTo(Shape.of(4, 2, 3));
    assertThat(c.run.value(Indexings.permute(c.graph, there, 1, 2, 0)))
        .containsExactly(c.run.value(x));
    Node padded = Indexings.pad(c.graph, x, of(1, 0, 2), of(0, 2, 1), PadMode.CONSTANT, Double.NaN);
    assertThat(c.run.value(Indexings.crop(c.graph, padded, of(1, 0, 2), of(0, 2, 1))))
        .containsExactly(c.run.value(x));
    Node line = c.fixed(new double[] {1, 2, 3}, 3);
    Node mirrored = Indexings.pad(c.graph, line, of(2), of(2), PadMode.REFLECT, 0);
    assertThat(c.run.value(mirrored)).containsExactly(3, 2, 1, 2, 3, 2, 1);
    Node edged = Indexings.pad(c.graph, line, of(2), of(1), PadMode.EDGE, 0);
    assertThat(c.run.value(edged)).containsExactly(1, 1, 1, 2, 3, 3);
    Node sums = Indexings.cumulativeSum(c.graph, line, 0, false, false);
    assertThat(c.run.value(sums)).containsExactly(1, 3, 6);
    Node back = Indexings.cumulativeSum(c.graph, line, 0, true, true);
    assertThat(c.run.value(back)).containsExactly(5, 3, 0);
    Node lengths = c.ints(of(2, 5), 2);
    Node rows = c.fixed(new double[] {1, 2, 3, 4, 5, 6}, 2, 3);
    Node turned = Indexings.reverseSequence(c.graph, rows, lengths);
    assertThat(c.run.value(turned)).containsExactly(2, 1, 3, 6, 5, 4);
    assertThat(c.run.value(Indexings.sequenceMask(c.graph, lengths, 3)))
        .containsExactly(1, 1, 0, 1, 1, 1);
    Node centres = c.fixed(new double[] {0, 1.5, 9, 2}, 2, 2);
    assertThat(c.run.value(Indexings.windowPlaces(c.graph, centres, 5, 1)))
        .containsExactly(0, 1, 2, 1, 2, 3, 7, 8, 9, 6, 7, 8);
    assertThatThrownBy(() -> Indexings.windowPlaces(c.graph, centres, 5, 3))
        .hasMessageContaining("reach at most 2");
  }

  @Test
  void shapesThatDoNotFitAreNamed() {
    GradientCheck c = new GradientCheck(9);
    Node x = c.normal(2, 3);
    Node tokens = c.ints(of(0, 1), 2);
    assertThatThrownBy(() -> Indexings.permute(c.graph.named("turn"), x, 0, 0))
        .isInstanceOf(GraphException.class)
        .hasMessageContaining("turn")
        .hasMessageContaining("[0, 0]");
    assertThatThrownBy(() -> Indexings.pad(c.graph, x, of(3, 0), of(0, 0), PadMode.REFLECT, 0))
        .isInstanceOf(GraphException.class)
        .hasMessageContaining("pad at most 1");
    assertThatThrownBy(() -> Indexings.gather(c.graph, x, x, 0))
        .isInstanceOf(GraphException.class)
        .hasMessageContaining("must be int32");
    assertThatThrownBy(() -> Indexings.gather(c.graph, x, tokens, 2))
        .isInstanceOf(GraphException.class)
        .hasMessageContaining("axis 2");
    assertThatThrownBy(
            () ->
                Indexings.batchMatmul(c.graph, c.normal(2, 3, 4), c.normal(3, 4, 5), false, false))
        .isInstanceOf(GraphException.class)
        .hasMessageContaining("2 against 3");
  }
}
