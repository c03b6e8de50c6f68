package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.kernel.Alignment.CtcShape;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Kernels;
import java.util.function.ToLongFunction;

/** Binds: losses over alignments of sequences (CTC). */
final class AlignmentLowering {
  private AlignmentLowering() {}

  static KernelCall bind(Kernels kernels, Node node, ToLongFunction<Node> at) {
    int first = node.op() == Op.CTC_GRAD ? 1 : 0;
    Node x = node.input(first);
    CtcShape shape =
        new CtcShape(
            x.shape().dim(0),
            x.shape().dim(1),
            x.shape().dim(2),
            node.input(first + 1).shape().dim(1),
            node.attributes().integer("blank"));
    long labels = at.applyAsLong(node.input(first + 1));
    long lengths = at.applyAsLong(node.input(first + 2));
    long counts = at.applyAsLong(node.input(first + 3));
    long result = at.applyAsLong(node);
    return switch (node.op()) {
      case CTC ->
          kernels.alignment().bindCtc(shape, at.applyAsLong(x), labels, lengths, counts, result);
      case CTC_GRAD ->
          kernels
              .alignment()
              .bindCtcGrad(
                  shape,
                  at.applyAsLong(node.input(0)),
                  at.applyAsLong(x),
                  labels,
                  lengths,
                  counts,
                  result);
      default ->
          throw new IllegalStateException(
              "no kernel for op " + node.op().id() + " of node " + node);
    };
  }
}
