package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.graph.Convolutions;
import dev.bellows.engine.graph.Gradients;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.graph.ProductRounding;
import dev.bellows.engine.kernel.BatchNormBackward;
import dev.bellows.engine.kernel.BatchNormForward;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.kernel.reference.ReferenceExecutor;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.Bfloat16;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.engine.tensor.Window;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Convolutions of operands rounded to bfloat16, and batch norms that round what they write. */
abstract class RoundedConvolutionTest {
  private final KernelProvider provider = KernelProvider.choose(preference());

  abstract KernelProvider.Preference preference();

  /** Image dims [N, spatial..., C], outputs, groups, window. */
  private record Case(int[] image, int outputs, int groups, Window window) {}

  private static Case of(Window window, int outputs, int groups, int... image) {
    return new Case(image, outputs, groups, window);
  }

  /** Channel counts around pairs, vectors and tiles; each way in which a window can lie. */
  private static List<Case> cases() {
    Window three = Window.of(3, 3).padding(1, 1);
    return List.of(
        of(Window.of(3), 5, 1, 2, 9, 3),
        of(Window.of(5, 5).padding(2, 2), 6, 1, 2, 12, 12, 1),
        of(Window.of(5, 5), 16, 1, 3, 14, 14, 6),
        of(three, 16, 1, 2, 8, 8, 16),
        of(three, 17, 1, 2, 7, 9, 33),
        of(three.strides(2, 2), 32, 1, 2, 9, 9, 16),
        of(Window.of(1, 1).strides(2, 2), 32, 1, 2, 8, 8, 16),
        of(three.dilations(2, 2).padding(2, 2), 16, 1, 1, 9, 9, 16),
        of(Window.of(3, 2).padding(new int[] {1, 0}, new int[] {0, 1}), 4, 1, 2, 5, 6, 3),
        of(three, 32, 32, 2, 6, 6, 32),
        of(three, 32, 2, 1, 6, 6, 32),
        of(Window.of(2, 3, 3).padding(1, 1, 1), 8, 1, 1, 3, 5, 4, 3));
  }

  /** The reference computes the very same rounded graph in double. */
  @Test
  void agreesWithTheReferenceOfTheRoundedGraph() {
    check((c, kernels) -> GraphPlan.rounding(c.graph, kernels), PlanOptions.MIXED);
  }

  /** Also where float32 would be taken: what the kernels can be asked for must be right. */
  @Test
  void agreesWhereRoundingDoesNotPay() {
    check((c, kernels) -> ProductRounding.of(c.graph), null);
  }

  private void check(
      BiFunction<PlanCheck, Kernels, ProductRounding> rounds, @Nullable PlanOptions options) {
    int seed = 0;
    for (Case t : cases()) {
      try (PlanCheck c = new PlanCheck(++seed);
          Kernels kernels = provider.open()) {
        Node x = c.normal(t.image());
        Node w = c.parameter(weight(t));
        Node y = Convolutions.conv(c.graph, x, w, t.window(), t.groups());
        Node biased = c.graph.add(y, c.parameter(t.outputs()));
        Node upstream = c.normal(y.shape().dims());
        Node scalar = c.graph.reduceSum(c.graph.mul(biased, upstream));
        Map<Node, Node> gradients = Gradients.reverse(c.graph, scalar, List.of(x, w));
        ProductRounding rounding = rounds.apply(c, kernels);
        ReferenceExecutor reference = new ReferenceExecutor(rounding.graph());
        for (Node node : c.graph.nodes()) {
          if (node.op() == Op.INPUT || node.op() == Op.PARAMETER) {
            reference.bind(rounding.copy(node), c.reference.value(node));
          }
        }
        Node[] outputs = {biased, gradients.get(x), gradients.get(w)};
        Map<Node, float[]> found =
            options != null
                ? c.run(provider, options, true, outputs)
                : c.runRounded(kernels, rounding, outputs);
        for (Node output : outputs) {
          close(output, found.get(output), reference.value(rounding.copy(output)));
        }
      }
    }
  }

