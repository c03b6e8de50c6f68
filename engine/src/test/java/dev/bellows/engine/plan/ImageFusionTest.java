package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.graph.Convolutions;
import dev.bellows.engine.graph.Gradients;
import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.graph.Poolings;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.tensor.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What is computed together in convolutional networks, and that it does not change results. */
final class ImageFusionTest {
  private static final Window THREE = Window.of(3, 3).padding(1, 1);

  private final KernelProvider provider = KernelProvider.choose(KernelProvider.Preference.AUTO);
  private final KernelProvider plain = KernelProvider.choose(KernelProvider.Preference.PLAIN);

  private static Node norm(PlanCheck c, Node x, Node scale, Node shift) {
    return c.graph.batchNorm(
        x, c.graph.batchMean(x), c.graph.batchVariance(x), scale, shift, 1e-3, true);
  }

  private static List<StepKind> kinds(Graph graph, List<Node> outputs) {
    List<StepKind> kinds = new ArrayList<>();
    Fusion.steps(graph, outputs, true).stream()
        .map(Step::kind)
        .filter(kind -> kind != StepKind.SINGLE)
        .forEach(kinds::add);
    return kinds;
  }

  @Test
  @DisplayName("LAY-27 a residual block: norm + relu, norm + add + relu, and both gradients")
  void residualBlock() {
    for (int channels : new int[] {3, 16, 20}) {
      try (PlanCheck c = new PlanCheck(channels)) {
        Node x = c.normal(2, 5, 5, channels);
        Node w = c.parameter(3, 3, channels, channels);
        Node scale = c.parameter(channels);
        Node shift = c.parameter(channels);
        Node top = c.graph.relu(norm(c, x, scale, shift));
        Node inner =
            c.graph.relu(norm(c, Convolutions.conv(c.graph, top, w, THREE, 1), scale, shift));
        Node deep = norm(c, Convolutions.conv(c.graph, inner, w, THREE, 1), scale, shift);
        Node y = c.graph.relu(c.graph.add(deep, top));
        Node loss = c.graph.reduceSum(c.graph.mul(y, c.normal(2, 5, 5, channels)));
        Map<Node, Node> d = Gradients.reverse(c.graph, loss, List.of(x, w, scale, shift));
        Node[] outputs = {y, d.get(x), d.get(w), d.get(scale), d.get(shift)};
        assertThat(kinds(c.graph, List.of(outputs)))
            .containsOnly(StepKind.BATCH_NORM_FORWARD, StepKind.BATCH_NORM_BACKWARD)
            .hasSize(6);
        c.agree(provider, 3000, outputs);
        c.agree(plain, 3000, outputs);
      }
    }
  }

  @Test
  @DisplayName("LAY-11 relu before max pooling moves behind it: a quarter of the values for 2x2")
  void pooledRelu() {
    for (int channels : new int[] {1, 6, 16, 21}) {
      try (PlanCheck c = new PlanCheck(channels)) {
        Node x = c.normal(2, 6, 8, channels);
        Node w = c.parameter(3, 3, channels, channels);
        Node bias = c.parameter(channels);
        Node conv = c.graph.add(Convolutions.conv(c.graph, x, w, THREE, 1), bias);
        Window two = Window.of(2, 2).strides(2, 2);
        Node y = Poolings.maxPool(c.graph, c.graph.relu(conv), two);
        Node loss = c.graph.reduceSum(c.graph.mul(y, c.normal(2, 3, 4, channels)));
        Map<Node, Node> d = Gradients.reverse(c.graph, loss, List.of(x, w, bias));
        Node[] outputs = {y, d.get(x), d.get(w), d.get(bias)};
        List<Step> steps = Fusion.steps(c.graph, List.of(outputs), true);
        assertThat(kinds(c.graph, List.of(outputs)))
            .containsExactlyInAnyOrder(
                StepKind.CONV_BIAS,
                StepKind.MAX_POOL_RELU,
                StepKind.MAX_POOL_RELU_GRAD,
                StepKind.CONV_GRAD_WEIGHT_BIAS);
        assertThat(steps).noneMatch(step -> step.main().op() == Op.RELU);
        c.agree(provider, 1000, outputs);
        c.agree(plain, 1000, outputs);
        Node other = c.graph.relu(Poolings.maxPool(c.graph, conv, two));
        Map<Node, float[]> both = c.run(provider, PlanOptions.DEFAULT, false, y, other);
        assertThat(both.get(y)).as("0 difference").containsExactly(both.get(other));
      }
    }
  }

  @Test
  void valuesThatOthersReadAreNotFoldedAway() {
    try (PlanCheck c = new PlanCheck(1)) {
      Node x = c.normal(2, 4, 4, 5);
      Node scale = c.parameter(5);
      Node shift = c.parameter(5);
      Node z = norm(c, x, scale, shift);
      Node r = c.graph.relu(z);
      Node sum = c.graph.add(r, z);
      Node pooled = Poolings.maxPool(c.graph, r, Window.of(2, 2).strides(2, 2));
      Node loss = c.graph.add(c.graph.reduceSum(c.graph.mul(sum, sum)), c.graph.reduceSum(pooled));
      Map<Node, Node> d = Gradients.reverse(c.graph, loss, List.of(x, scale));
      c.agree(provider, 3000, z, r, d.get(x), d.get(scale));
    }
  }
}
