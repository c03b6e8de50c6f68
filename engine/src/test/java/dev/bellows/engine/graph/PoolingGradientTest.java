package dev.bellows.engine.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import dev.bellows.engine.tensor.Window;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Shapes, gradients and known values of pooling and resampling, in double precision. */
final class PoolingGradientTest {
  private static final double[] REGIONS = {0, 0.3, 0.7, 3.1, 3.9, 1, 1.2, 0, 4.6, 2.2};

  private final Set<Op> checked = EnumSet.noneOf(Op.class);

  private interface Build {
    Node of(GradientCheck c);
  }

  private void check(String what, Build build) {
    for (long seed = 1; seed <= 2; seed++) {
      GradientCheck c = new GradientCheck(seed);
      c.verify(what, build.of(c));
      c.graph.nodes().forEach(node -> checked.add(node.op()));
    }
  }

  @Test
  @DisplayName("LAY-08, LAY-09, LAY-15, LAY-20, LAY-21 gradient checks of every pooling op")
  void gradients() {
    Window overlap = Window.of(3, 2).strides(2, 1).padding(1, 1);
    check("max", c -> Poolings.maxPool(c.graph, c.normal(2, 4, 5, 3), overlap));
    check("max 1-D", c -> Poolings.maxPool(c.graph, c.normal(2, 7, 2), Window.of(2).strides(2)));
    check("mean", c -> Poolings.averagePool(c.graph, c.normal(1, 4, 5, 2), overlap, true));
    check("mean inside", c -> Poolings.averagePool(c.graph, c.normal(1, 4, 5, 2), overlap, false));
    check(
        "mean 3-D",
        c -> Poolings.averagePool(c.graph, c.normal(1, 2, 4, 2, 2), Window.of(2, 3, 1), true));
    check("global", c -> Poolings.globalAveragePool(c.graph, c.normal(2, 3, 4, 2)));
    check("unpool", PoolingGradientTest::unpooled);
    check("nearest", c -> Poolings.resizeNearest(c.graph, c.normal(1, 2, 3, 2), 5, 4));
    for (Poolings.Corners corners : Poolings.Corners.values()) {
      check("linear", c -> Poolings.resizeLinear(c.graph, c.normal(1, 2, 3, 2), corners, 5, 4));
      check("down", c -> Poolings.resizeLinear(c.graph, c.normal(1, 7, 2), corners, 3));
    }
    for (boolean half : new boolean[] {false, true}) {
      check(
          "align",
          c ->
              Poolings.roiAlign(
                  c.graph, c.normal(2, 4, 5, 2), c.fixed(REGIONS, 2, 5), 2, 3, 2, 0.9, half));
    }
    check(
        "roi pool",
        c -> Poolings.roiPool(c.graph, c.normal(2, 4, 5, 2), c.fixed(REGIONS, 2, 5), 2, 2, 0.9));
    check("lrn", c -> Poolings.localResponse(c.graph, c.normal(2, 3, 7), 2, 0.5, 0.75, 5));
    check(
        "lrn within",
        c -> Poolings.localResponseWithin(c.graph, c.normal(1, 4, 3, 2), 1, 0.5, 0.75, 2));
    for (Op op : Op.values()) {
      assertThat(op.family() != OpFamily.POOLING || checked.contains(op))
          .as("gradient check of %s", op.id())
          .isTrue();
    }
  }

  private static Node unpooled(GradientCheck c) {
    Node map = c.fixed(c.draw(Shape.of(1, 4, 4, 2), 1, 0), 1, 4, 4, 2);
    Node index = Poolings.maxPoolIndex(c.graph, map, Window.of(2, 2).strides(2, 2));
    return Poolings.unpool(c.graph, c.normal(1, 2, 2, 2), index, 4, 4);
  }

  /** Batch normalisation of images: statistics over N, H and W. */
  @Test
  @DisplayName("LAY-13 batch normalisation per channel: gradient checks on [N, H, W, C]")
  void batchNormOfImages() {
    check(
        "batch norm",
        c -> {
          Node x = c.normal(2, 3, 2, 3);
          Node mean = c.graph.batchMean(x);
          assertThat(mean.shape()).isEqualTo(Shape.of(3));
          return c.graph.batchNorm(
              x, mean, c.graph.batchVariance(x), c.positive(3), c.normal(3), 1e-2, true);
        });
  }

  private static Node ramp(GradientCheck c, int... dims) {
    double[] values = new double[(int) Shape.of(dims).size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = i * 0.37 % 1;
    }
    return c.of(values, dims);
  }

