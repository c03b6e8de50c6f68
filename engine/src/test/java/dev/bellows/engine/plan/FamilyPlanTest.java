package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.graph.Gradients;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.graph.OpFamily;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.tensor.Memory;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * What the tests of a family of ops share: values and gradients of a plan against the reference.
 */
abstract class FamilyPlanTest {
  final KernelProvider provider = KernelProvider.choose(preference());
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

  /**
   * Checks y and the gradients of sum(y random).
   *
   * @param terms longest sum behind a value
   */
  void agree(PlanCheck c, int terms, Node y, Node... wrt) {
    Node weight = c.normal(y.shape().dims());
    Node scalar = c.graph.reduceSum(c.graph.mul(y, weight));
    Map<Node, Node> gradients = Gradients.reverse(c.graph, scalar, List.of(wrt));
    Node[] outputs = new Node[1 + wrt.length];
    outputs[0] = y;
    for (int i = 0; i < wrt.length; i++) {
      outputs[1 + i] = gradients.get(wrt[i]);
    }
    c.agree(provider, terms, outputs);
    c.graph.nodes().forEach(node -> checked.add(node.op()));
  }

  /** Every op of the family was in a graph that was checked. */
  void all(OpFamily family) {
    all(op -> op.family() == family);
  }

  void all(Predicate<Op> which) {
    for (Op op : Op.values()) {
      if (which.test(op)) {
        assertThat(checked).as("a plan with %s", op.id()).contains(op);
      }
    }
  }
}
