package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.graph.Convolutions;
import dev.bellows.engine.graph.Gradients;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.graph.OpFamily;
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

/** Convolutions planned and run by one provider's kernels against the reference. */
abstract class ConvolutionPlanTest {
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

  /** Image dims [N, spatial..., C], outputs, groups, window. */
  private record Case(int[] image, int outputs, int groups, Window window) {}

  private static Case of(Window window, int outputs, int groups, int... image) {
    return new Case(image, outputs, groups, window);
  }

  /** Channel counts around the width of a vector and of oneDNN's blocks. */
  private static List<Case> cases() {
    Window three = Window.of(3, 3).padding(1, 1);
    return List.of(
        of(Window.of(3), 5, 1, 2, 9, 3),
        of(Window.of(4).strides(2).dilations(2).padding(3), 16, 1, 3, 17, 16),
        of(Window.of(5, 5).padding(2, 2), 6, 1, 2, 12, 12, 1),
        of(Window.of(5, 5), 16, 1, 3, 14, 14, 6),
        of(three, 16, 1, 2, 8, 8, 16),
        of(three, 17, 1, 2, 7, 9, 33),
        of(three.strides(2, 2), 32, 1, 2, 9, 9, 16),
        of(Window.of(1, 1).strides(2, 2), 32, 1, 2, 8, 8, 16),
        of(Window.of(1, 1), 7, 1, 1, 3, 5, 3),
        of(three.dilations(2, 2).padding(2, 2), 16, 1, 1, 9, 9, 16),
        of(Window.of(3, 2).padding(new int[] {1, 0}, new int[] {0, 1}), 4, 1, 2, 5, 6, 3),
        of(three, 32, 32, 2, 6, 6, 32),
        of(three, 10, 5, 2, 6, 6, 5),
        of(three, 32, 2, 1, 6, 6, 32),
        of(Window.of(3, 3).strides(3, 2), 4, 2, 1, 11, 8, 6),
        of(Window.of(2, 3, 3).padding(1, 1, 1), 8, 1, 1, 3, 5, 4, 3),
        of(Window.of(3, 3, 3).strides(2, 1, 2).padding(1, 1, 1), 16, 1, 1, 5, 4, 6, 16));
  }

  @Test
  @DisplayName("LAY-03, LAY-19, LAY-23 convolution and its gradients agree with the reference")
  void agreesWithReference() {
    int seed = 0;
    for (Case t : cases()) {
      try (PlanCheck c = new PlanCheck(++seed)) {
        Node x = c.normal(t.image());
        Node w = c.parameter(weight(t));
        Node y = Convolutions.conv(c.graph, x, w, t.window(), t.groups());
        Node biased = c.graph.add(y, c.parameter(t.outputs()));
        Map<Node, Node> gradients = gradients(c, biased, x, w);
        int terms = (int) Math.max(y.shape().size() / t.outputs(), w.shape().size());
        c.agree(provider, terms, biased, gradients.get(x), gradients.get(w));
        c.graph.nodes().forEach(node -> checked.add(node.op()));
      }
    }
    for (Op op : Op.values()) {
      assertThat(op.family() != OpFamily.CONVOLUTION || checked.contains(op))
          .as("plan check of %s", op.id())
          .isTrue();
    }
  }

  @Test
  @DisplayName("Bias, its gradient and the activation stand in the same plan as the products")
  void biasAndItsGradient() {
    for (Case t : cases()) {
      try (PlanCheck c = new PlanCheck(70 + t.outputs())) {
        Node x = c.normal(t.image());
        Node w = c.parameter(weight(t));
        Node bias = c.parameter(t.outputs());
        Node y =
            c.graph.relu(
                c.graph.add(Convolutions.conv(c.graph, x, w, t.window(), t.groups()), bias));
        Map<Node, Node> gradients = gradients(c, y, x, w, bias);
        int terms = (int) Math.max(y.shape().size() / t.outputs(), w.shape().size());
        c.agree(provider, terms, y, gradients.get(x), gradients.get(w), gradients.get(bias));
      }
    }
  }

  private static Map<Node, Node> gradients(PlanCheck c, Node y, Node... wrt) {
    Node weight = c.normal(y.shape().dims());
    Node scalar = c.graph.reduceSum(c.graph.mul(y, weight));
    return Gradients.reverse(c.graph, scalar, List.of(wrt));
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
}