  /**
   * Values of torch 2.13.0 in float64 for x [1, 5, 6, 2] = 0.37 i mod 1, channels last: max_pool2d
   * and avg_pool2d (3, stride 2, padding 1), interpolate to 7 x 9, local_response_norm (size 5,
   * alpha 0.5 over 5 = our 0.1, beta 0.75, k 2).
   */
  @Test
  void goldenValuesOfPyTorch() {
    GradientCheck c = new GradientCheck(1);
    Node x = ramp(c, 1, 5, 6, 2);
    Window w = Window.of(3, 3).strides(2, 2).padding(1, 1);
    starts(c, Poolings.maxPool(c.graph, x, w), 0.74, 0.81, 0.92, 0.85, 0.96, 0.77);
    double[] index = {1, 6, 8, 2, 4, 10, 12, 13, 8, 13, 16, 17, 24, 25, 27, 21, 27, 21};
    starts(c, Poolings.maxPoolIndex(c.graph, x, w), index);
    starts(c, Poolings.averagePool(c.graph, x, w, true), 1.36 / 9, 1.84 / 9, 3.2 / 9, 2.42 / 9);
    starts(c, Poolings.averagePool(c.graph, x, w, false), 0.34, 0.46, 1.6 / 3, 1.21 / 3);
    starts(
        c,
        Poolings.resizeLinear(c.graph, x, Poolings.Corners.HALF_PIXEL, 7, 9),
        0,
        0.37,
        0.37,
        0.24,
        2.09 / 3,
        0.7 / 3,
        1.57 / 3,
        2.18 / 3);
    Node aligned = Poolings.resizeLinear(c.graph, x, Poolings.Corners.ALIGNED, 7, 9);
    starts(c, aligned, 0, 0.37, 0.4625, 0.2075, 0.675, 0.295, 0.5125, 0.7575);
    starts(c, Poolings.resizeNearest(c.graph, x, 7, 9), 0, 0.37, 0, 0.37, 0.74, 0.11, 0.48, 0.85);
    starts(
        c,
        Poolings.localResponse(c.graph, ramp(c, 1, 14), 2, 0.1, 0.75, 5),
        0,
        0.2144260124802851,
        0.4253059798622227,
        0.061632073942549215,
        0.26976745990271883);
  }

  private static void starts(GradientCheck c, Node node, double... expected) {
    double[] found = c.run.value(node);
    for (int i = 0; i < expected.length; i++) {
      assertThat(found[i]).as("%s[%d]", node, i).isCloseTo(expected[i], within(1e-9));
    }
  }

  @Test
  @DisplayName("LAY-08 2x2 stride 2 halves the map; the first of tied values gets the gradient")
  void lay08() {
    GradientCheck c = new GradientCheck(1);
    Node x = c.of(new double[] {5, 5, 1, 5}, 1, 2, 2, 1);
    Window two = Window.of(2, 2).strides(2, 2);
    Node y = Poolings.maxPool(c.graph, x, two);
    Node dx = Gradients.reverse(c.graph, c.graph.reduceSum(y), List.of(x)).get(x);
    assertThat(c.run.value(dx)).containsExactly(1, 0, 0, 0);
    Node map = c.graph.input("map", DType.FLOAT32, Shape.of(1, 8, 8, 1));
    assertThat(Poolings.maxPool(c.graph, map, two).shape()).isEqualTo(Shape.of(1, 4, 4, 1));
  }

  @Test
  @DisplayName("LAY-09 the mean of [[1, 2], [3, 4]] is 2.5")
  void lay09() {
    GradientCheck c = new GradientCheck(1);
    Node x = c.of(new double[] {1, 2, 3, 4}, 1, 2, 2, 1);
    assertThat(c.run.value(Poolings.averagePool(c.graph, x, Window.of(2, 2), true)))
        .containsExactly(2.5);
  }

  @Test
  @DisplayName("LAY-15 LRN (0, 1, 1, 2) of 1 beside 1 is 0.5; AlexNet's setting equals a loop")
  void lay15() {
    GradientCheck c = new GradientCheck(3);
    Node pair = c.of(new double[] {1, 1}, 1, 2);
    assertThat(c.run.value(Poolings.localResponse(c.graph, pair, 0, 1, 1, 2)))
        .containsExactly(0.5, 0.5);
    Node x = c.normal(1, 2, 2, 9);
    double[] a = c.run.value(x);
    double[] y = c.run.value(Poolings.localResponse(c.graph, x, 2, 1e-4, 0.75, 5));
    for (int i = 0; i < a.length; i++) {
      double sum = 0;
      for (int j = Math.max(0, i % 9 - 2); j <= Math.min(8, i % 9 + 2); j++) {
        sum += Math.pow(a[i / 9 * 9 + j], 2);
      }
      assertThat(y[i]).isCloseTo(a[i] / Math.pow(2 + 1e-4 * sum, 0.75), within(1e-9));
    }
    Node zero = c.of(new double[2], 1, 2);
    assertThat(c.run.value(Poolings.localResponse(c.graph, zero, 0, 1, 1, 2)))
        .as("zeros with k = 0 give NaN, which a run reports by the layer's name")
        .containsOnly(Double.NaN);
  }

