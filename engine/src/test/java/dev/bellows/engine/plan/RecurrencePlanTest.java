package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.graph.Gradients;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.graph.OpFamily;
import dev.bellows.engine.graph.ProductRounding;
import dev.bellows.engine.graph.Recurrences;
import dev.bellows.engine.graph.RecurrentCell;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.kernel.reference.ReferenceExecutor;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Memory;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Recurrent layers by one provider's kernels against the double-precision reference. */
abstract class RecurrencePlanTest {
  /** Rows, steps, units: around the tiles of the kernels (rows by 6 and 48, units by 8, 16, 64). */
  private static final int[][] SIZES = {
    {1, 1, 1}, {3, 2, 5}, {7, 3, 16}, {5, 4, 17}, {13, 2, 33}, {2, 3, 64}, {50, 2, 65}, {6, 2, 150}
  };

  private final KernelProvider provider = KernelProvider.choose(preference());
  private final Set<Op> planned = EnumSet.noneOf(Op.class);
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

  private void check(
      RecurrentCell cell, int[] size, boolean reverse, boolean last, boolean ragged) {
    int rows = size[0];
    int steps = size[1];
    int units = size[2];
    try (PlanCheck c = new PlanCheck(31L * rows + units)) {
      Node x = c.normal(rows, steps, cell.gates() * units);
      // Weights of about 1 / sqrt(H): the products keep their size, as in a layer that trains.
      Node weights = c.graph.mul(c.normal(units, cell.gates() * units), 1 / Math.sqrt(units));
      Node state = c.normal(cell.states() * rows, units);
      Node bias = cell.hasCandidateBias() ? c.normal(units) : null;
      Node lengths = ragged ? c.ints(steps + 1, rows) : null;
      Node y =
          last
              ? Recurrences.outputsAndState(
                  c.graph, cell, x, weights, state, bias, lengths, reverse)
              : Recurrences.outputs(c.graph, cell, x, weights, state, bias, lengths, reverse);
      Node scalar = c.graph.reduceSum(c.graph.mul(y, c.normal(y.shape().dims())));
      List<Node> wrt = y.inputs().stream().filter(n -> n.dtype() != DType.INT32).toList();
      Map<Node, Node> gradients = Gradients.reverse(c.graph, scalar, wrt);
      List<Node> outputs = new ArrayList<>(List.of(y));
      outputs.addAll(gradients.values());
      c.graph.nodes().forEach(n -> planned.add(n.op()));
      c.agree(provider, 4 * units * steps + rows * steps, outputs.toArray(Node[]::new));
      // Each alone, so that nothing is computed in pairs.
      c.agree(provider, 4 * units * steps + rows * steps, y);
      c.agree(provider, 4 * units * steps + rows * steps, gradients.get(state));
    }
  }

  @Test
  void everyCellAtAwkwardSizes() {
    for (RecurrentCell cell : RecurrentCell.values()) {
      for (int[] size : SIZES) {
        boolean odd = size[2] % 2 == 1;
        check(cell, size, odd, !odd, size[0] % 2 == 1);
      }
    }
    Set<Op> family = EnumSet.noneOf(Op.class);
    for (Op op : Op.values()) {
      if (op.family() == OpFamily.RECURRENCE) {
        family.add(op);
      }
    }
    assertThat(planned).as("every op of the family was planned").containsAll(family);
  }

  @Test
  void everyCombinationOfOptions() {
    for (RecurrentCell cell : RecurrentCell.values()) {
      for (int options = 0; options < 8; options++) {
        check(
            cell, new int[] {8, 5, 19}, (options & 1) != 0, (options & 2) != 0, (options & 4) != 0);
      }
    }
  }

  /**
   * A first step's left operand is the given state, so that plan and reference round the same
   * numbers and only the rounding of float32 sums is left; so it is for the gradient of a step
   * without a gate.
   */
  @Test
  void productsOfRoundedOperandsAreThoseOfTheRoundedReference() {
    for (RecurrentCell cell : List.of(RecurrentCell.RELU, RecurrentCell.LSTM, RecurrentCell.GRU)) {
      for (int[] size : SIZES) {
        try (PlanCheck c = new PlanCheck(size[2])) {
          Node x = c.normal(size[0], 1, cell.gates() * size[2]);
          Node weights = c.normal(size[2], cell.gates() * size[2]);
          Node state = c.normal(cell.states() * size[0], size[2]);
          Node bias = cell.hasCandidateBias() ? c.normal(size[2]) : null;
          Node y = Recurrences.outputs(c.graph, cell, x, weights, state, bias, null, false);
          Node scalar = c.graph.reduceSum(c.graph.mul(y, c.normal(y.shape().dims())));
          Node back = Gradients.reverse(c.graph, scalar, List.of(state)).get(state);
          double tight = 1e-5 * Math.max(4, Math.sqrt(size[2]));
          mixed(c, y, tight, size[2] > 4);
          mixed(c, back, cell == RecurrentCell.RELU ? tight : 0.02 * Math.sqrt(size[2]), false);
        }
      }
    }
  }

