package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Indexings;
import dev.bellows.engine.graph.Indexings.PadMode;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.OpFamily;
import dev.bellows.engine.graph.Reductions;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Moving elements, planned and run by one provider's kernels against the reference. */
abstract class IndexingPlanTest extends FamilyPlanTest {
  private static int[] of(int... values) {
    return values;
  }

  @Test
  void everyOp() {
    permutations();
    pads();
    slices();
    products();
    sequences();
    all(OpFamily.INDEXING);
  }

  private void permutations() {
    int[][] orders = {
      {1, 0, 2, 3}, {0, 2, 1, 3}, {3, 2, 1, 0}, {0, 1, 3, 2}, {2, 3, 0, 1}, {0, 3, 1, 2}
    };
    for (int[] dims : new int[][] {{2, 3, 5, 17}, {1, 33, 16, 3}, {4, 1, 1, 1}}) {
      for (int[] order : orders) {
        try (PlanCheck c = new PlanCheck(dims[1])) {
          Node x = c.normal(dims);
          agree(c, 1, Indexings.permute(c.graph, x, order), x);
        }
      }
    }
    try (PlanCheck c = new PlanCheck(1)) {
      Node x = c.normal(2, 3, 2, 3, 2);
      agree(c, 1, Indexings.permute(c.graph, x, 4, 2, 0, 1, 3), x);
    }
  }

  private void pads() {
    for (PadMode mode : PadMode.values()) {
      try (PlanCheck c = new PlanCheck(2)) {
        Node x = c.normal(3, 4, 5, 17);
        Node all = Indexings.pad(c.graph, x, of(0, 2, 1, 3), of(2, 0, 4, 1), mode, -1.5);
        Node outer = Indexings.pad(c.graph, x, of(0, 1, 2, 0), of(0, 3, 0, 0), mode, 2);
        agree(c, 24, all, x);
        agree(c, 24, outer, x);
        agree(c, 1, Indexings.crop(c.graph, x, of(1, 0, 2, 5), of(0, 2, 1, 0)), x);
        agree(c, 1, Indexings.crop(c.graph, x, of(1, 0, 0, 0), of(1, 0, 0, 0)), x);
      }
    }
  }

  private void slices() {
    for (int axis = 0; axis < 3; axis++) {
      try (PlanCheck c = new PlanCheck(3 + axis)) {
        Node x = c.normal(5, 6, 19);
        Node indices = c.ints(5, 3, 4);
        Node gathered = Indexings.gather(c.graph, x, indices, axis);
        agree(c, 12, gathered, x);
        Node dy = c.normal(gathered.shape().dims());
        agree(c, 12, Indexings.scatterAdd(c.graph, dy, indices, axis, 7), dy);
      }
    }
    try (PlanCheck c = new PlanCheck(7)) {
      c.agree(provider, 1, Indexings.oneHot(c.graph, c.ints(9, 2, 13), 7));
      agree(c, 1, Indexings.oneHot(c.graph, c.ints(3, 4), 3));
    }
  }

  private void products() {
    int[][][] cases = {
      {{2}, {2}}, {{3, 2}, {3, 2}}, {{2, 1}, {1, 3}}, {{4}, {}}, {{}, {2, 2}}, {{1, 3}, {2, 1}}
    };
    for (int[] size : new int[][] {{1, 1, 1}, {3, 17, 5}, {16, 32, 64}, {33, 7, 16}}) {
      for (int[][] leading : cases) {
        for (int trans = 0; trans < 4; trans++) {
          boolean ta = (trans & 1) != 0;
          boolean tb = (trans & 2) != 0;
          try (PlanCheck c = new PlanCheck(size[1])) {
            Node a = c.normal(joined(leading[0], ta ? of(size[1], size[0]) : of(size[0], size[1])));
            Node b = c.normal(joined(leading[1], tb ? of(size[2], size[1]) : of(size[1], size[2])));
            agree(c, 256, Indexings.batchMatmul(c.graph, a, b, ta, tb), a, b);
          }
        }
      }
    }
    try (PlanCheck c = new PlanCheck(5)) {
      Node x = c.normal(3, 4, 17);
      Node w = c.parameter(17, 6);
      Node bias = c.parameter(6);
      agree(c, 32, Indexings.linear(c.graph, x, w, bias), x, w, bias);
    }
  }

  private static int[] joined(int[] leading, int[] last) {
    int[] dims = Arrays.copyOf(leading, leading.length + 2);
    System.arraycopy(last, 0, dims, leading.length, 2);
    return dims;
  }

  private void sequences() {
    for (int n : new int[] {1, 7, 70, 130}) {
      try (PlanCheck c = new PlanCheck(n)) {
        Node x = c.normal(3, 5, n);
        for (int form = 0; form < 4; form++) {
          boolean exclusive = (form & 1) != 0;
          boolean reverse = (form & 2) != 0;
          agree(c, n, Indexings.cumulativeSum(c.graph, x, 1, exclusive, reverse), x);
          agree(c, n, Indexings.cumulativeSum(c.graph, x, 2, exclusive, reverse), x);
        }
        Node mask = c.bits(3, 1, n);
        Node other = c.normal(5, n);
        agree(c, 16, Indexings.select(c.graph, mask, x, other), x, other);
        Node lengths = c.ints(6, 3);
        agree(c, 1, Indexings.reverseSequence(c.graph, x, lengths), x);
        c.agree(provider, 1, Indexings.sequenceMask(c.graph, lengths, n));
        agree(c, 1, Indexings.sequenceMask(c.graph, lengths, 4));
        Node centres = c.floats(new float[] {-4, 0, 3.5f, 4, 7.25f, 30}, 3, 2);
        Node table = c.normal(3 * 9, n);
        Node places = Indexings.windowPlaces(c.graph, centres, 9, 2);
        agree(c, 12, Indexings.gather(c.graph, table, places, 0), table);
      }
    }
  }

  @Test
  void reductions() {
    try (PlanCheck c = new PlanCheck(9)) {
      Node x = c.normal(3, 7, 5);
      agree(c, 21, Reductions.max(c.graph, x, false, 0, 2), x);
      agree(c, 21, Reductions.min(c.graph, x, true, 1), x);
      agree(c, 105, Reductions.logSumExp(c.graph, x, false), x);
      agree(c, 21, Reductions.product(c.graph, x, false, 1), x);
    }
  }
}
