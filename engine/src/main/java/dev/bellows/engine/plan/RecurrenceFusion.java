package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A recurrent layer's outputs and its trace come from one pass, and so do the two gradients of its
 * backward pass.
 */
final class RecurrenceFusion {
  private RecurrenceFusion() {}

  /**
   * The pair that {@code later} is the second of, or null.
   *
   * @param open whether a node is needed and not yet part of a step
   */
  static @Nullable Step pair(Graph graph, Node later, Predicate<Node> open) {
    boolean forward = later.op() == Op.RECURRENT || later.op() == Op.RECURRENT_TRACE;
    for (Node earlier : graph.nodes().subList(0, later.id())) {
      boolean partner =
          earlier.op() != later.op()
              && (earlier.op() == Op.RECURRENT || earlier.op() == Op.RECURRENT_TRACE) == forward
              && earlier.op().family() == later.op().family();
      if (partner
          && open.test(earlier)
          && earlier.inputs().equals(later.inputs())
          && earlier.attributes().toString().equals(later.attributes().toString())) {
        List<Node> both = List.of(earlier, later);
        return new Step(StepKind.RECURRENT_PAIR, earlier, both, both);
      }
    }
    return null;
  }
}
