package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Attributes;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.kernel.Attention.Operands;
import dev.bellows.engine.kernel.AttentionShape;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Kernels;
import java.util.List;
import java.util.function.ToLongFunction;

/** Binds attention. */
final class AttentionLowering {
  private AttentionLowering() {}

  static KernelCall bind(Kernels kernels, Node node, ToLongFunction<Node> at) {
    long result = at.applyAsLong(node);
    return switch (node.op()) {
      case ATTENTION ->
          kernels
              .attention()
              .bind(shape(node), separate(node, 0, at), lengths(node, 3, at), result);
      case SELF_ATTENTION ->
          kernels
              .attention()
              .bind(shape(node), packed(node, node.input(0), at), lengths(node, 1, at), result);
      case ATTENTION_GRAD -> bindGradients(kernels, List.of(node), at);
      case SELF_ATTENTION_GRAD ->
          kernels
              .attention()
              .bindGradients(
                  shape(node),
                  packed(node, node.input(1), at),
                  lengths(node, 2, at),
                  at.applyAsLong(node.input(0)),
                  packed(node, node, at));
      default ->
          throw new IllegalStateException(
              "no kernel for op " + node.op().id() + " of node " + node);
    };
  }

  /** Up to three ATTENTION_GRAD of one attention in one call. */
  static KernelCall bindGradients(Kernels kernels, List<Node> gradients, ToLongFunction<Node> at) {
    long[] out = new long[3];
    for (Node gradient : gradients) {
      out[gradient.attributes().integer("of")] = at.applyAsLong(gradient);
    }
    Node node = gradients.get(0);
    Operands in = separate(node, 1, at);
    return kernels
        .attention()
        .bindGradients(
            shape(node),
            in,
            lengths(node, 4, at),
            at.applyAsLong(node.input(0)),
            new Operands(out[0], in.qStride(), out[1], in.kStride(), out[2], in.vStride()));
  }

  private static Operands separate(Node node, int first, ToLongFunction<Node> at) {
    Node q = node.input(first);
    Node k = node.input(first + 1);
    Node v = node.input(first + 2);
    return new Operands(
        at.applyAsLong(q),
        q.shape().dim(2),
        at.applyAsLong(k),
        k.shape().dim(2),
        at.applyAsLong(v),
        v.shape().dim(2));
  }

  private static Operands packed(Node node, Node qkv, ToLongFunction<Node> at) {
    int stride = qkv.shape().dim(2);
    long address = at.applyAsLong(qkv);
    long third = 4L * (stride / 3);
    return new Operands(address, stride, address + third, stride, address + 2 * third, stride);
  }

  private static long lengths(Node node, int input, ToLongFunction<Node> at) {
    return node.inputs().size() > input ? at.applyAsLong(node.input(input)) : 0;
  }

  /** The shape of an attention or of its gradient. */
  static AttentionShape shape(Node node) {
    boolean self = node.op() == Op.SELF_ATTENTION || node.op() == Op.SELF_ATTENTION_GRAD;
    boolean forward = node.op() == Op.ATTENTION || node.op() == Op.SELF_ATTENTION;
    Node q = node.input(forward ? 0 : 1);
    Node k = self ? q : node.input(forward ? 1 : 2);
    Node v = self ? q : node.input(forward ? 2 : 3);
    int parts = self ? 3 : 1;
    Attributes at = node.attributes();
    int heads = at.integer("heads");
    return new AttentionShape(
        q.shape().dim(0),
        q.shape().dim(1),
        k.shape().dim(1),
        heads,
        q.shape().dim(2) / parts / heads,
        v.shape().dim(2) / parts / heads,
        at.flag("causal"),
        (float) at.number("scale"));
  }
}