  /** The operands are the same bits: what is left is float32 rounding of sums of up to 3,000. */
  private static void close(Node output, float[] found, double[] expected) {
    double largest = 1;
    for (double value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) found[i])
          .as("%s element %d", output, i)
          .isCloseTo(expected[i], within(16 * Math.ulp(1f) * 55 * largest));
    }
  }

  private static int[] weight(Case t) {
    int rank = t.window().rank();
    int[] dims = new int[rank + 2];
    for (int i = 0; i < rank; i++) {
      dims[i] = t.window().kernel(i);
    }
    dims[rank] = t.image()[rank + 1] / t.groups();
    dims[rank + 1] = t.outputs();
    return dims;
  }

  /** A block's norms round where they write: fused and unfused differ by a unit of bfloat16. */
  @Test
  void aResidualBlockRoundsInItsNorms() {
    for (int channels : new int[] {16, 20}) {
      try (PlanCheck c = new PlanCheck(channels)) {
        Window three = Window.of(3, 3).padding(1, 1);
        Node x = c.normal(2, 5, 5, channels);
        Node w = c.parameter(3, 3, channels, channels);
        Node scale = c.parameter(channels);
        Node shift = c.parameter(channels);
        Node top = c.graph.relu(norm(c, x, scale, shift));
        Node inner =
            c.graph.relu(norm(c, Convolutions.conv(c.graph, top, w, three, 1), scale, shift));
        Node deep = norm(c, Convolutions.conv(c.graph, inner, w, three, 1), scale, shift);
        Node y = c.graph.relu(c.graph.add(deep, top));
        Node loss = c.graph.reduceSum(c.graph.mul(y, c.normal(2, 5, 5, channels)));
        Map<Node, Node> d = Gradients.reverse(c.graph, loss, List.of(x, w, scale, shift));
        Node[] outputs = {y, d.get(x), d.get(w), d.get(scale), d.get(shift)};
        Map<Node, float[]> fused = c.run(provider, PlanOptions.MIXED, false, outputs);
        Map<Node, float[]> apart =
            c.run(
                provider,
                new PlanOptions(false, true, PlanOptions.MIXED.products()),
                false,
                outputs);
        for (Node output : outputs) {
          assertThat(difference(fused.get(output), apart.get(output)))
              .as("%s", output)
              .isLessThan(0x1p-8);
        }
        ProductRounding rounding = ProductRounding.of(c.graph);
        Map<Node, Long> wanted = new LinkedHashMap<>();
        for (Node output : outputs) {
          wanted.put(rounding.copy(output), 0L);
        }
        List<Step> steps = Fusion.steps(rounding.graph(), wanted.keySet(), true);
        Node rounded = rounding.graph().find("rounded." + inner.name());
        assertThat(steps)
            .filteredOn(step -> step.results().contains(rounded))
            .singleElement()
            .satisfies(step -> assertThat(step.kind()).isEqualTo(StepKind.BATCH_NORM_FORWARD))
            .satisfies(step -> assertThat(step.results()).doesNotContain(step.main()));
      }
    }
  }

  private static Node norm(PlanCheck c, Node x, Node scale, Node shift) {
    return c.graph.batchNorm(
        x, c.graph.batchMean(x), c.graph.batchVariance(x), scale, shift, 1e-3, true);
  }

  /** Root of the mean squared difference over that of the values. */
  private static double difference(float[] a, float[] b) {
    double difference = 0;
    double size = 0;
    for (int i = 0; i < a.length; i++) {
      difference += Math.pow(a[i] - b[i], 2);
      size += Math.pow(b[i], 2);
    }
    return Math.sqrt(difference / size);
  }

  /** The rounded copy has the bits of rounding the result, whether that is written or not. */
  @Test
  void normsRoundToTheNearest() {
    for (int channels : new int[] {1, 16, 21, 300}) {
      int rows = 133;
      int n = rows * channels;
      long memory = Memory.allocate(4L * (6L * n + 8L * channels));
      long row = memory + 24L * n;
      try (Kernels kernels = provider.open()) {
        float[] values = new float[6 * n + 8 * channels];
        Philox.fillNormal(channels, 0, values, 0, values.length);
        Memory.copyIn(values, 0, memory, values.length);
        long x = memory;
        long dy = memory + 4L * n;
        long exact = memory + 8L * n;
        long rounded = memory + 12L * n;
        long alone = memory + 16L * n;
        long step = 4L * channels;
        for (long y : new long[] {exact, 0}) {
          kernels
              .norm()
              .bindBatchNormForward(
                  new BatchNormForward(
                      rows,
                      channels,
                      1e-3f,
                      true,
                      x,
                      0,
                      row,
                      row + step,
                      row + 2 * step,
                      row + 3 * step,
                      y,
                      y == 0 ? alone : rounded))
              .run();
        }
        assertRounded(n, exact, rounded, alone);
        for (long dx : new long[] {exact, 0}) {
          kernels
              .norm()
              .bindBatchNormBackward(
                  new BatchNormBackward(
                      rows,
                      channels,
                      1e-3f,
                      dy,
                      0,
                      0,
                      row + step,
                      x,
                      row + 2 * step,
                      row + 3 * step,
                      row,
                      0,
                      dx,
                      row + 4 * step,
                      row + 5 * step,
                      dx == 0 ? alone : rounded))
              .run();
        }
        assertRounded(n, exact, rounded, alone);
      } finally {
        Memory.free(memory);
      }
    }
  }

  private static void assertRounded(int n, long exact, long rounded, long alone) {
    for (int i = 0; i < n; i++) {
      short expected = Bfloat16.round(Memory.getFloat(exact + 4L * i));
      assertThat(Memory.getShort(rounded + 2L * i)).as("element %d", i).isEqualTo(expected);
      assertThat(Memory.getShort(alone + 2L * i)).as("element %d alone", i).isEqualTo(expected);
    }
  }
}
