package dev.bellows.engine.graph;

import dev.bellows.engine.tensor.Shape;

/** How much a node computes, from shapes alone. */
public final class Work {
  private Work() {}

  /**
   * Multiply-adds of the products of a node: matrix products, convolutions, attention, recurrence.
   * A multiply-add is two floating-point operations. Everything else counts 0: its time is that of
   * moving its bytes.
   */
  public static long multiplyAdds(Node n) {
    return switch (n.op()) {
      case MATMUL -> {
        Shape a = n.input(0).shape();
        yield n.shape().size() * a.dim(n.attributes().flag("transA") ? 0 : 1);
      }
      case BATCH_MATMUL -> {
        Shape a = n.input(0).shape();
        yield n.shape().size() * a.dim(n.attributes().flag("transA") ? -2 : -1);
      }
      // A weight [kernel..., C / groups, O] is used once per output position and channel.
      case CONV -> n.shape().size() * weightsPerOutput(n.input(1));
      case CONV_GRAD_INPUT -> n.input(0).shape().size() * weightsPerOutput(n.input(1));
      case CONV_GRAD_WEIGHT -> n.input(1).shape().size() * weightsPerOutput(n);
      // Scores Q K and their product with V, for every query and key.
      case ATTENTION ->
          (long) n.input(1).shape().dim(1) * (n.input(0).shape().size() + n.shape().size());
      case SELF_ATTENTION -> 2L * n.shape().dim(1) * n.shape().size();
      // The state [H] times weights [H, G H] at every step; the input's product is its own node.
      case RECURRENT -> {
        Shape x = n.input(0).shape();
        yield (long) x.dim(0) * x.dim(1) * n.input(1).shape().size();
      }
      default -> 0;
    };
  }

  private static long weightsPerOutput(Node weight) {
    return weight.shape().size() / weight.shape().dim(-1);
  }

  /** Bytes of the value of a node. */
  public static long bytes(Node n) {
    return n.shape().size() * n.dtype().bytes();
  }
}
