package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.kernel.NormShape;
import java.util.List;
import java.util.function.ToLongFunction;

/** Binds layer, group and instance normalisation. */
final class NormalisationLowering {
  private NormalisationLowering() {}

  static KernelCall bind(Kernels kernels, Node node, ToLongFunction<Node> at) {
    long y = at.applyAsLong(node);
    long first = at.applyAsLong(node.input(0));
    long second = at.applyAsLong(node.input(1));
    float epsilon = (float) node.attributes().number("epsilon");
    return switch (node.op()) {
      case GROUP_NORM ->
          kernels
              .normalisation()
              .bindGroupNorm(shape(node), epsilon, first, second, at.applyAsLong(node.input(2)), y);
      case GROUP_NORM_GRAD ->
          kernels
              .normalisation()
              .bindGroupNormGrad(
                  shape(node), epsilon, first, second, at.applyAsLong(node.input(2)), y, 0, 0);
      case GROUP_NORM_GRAD_SCALE ->
          kernels
              .normalisation()
              .bindGroupNormGrad(shape(node), epsilon, first, second, 0, 0, y, 0);
      default ->
          throw new IllegalStateException(
              "no kernel for op " + node.op().id() + " of node " + node);
    };
  }

  /** The GROUP_NORM_GRAD that stands first and the gradients of scale and shift in one call. */
  static KernelCall bindGradients(Kernels kernels, List<Node> gradients, ToLongFunction<Node> at) {
    Node dx = gradients.get(0);
    long dscale = 0;
    long dshift = 0;
    for (Node other : gradients.subList(1, gradients.size())) {
      if (other.op() == Op.GROUP_NORM_GRAD_SCALE) {
        dscale = at.applyAsLong(other);
      } else {
        dshift = at.applyAsLong(other);
      }
    }
    return kernels
        .normalisation()
        .bindGroupNormGrad(
            shape(dx),
            (float) dx.attributes().number("epsilon"),
            at.applyAsLong(dx.input(0)),
            at.applyAsLong(dx.input(1)),
            at.applyAsLong(dx.input(2)),
            at.applyAsLong(dx),
            dscale,
            dshift);
  }

  /** The shape of what is normalised. */
  static NormShape shape(Node node) {
    Node x = node.input(node.op() == Op.GROUP_NORM ? 0 : 1);
    int rows = node.attributes().integer("rows");
    int groups = node.attributes().integer("groups");
    int channels = x.shape().dim(-1);
    long places = x.shape().size() / ((long) rows * channels);
    return new NormShape(rows, Math.toIntExact(places), groups, channels / groups);
  }
}
