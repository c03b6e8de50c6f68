package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Alignments;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.OpFamily;
import dev.bellows.engine.tensor.Shape;
import org.junit.jupiter.api.Test;

/** CTC by one provider's kernels against the double-precision reference. */
abstract class AlignmentPlanTest extends FamilyPlanTest {
  @Test
  void ctcAtAwkwardSizes() {
    int[][] sizes = {{1, 3, 2, 1}, {3, 7, 4, 3}, {17, 12, 5, 5}, {2, 40, 11, 7}};
    for (int[] s : sizes) {
      try (PlanCheck c = new PlanCheck(s[0] + s[1])) {
        Node x = c.normal(s[0], s[1], s[2]);
        // At most half as many labels as steps: repeated ones fit with blanks between them.
        Node labels = c.graph.reshape(c.ints(s[2] - 1, s[0] * s[3]), Shape.of(s[0], s[3]));
        Node steps = all(c, s[0], s[1]);
        Node counts = c.ints(s[1] / 2 < s[3] ? s[1] / 2 + 1 : s[3] + 1, s[0]);
        Node loss = Alignments.ctc(c.graph, c.graph.logSoftmax(x), labels, steps, counts, s[2] - 1);
        agree(c, 4 * s[1] * s[2], loss, x);
      }
    }
    all(OpFamily.ALIGNMENT);
  }

  /** T for every row: the place of the largest of a rising row. */
  private static Node all(PlanCheck c, int rows, int steps) {
    double[] rising = new double[steps + 1];
    for (int i = 0; i <= steps; i++) {
      rising[i] = i;
    }
    Node row = c.graph.constant(rising, Shape.of(1, steps + 1));
    return c.graph.argmax(c.graph.broadcast(row, Shape.of(rows, steps + 1)));
  }
}
