package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.graph.Recurrences;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.kernel.RecurrentShape;
import java.util.List;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** Binds: recurrent layers over a whole sequence. */
final class RecurrenceLowering {
  private RecurrenceLowering() {}

  static KernelCall bind(Kernels kernels, Node node, ToLongFunction<Node> at) {
    return bind(kernels, List.of(node), at);
  }

  /** One call for one node, or for the two of a pair (see {@link RecurrenceFusion}). */
  static KernelCall bind(Kernels kernels, List<Node> results, ToLongFunction<Node> at) {
    Node any = results.get(0);
    int first = Recurrences.firstInput(any);
    RecurrentShape shape = shape(any);
    long weights = at.applyAsLong(any.input(first + 1));
    long lengths = address(Recurrences.lengths(any), at);
    if (first == 0) {
      return kernels
          .recurrence()
          .bindForward(
              shape,
              at.applyAsLong(any.input(0)),
              weights,
              at.applyAsLong(any.input(2)),
              address(Recurrences.candidateBias(any), at),
              lengths,
              of(Op.RECURRENT, results, at),
              of(Op.RECURRENT_TRACE, results, at));
    }
    return kernels
        .recurrence()
        .bindBackward(
            shape,
            at.applyAsLong(any.input(0)),
            at.applyAsLong(any.input(1)),
            weights,
            lengths,
            of(Op.RECURRENT_GRAD, results, at),
            of(Op.RECURRENT_STATE_GRAD, results, at));
  }

  static RecurrentShape shape(Node node) {
    Node x = node.input(Recurrences.firstInput(node));
    int units = node.input(Recurrences.firstInput(node) + 1).shape().dim(0);
    return new RecurrentShape(
        Recurrences.cell(node),
        x.shape().dim(0),
        x.shape().dim(1),
        units,
        node.attributes().flag("reverse"),
        Recurrences.hasFinalState(node),
        node.input(Recurrences.firstInput(node) + 1).dtype());
  }

  private static long of(Op op, List<Node> results, ToLongFunction<Node> at) {
    for (Node result : results) {
      if (result.op() == op) {
        return at.applyAsLong(result);
      }
    }
    return 0;
  }

  private static long address(@Nullable Node node, ToLongFunction<Node> at) {
    return node == null ? 0 : at.applyAsLong(node);
  }
}
