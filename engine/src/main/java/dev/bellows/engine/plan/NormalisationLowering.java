package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.kernel.NormShape;
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