  /** Later states may be rounded another way where they lie near the middle of two bfloat16. */
  @Test
  void roundedSequencesStayNearTheRoundedReference() {
    for (RecurrentCell cell : RecurrentCell.values()) {
      for (int options = 0; options < 8; options++) {
        try (PlanCheck c = new PlanCheck(options)) {
          int rows = 35 + options;
          int units = 19 + 12 * options;
          Node x = c.normal(rows, 5, cell.gates() * units);
          Node weights = c.graph.mul(c.normal(units, cell.gates() * units), 1 / Math.sqrt(units));
          Node state = c.normal(cell.states() * rows, units);
          Node bias = cell.hasCandidateBias() ? c.normal(units) : null;
          Node lengths = (options & 4) != 0 ? c.ints(6, rows) : null;
          boolean reverse = (options & 1) != 0;
          Node y =
              Recurrences.outputsAndState(c.graph, cell, x, weights, state, bias, lengths, reverse);
          Node scalar = c.graph.reduceSum(c.graph.mul(y, c.normal(y.shape().dims())));
          Map<Node, Node> gradients =
              Gradients.reverse(c.graph, scalar, List.of(x, weights, state));
          mixed(c, y, 0.02, false);
          for (Node gradient : gradients.values()) {
            mixed(c, gradient, 0.02, false);
          }
        }
      }
    }
  }

  /**
   * Compares a plan of rounded operands with the reference of the rounded graph.
   *
   * @param tolerance of a value, in parts of the largest one
   * @param moved whether the rounding must show: the exact reference is further away
   */
  private void mixed(PlanCheck c, Node output, double tolerance, boolean moved) {
    ProductRounding rounding = ProductRounding.of(c.graph);
    ReferenceExecutor reference = new ReferenceExecutor(rounding.graph());
    for (Node node : c.graph.nodes()) {
      if (node.op() == Op.INPUT) {
        reference.bind(rounding.copy(node), c.reference.value(node));
      }
    }
    double[] expected = reference.value(rounding.copy(output));
    double[] exact = c.reference.value(output);
    float[] found = c.run(provider, PlanOptions.MIXED, false, output).get(output);
    double largest = 1;
    for (double value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    double worst = 0;
    double shift = 0;
    for (int i = 0; i < found.length; i++) {
      worst = Math.max(worst, Math.abs(found[i] - expected[i]));
      shift = Math.max(shift, Math.abs(exact[i] - expected[i]));
    }
    assertThat(worst).as("%s", output).isLessThan(tolerance * largest);
    if (moved) {
      assertThat(shift).as("rounding of %s", output).isGreaterThan(2 * tolerance * largest);
    }
  }

  @Test
  void outputsAndFinalStateComeApart() {
    try (PlanCheck c = new PlanCheck(5)) {
      Node x = c.normal(4, 3, 28);
      Node packed =
          Recurrences.outputsAndState(
              c.graph,
              RecurrentCell.LSTM,
              x,
              c.normal(7, 28),
              c.normal(8, 7),
              null,
              c.ints(4, 4),
              false);
      c.agree(
          provider,
          28,
          Recurrences.outputsOf(c.graph, packed),
          Recurrences.finalStateOf(c.graph, packed));
    }
  }

  @Test
  void outputsAndTraceAreOnePass() {
    try (PlanCheck c = new PlanCheck(5)) {
      Node x = c.normal(4, 3, 28);
      Node weights = c.normal(7, 28);
      Node y =
          Recurrences.outputs(
              c.graph, RecurrentCell.LSTM, x, weights, c.normal(8, 7), null, null, false);
      Node scalar = c.graph.reduceSum(c.graph.mul(y, y));
      Map<Node, Node> gradients = Gradients.reverse(c.graph, scalar, List.of(x, weights));
      List<Step> steps =
          Fusion.steps(c.graph, List.of(scalar, gradients.get(x), gradients.get(weights)), true);
      assertThat(steps.stream().filter(s -> s.kind() == StepKind.RECURRENT_PAIR)).hasSize(1);
      assertThat(steps.stream().filter(s -> s.main().op() == Op.RECURRENT_GRAD)).hasSize(1);
    }
  }
}
