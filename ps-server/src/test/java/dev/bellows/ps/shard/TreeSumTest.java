package dev.bellows.ps.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.tensor.Memory;
import dev.bellows.ps.sim.Seeds;
import dev.bellows.ps.sim.SimRandom;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TreeSumTest {
  @Test
  void anyPartitionOfTheSlicesGivesTheSameBits() {
    Seeds.forEach(
        "TreeSumTest#anyPartition*",
        400,
        seed -> {
          SimRandom random = new SimRandom(seed);
          int slices = random.between(1, random.chance(0.1) ? 64 : 17);
          int length = random.between(1, 40);
          float[][] gradients = new float[slices][length];
          double[][] scalars = new double[slices][4];
          for (int v = 0; v < slices; v++) {
            for (int i = 0; i < length; i++) {
              gradients[v][i] =
                  (float) ((random.unit() - 0.5) * Math.pow(10, random.between(-6, 6)));
            }
            for (int k = 0; k < 4; k++) {
              scalars[v][k] = random.unit() * Math.pow(10, random.between(-6, 6));
            }
          }
          int leaves = Integer.highestOneBit(Math.max(1, 2 * slices - 1));
          float[] truth = new float[length];
          for (int i = 0; i < length; i++) {
            truth[i] = recursive(gradients, i, 0, leaves, slices);
          }
          TreeSum whole = new TreeSum(slices, length);
          for (int v : random.order(slices)) {
            assertThat(whole.add(v, gradients[v], scalars[v], true)).isTrue();
          }
          assertThat(whole.sum()).isEqualTo(truth);
          TreeSum fromMemory = new TreeSum(slices, length);
          addFromMemory(fromMemory, gradients, scalars, random.order(slices));
          assertThat(fromMemory.sum()).isEqualTo(truth);
          for (int k = 0; k < 4; k++) {
            assertThat(fromMemory.scalar(k)).isEqualTo(whole.scalar(k));
          }

          TreeSum shard = new TreeSum(slices, length);
          List<int[]> ranges = new ArrayList<>();
          for (int from = 0; from < slices; ) {
            int to = random.between(from + 1, slices);
            ranges.add(new int[] {from, to});
            from = to;
          }
          for (int r : random.order(ranges.size())) {
            int[] range = ranges.get(r);
            TreeSum task = new TreeSum(slices, length);
            for (int v = range[0]; v < range[1]; v++) {
              task.add(v, gradients[v], scalars[v], true);
            }
            int sent = send(task, shard);
            int span = range[1] - range[0];
            assertThat(sent).isLessThanOrEqualTo(2 * (32 - Integer.numberOfLeadingZeros(span)));
            if (random.chance(0.3)) {
              send(task, shard); // again: nothing changes
            }
          }
          assertThat(shard.isComplete()).isTrue();
          for (int i = 0; i < length; i++) {
            assertThat(Float.floatToRawIntBits(shard.sum()[i]))
                .isEqualTo(Float.floatToRawIntBits(truth[i]));
          }
          for (int k = 0; k < 4; k++) {
            assertThat(shard.scalar(k)).isEqualTo(whole.scalar(k));
          }
        });
  }

  private static int send(TreeSum task, TreeSum shard) {
    int[] n = new int[1];
    task.forEach(
        (level, index, values, weight, loss, metric, rows, bad) -> {
          n[0]++;
          shard.add(level, index, values, 0, weight, loss, metric, rows, bad);
        });
    return n[0];
  }

  private static float recursive(float[][] g, int i, int from, int width, int slices) {
    if (width == 1) {
      return g[from][i];
    }
    int right = from + width / 2;
    float left = recursive(g, i, from, width / 2, slices);
    return right < slices ? left + recursive(g, i, right, width / 2, slices) : left;
  }

  private static void addFromMemory(
      TreeSum sum, float[][] gradients, double[][] scalars, int[] order) {
    long address = Memory.allocate(4L * sum.length());
    try {
      for (int v : order) {
        Memory.copyIn(gradients[v], 0, address, sum.length());
        assertThat(sum.add(v, address, scalars[v])).isTrue();
        assertThatThrownBy(() -> sum.add(v, address, scalars[v]))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("slice " + v);
      }
    } finally {
      Memory.free(address);
    }
  }

  @Test
  void aSliceOutsideOfTheHeapIsBadWhenGradientOrLossIs() {
    long address = Memory.allocate(12);
    try {
      TreeSum sum = new TreeSum(4, 3);
      assertThat(sum.add(0, address, new double[] {1, 2, 3, 4})).isTrue();
      assertThat(sum.add(1, address, new double[] {1, Double.NaN, 3, 4})).isFalse();
      assertThat(sum.add(2, address, new double[] {1, 2, 3, 4})).isTrue();
      Memory.putFloat(address + 8, Float.POSITIVE_INFINITY);
      assertThat(sum.add(3, address, new double[] {1, 2, 3, 4})).isFalse();
      assertThat(sum.badSlice()).isEqualTo(1);
    } finally {
      Memory.free(address);
    }
  }

  @Test
  void aSubtreeOutsideOfTheHeapCountsForItsSlices() {
    long address = Memory.allocate(4);
    try {
      TreeSum sum = new TreeSum(6, 1);
      Memory.putFloat(address, 3);
      assertThat(sum.add(1, 1, address, new double[] {1, 2, 3, 4})).isTrue();
      assertThat(sum.isPresent(2) && sum.isPresent(3)).isTrue();
      assertThatThrownBy(() -> sum.add(1, 1, address, new double[4]))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("one of the slices 2..3 is present already");
      assertThatThrownBy(() -> sum.add(2, 2, address, new double[4]))
          .hasMessage("node (level 2, index 2) is not in the tree");
      Memory.putFloat(address, Float.NaN);
      assertThat(sum.add(1, 2, address, new double[] {1, 2, 3, 4})).isFalse();
      Memory.putFloat(address, 10);
      assertThat(sum.add(1, 0, address, new double[] {1, 2, 3, 4})).isTrue();
      assertThat(sum.badSlice()).isEqualTo(4);
      assertThat(sum.scalar(3)).isEqualTo(12);
    } finally {
      Memory.free(address);
    }
  }

  @Test
  void absentSiblingAddsNothingSoThatNegativeZeroSurvives() {
    TreeSum sum = new TreeSum(3, 1);
    double[] s = {1, 1, 1, 1};
    sum.add(2, new float[] {-0f}, s, true);
    sum.add(0, new float[] {-0f}, s, true);
    sum.add(1, new float[] {-0f}, s, true);
    assertThat(Float.floatToRawIntBits(sum.sum()[0])).isEqualTo(Float.floatToRawIntBits(-0f));
  }

  @Test
  void fault_14_aSliceCountsOnce() {
    TreeSum sum = new TreeSum(4, 1);
    double[] s = {1, 1, 1, 1};
    assertThat(sum.add(1, new float[] {2}, s, true)).isTrue();
    assertThat(sum.add(1, new float[] {2}, s, true)).isFalse();
    assertThat(sum.add(0, new float[] {1}, s, true)).isTrue();
    assertThat(sum.add(0, new float[] {1}, s, true)).as("also after it was merged").isFalse();
    assertThat(sum.add(1, 0, new float[] {3}, 0, 2, 2, 2, 2, -1))
        .as("the subtree of both")
        .isFalse();
    sum.add(1, 1, new float[] {7}, 0, 2, 2, 2, 2, -1);
    assertThat(sum.sum()).containsExactly(10);
    assertThat(sum.scalar(0)).isEqualTo(4);
  }

  @Test
  void aLargerSubtreeReplacesThePresentSlicesInsideIt() {
    TreeSum sum = new TreeSum(8, 1);
    double[] s = {1, 0, 0, 0};
    sum.add(0, new float[] {1}, s, true);
    sum.add(2, new float[] {4}, s, true);
    sum.add(3, new float[] {8}, s, true);
    assertThat(sum.add(2, 0, new float[] {15}, 0, 4, 0, 0, 0, -1)).isTrue();
    assertThat(sum.isPresent(1)).isTrue();
    assertThat(sum.isPresent(4)).isFalse();
    sum.add(2, 1, new float[] {100}, 0, 4, 0, 0, 0, -1);
    assertThat(sum.sum()).containsExactly(115);
    assertThat(sum.scalar(0)).isEqualTo(8);
  }

  @Test
  void theSmallestBadSliceIsNamedInAnyOrder() {
    for (int[] order : new int[][] {{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {2, 0, 4, 1, 3}}) {
      TreeSum sum = new TreeSum(5, 1);
      for (int v : order) {
        sum.add(v, new float[] {Float.NaN}, new double[4], v != 3 && v != 1);
      }
      assertThat(sum.badSlice()).isEqualTo(1);
    }
  }

  @Test
  void buffersAreUsedAgain() {
    FloatPool pool = new FloatPool(10, FloatPool.Budget.NONE);
    TreeSum sum = new TreeSum(13, 10, pool);
    for (int step = 0; step < 50; step++) {
      for (int v = 0; v < 13; v++) {
        sum.add(v, new float[10], new double[4], true);
      }
      assertThat(sum.isComplete()).isTrue();
      sum.clear();
      assertThat(sum.isEmpty()).isTrue();
      assertThat(pool.made())
          .as("a sequence of slices holds one buffer per level")
          .isLessThanOrEqualTo(5);
    }
  }

  @Test
  void nodesOutsideTheTreeAreRefused() {
    TreeSum sum = new TreeSum(5, 1);
    for (int[] node :
        new int[][] {
          {0, 5}, {0, -1}, {1, 3}, {2, 2}, {3, 1}, {4, 0}, {-1, 0}, {31, 0}, {0, 1 << 30}
        }) {
      assertThat(sum.contains(node[0], node[1]))
          .as("level %d, index %d", node[0], node[1])
          .isFalse();
      assertThatThrownBy(() -> sum.add(node[0], node[1], new float[1], 0, 0, 0, 0, 0, -1))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessageContaining("5 slices");
    }
    assertThat(sum.contains(2, 1)).isTrue();
    assertThatThrownBy(sum::sum)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("5 of 5");
  }
}
