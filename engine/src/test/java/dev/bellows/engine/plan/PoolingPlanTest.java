package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.graph.Gradients;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.graph.OpFamily;
import dev.bellows.engine.graph.Poolings;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.engine.tensor.Window;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Pooling and resampling planned and run by one provider's kernels against the reference. */
abstract class PoolingPlanTest {
  private static final int[] CHANNELS = {1, 3, 6, 16, 17, 70};

  /** Inside, over a border, of a row that the batch has not, beyond the image, turned around. */
  private static final float[] REGIONS = {
    0, 0.3f, 0.7f, 3.1f, 3.9f,
    1, 1.2f, 0, 4.6f, 2.2f,
    2, 1, 1, 3, 3,
    -1, 1, 1, 3, 3,
    1, -3.2f, -2.5f, 12.5f, 1.5f,
    0, 50, 40, 60, 60,
    1, 5, 4, 1, 1
  };

  private final KernelProvider provider = KernelProvider.choose(preference());
  private final Set<Op> checked = EnumSet.noneOf(Op.class);
  private long before;

  abstract KernelProvider.Preference preference();

  @BeforeEach
  void count() {
    before = Memory.allocatedBytes();
  }

  @AfterEach
  void memoryReturns() {
    assertThat(Memory.allocatedBytes()).isEqualTo(before);
  }

  private interface Build {
    Node of(PlanCheck c, Node x);
  }

  private void check(int[] image, Build build) {
    try (PlanCheck c = new PlanCheck(image[image.length - 1])) {
      Node x = c.normal(image);
      Node y = build.of(c, x);
      c.agree(provider, 40, y, gradient(c, y, x));
      c.graph.nodes().forEach(node -> checked.add(node.op()));
    }
  }

  private static Node gradient(PlanCheck c, Node y, Node x) {
    Node scalar = c.graph.reduceSum(c.graph.mul(y, c.normal(y.shape().dims())));
    Map<Node, Node> gradients = Gradients.reverse(c.graph, scalar, List.of(x));
    return gradients.get(x);
  }

  @Test
  @DisplayName("LAY-08, LAY-09, LAY-15, LAY-20, LAY-21 pooling agrees with the reference")
  void agreesWithReference() {
    Window two = Window.of(2, 2).strides(2, 2);
    Window overlap = Window.of(3, 2).strides(2, 1).padding(1, 1);
    for (int n : CHANNELS) {
      int[] image = {2, 6, 8, n};
      check(image, (c, x) -> Poolings.maxPool(c.graph, x, two));
      check(image, (c, x) -> Poolings.maxPool(c.graph, x, overlap));
      check(image, (c, x) -> Poolings.maxPool(c.graph, x, Window.of(2, 2).dilations(2, 3)));
      check(image, (c, x) -> Poolings.averagePool(c.graph, x, two, true));
      check(image, (c, x) -> Poolings.averagePool(c.graph, x, overlap, false));
      check(image, (c, x) -> Poolings.averagePool(c.graph, x, overlap, true));
      check(image, (c, x) -> Poolings.globalAveragePool(c.graph, x));
      check(image, (c, x) -> Poolings.resizeNearest(c.graph, x, 9, 5));
      check(image, (c, x) -> Poolings.resizeLinear(c.graph, x, Poolings.Corners.ALIGNED, 9, 5));
      check(
          image, (c, x) -> Poolings.resizeLinear(c.graph, x, Poolings.Corners.HALF_PIXEL, 12, 16));
      check(image, (c, x) -> Poolings.localResponse(c.graph, x, 2, 0.1, 0.75, 5));
      check(image, (c, x) -> Poolings.localResponseWithin(c.graph, x, 1, 0.1, 0.75, 2));
      check(image, (c, x) -> regions(c, x, true));
      check(image, (c, x) -> regions(c, x, false));
      check(new int[] {2, 9, n}, (c, x) -> Poolings.maxPool(c.graph, x, Window.of(3).strides(3)));
      check(
          new int[] {1, 2, 4, 3, n},
          (c, x) -> Poolings.maxPool(c.graph, x, Window.of(1, 2, 3).strides(1, 2, 3)));
      check(
          new int[] {1, 3, 4, 3, n},
          (c, x) -> Poolings.averagePool(c.graph, x, Window.of(2, 2, 2), true));
      check(image, this::unpooled);
    }
    for (Op op : Op.values()) {
      assertThat(op.family() != OpFamily.POOLING || checked.contains(op))
          .as("plan check of %s", op.id())
          .isTrue();
    }
  }

  private static Node regions(PlanCheck c, Node x, boolean align) {
    Node regions = c.floats(REGIONS, REGIONS.length / 5, 5);
    return align
        ? Poolings.roiAlign(c.graph, x, regions, 2, 3, 2, 0.9, x.shape().dim(3) % 2 == 0)
        : Poolings.roiPool(c.graph, x, regions, 2, 3, 0.9);
  }

  /** Values of x put where another image had its maxima, and taken again. */
  private Node unpooled(PlanCheck c, Node x) {
    int channels = x.shape().dim(3);
    Node other = c.normal(2, 12, 16, channels);
    Window two = Window.of(2, 2).strides(2, 2);
    Node index = Poolings.maxPoolIndex(c.graph, other, two);
    Node wide = Poolings.unpool(c.graph, x, index, 12, 16);
    return Poolings.take(c.graph, wide, index);
  }

  @Test
  @DisplayName("LAY-13 batch normalisation of images agrees with the reference")
  void batchNormOfImages() {
    for (int n : CHANNELS) {
      for (boolean relu : new boolean[] {false, true}) {
        try (PlanCheck c = new PlanCheck(n)) {
          Node x = c.normal(3, 5, 4, n);
          Node mean = c.graph.batchMean(x);
          Node variance = c.graph.batchVariance(x);
          Node scale = c.parameter(n);
          Node shift = c.parameter(n);
          Node z = c.graph.batchNorm(x, mean, variance, scale, shift, 1e-3, true);
          Node y = relu ? c.graph.relu(z) : z;
          Node scalar = c.graph.reduceSum(c.graph.mul(y, c.normal(y.shape().dims())));
          Map<Node, Node> d = Gradients.reverse(c.graph, scalar, List.of(x, scale, shift));
          c.agree(provider, 240, mean, variance, y, d.get(x), d.get(scale), d.get(shift));
        }
      }
    }
  }
}