  @Test
  @DisplayName("LAY-16 LRN within a channel on 5x5 ones: centre 1/9, edge 1/6, corner 1/4")
  void lay16() {
    GradientCheck c = new GradientCheck(1);
    double[] ones = new double[25];
    java.util.Arrays.fill(ones, 1);
    double[] y =
        c.run.value(Poolings.localResponseWithin(c.graph, c.of(ones, 1, 5, 5, 1), 0, 1, 1, 2));
    assertThat(y[12]).isCloseTo(1 / 9.0, within(1e-15));
    assertThat(y[2]).isCloseTo(1 / 6.0, within(1e-15));
    assertThat(y[0]).isCloseTo(1 / 4.0, within(1e-15));
  }

  @Test
  @DisplayName("LAY-20 bilinear 2x2 to 4x4 equals the closed form for both corner conventions")
  void lay20() {
    GradientCheck c = new GradientCheck(1);
    Node x = c.of(new double[] {0, 1, 2, 3}, 1, 2, 2, 1);
    Node half = Poolings.resizeLinear(c.graph, x, Poolings.Corners.HALF_PIXEL, 4, 4);
    Node aligned = Poolings.resizeLinear(c.graph, x, Poolings.Corners.ALIGNED, 4, 4);
    double[] along = {0, 0.25, 0.75, 1};
    for (int i = 0; i < 16; i++) {
      assertThat(c.run.value(half)[i]).isCloseTo(2 * along[i / 4] + along[i % 4], within(1e-12));
      assertThat(c.run.value(aligned)[i]).isCloseTo((2 * (i / 4) + i % 4) / 3.0, within(1e-12));
    }
  }

  @Test
  @DisplayName("LAY-21 MaxPool(Unpool(MaxPool(x))) = MaxPool(x) exactly")
  void lay21() {
    GradientCheck c = new GradientCheck(4);
    Node x = c.positive(2, 6, 4, 3);
    Window two = Window.of(2, 2).strides(2, 2);
    Node y = Poolings.maxPool(c.graph, x, two);
    Node back = Poolings.unpool(c.graph, y, Poolings.maxPoolIndex(c.graph, x, two), 6, 4);
    assertThat(c.run.value(Poolings.maxPool(c.graph, back, two))).containsExactly(c.run.value(y));
  }

  @Test
  void regionsOfInterest() {
    GradientCheck c = new GradientCheck(1);
    double[] plane = new double[16];
    for (int i = 0; i < 16; i++) {
      plane[i] = 10 * (i / 4) + i % 4; // 10 y + x
    }
    Node x = c.of(plane, 1, 4, 4, 1);
    Node regions = c.fixed(new double[] {0, 0, 0, 3, 3}, 1, 5);
    // Bins of 1.5 pixels from -0.5 (half pixel) or 0; a plane's mean is its value at the centre.
    assertThat(c.run.value(Poolings.roiAlign(c.graph, x, regions, 2, 2, 1, 1, false)))
        .containsExactly(new double[] {8.25, 9.75, 23.25, 24.75}, within(1e-12));
    assertThat(c.run.value(Poolings.roiAlign(c.graph, x, regions, 2, 2, 1, 1, true)))
        .containsExactly(new double[] {2.75, 4.25, 17.75, 19.25}, within(1e-12));
    assertThat(c.run.value(Poolings.roiPool(c.graph, x, regions, 2, 2, 1)))
        .containsExactly(11, 13, 31, 33);
  }

  @Test
  void windowsThatDoNotFit() {
    Graph g = new Graph();
    Node x = g.input("map", DType.FLOAT32, Shape.of(1, 4, 4, 2));
    assertThatThrownBy(() -> Poolings.maxPool(g.named("pool"), x, Window.of(5, 5)))
        .hasMessageContaining("node pool: axis 1 of [1, 4, 4, 2] has 4 positions")
        .hasMessageContaining("padding of at least 1");
    assertThatThrownBy(() -> Poolings.maxPool(g.named("pool"), x, Window.of(2, 2).padding(2, 2)))
        .hasMessageContaining("padding of axis 1 must be less than the window's 2");
    assertThatThrownBy(() -> Poolings.averagePool(g.named("pool"), x, Window.of(2), true))
        .hasMessageContaining("must be [N, spatial, C], rank 3");
  }
}
