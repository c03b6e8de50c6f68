package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Normalisations;
import dev.bellows.engine.tensor.Shape;
import org.junit.jupiter.api.Test;

/** Normalisation within rows, planned and run by one provider's kernels against the reference. */
abstract class NormalisationPlanTest extends FamilyPlanTest {
  /** A wide epsilon: a group of one value has variance 0, and rounding would be magnified. */
  private static final double EPSILON = 0.1;

  @Test
  void everyOp() {
    layerNorm();
    groupAndInstanceNorm();
    all(op -> op.name().startsWith("GROUP_NORM"));
  }

  private void layerNorm() {
    for (int width : new int[] {1, 3, 16, 63, 64, 65, 130, 5000}) {
      try (PlanCheck c = new PlanCheck(width)) {
        Node x = c.normal(2, 3, width);
        Node scale = c.positive(width);
        Node shift = c.normal(width);
        Node y = Normalisations.layerNorm(c.graph, x, scale, shift, EPSILON);
        agree(c, 6 * width, y, x, scale, shift);
      }
      try (PlanCheck c = new PlanCheck(width)) { // the gradient of x alone, and of scale alone
        Node x = c.normal(7, width);
        Node scale = c.positive(width);
        Node y = Normalisations.layerNorm(c.graph, x, scale, c.normal(width), EPSILON);
        agree(c, 7 * width, y, x);
        agree(c, 7 * width, y, scale);
      }
    }
  }

  private void groupAndInstanceNorm() {
    int[][] cases = {{1, 1, 4, 2}, {2, 9, 6, 3}, {3, 17, 32, 8}, {2, 70, 12, 12}, {2, 5, 66, 1}};
    for (int[] s : cases) {
      try (PlanCheck c = new PlanCheck(s[1])) {
        Node x = c.normal(s[0], s[1], 2, s[2]);
        Node scale = c.positive(s[2]);
        Node shift = c.normal(s[2]);
        Node y = Normalisations.groupNorm(c.graph, x, scale, shift, s[3], EPSILON);
        agree(c, 8 * s[1] * s[2], y, x, scale, shift);
      }
      try (PlanCheck c = new PlanCheck(s[1])) {
        Node x = c.normal(s[0], s[1], s[2]);
        Node scale = c.positive(s[2]);
        Node y = Normalisations.instanceNorm(c.graph, x, scale, c.normal(s[2]), EPSILON);
        agree(c, 8 * s[1], y, x, scale);
      }
    }
  }

  /** A mean far from 0 must not eat the digits of the deviations. */
  @Test
  void valuesFarFromZero() {
    try (PlanCheck c = new PlanCheck(1)) {
      Node x = c.graph.add(c.normal(3, 300), c.graph.constant(64, Shape.SCALAR));
      Node one = c.graph.constant(1, Shape.of(300));
      Node zero = c.graph.constant(0, Shape.of(300));
      // Rounding of the input itself is 64 ulp: a mean over as many values does not lessen it.
      Node y = Normalisations.layerNorm(c.graph, x, one, zero, EPSILON);
      c.agree(provider, 64, y);
    }
  }
}
