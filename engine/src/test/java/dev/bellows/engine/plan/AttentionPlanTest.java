package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Attentions;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.OpFamily;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Attention, planned and run by one provider's kernels against the reference. */
abstract class AttentionPlanTest extends FamilyPlanTest {
  /** Rows, queries, keys, heads, head width of keys and of values: around tiles and blocks. */
  private static final int[][] CASES = {
    {1, 1, 1, 1, 1, 1},
    {2, 3, 5, 2, 3, 4},
    {2, 17, 33, 1, 32, 16},
    {1, 70, 64, 3, 7, 33},
    {3, 64, 64, 2, 32, 32},
    {1, 130, 131, 1, 8, 8}
  };

  @Test
  @DisplayName("SEQ-09, SEQ-10, SEQ-11 attention kernels agree with the reference")
  void everyOp() {
    for (int[] s : CASES) {
      for (int form = 0; form < 4; form++) {
        boolean causal = (form & 2) != 0;
        try (PlanCheck c = new PlanCheck(s[1] + form)) {
          Node q = c.normal(s[0], s[1], s[3] * s[4]);
          Node k = c.normal(s[0], s[2], s[3] * s[4]);
          Node v = c.normal(s[0], s[2], s[3] * s[5]);
          Node lengths = (form & 1) != 0 ? c.ints(s[2] + 1, s[0]) : null;
          Node y = Attentions.attention(c.graph, q, k, v, lengths, s[3], causal);
          agree(c, 4 * s[2], y, q, k, v);
          agree(c, 4 * s[2], y, k);
        }
        try (PlanCheck c = new PlanCheck(s[1] + form)) {
          Node qkv = c.normal(s[0], s[1], 3 * s[3] * s[4]);
          Node lengths = (form & 1) != 0 ? c.ints(s[1] + 1, s[0]) : null;
          agree(c, 4 * s[1], Attentions.selfAttention(c.graph, qkv, lengths, s[3], causal), qkv);
        }
      }
    }
    all(OpFamily.ATTENTION);
  }

  /** Scores so large that a softmax without its maximum taken out would overflow. */
  @Test
  void largeScores() {
    try (PlanCheck c = new PlanCheck(1)) {
      Node q = c.graph.mul(c.normal(1, 9, 8), 30);
      Node k = c.graph.mul(c.normal(1, 20, 8), 4);
      Node v = c.normal(1, 20, 8);
      // Scores of some hundreds carry an error of 1e-5, which is the relative error of e^score.
      c.agree(provider, 40000, Attentions.attention(c.graph, q, k, v, null, 2, false));
    }
  }
}
