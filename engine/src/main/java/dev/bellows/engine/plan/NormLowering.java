package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Attributes;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.kernel.Norm;
import dev.bellows.engine.kernel.Reduce;
import java.util.function.ToLongFunction;

/** Binds the ops that work along rows or columns as a whole. */
final class NormLowering {
  private NormLowering() {}

  static KernelCall bind(Kernels kernels, Node node, ToLongFunction<Node> at) {
    Norm norm = kernels.norm();
    Reduce reduce = kernels.reduce();
    Attributes attributes = node.attributes();
    Node first = node.input(0);
    int rows = Lowering.rows(first);
    int cols = Lowering.cols(first);
    long x = at.applyAsLong(first);
    long y = at.applyAsLong(node);
    return switch (node.op()) {
      case REDUCE_MAX -> reduce.bindRowMax(rows, cols, x, y);
      case ARGMAX -> reduce.bindRowArgmax(rows, cols, x, y);
      case SOFTMAX -> norm.bindSoftmax(rows, cols, (float) attributes.number("temperature"), x, y);
      case SOFTMAX_GRAD ->
          norm.bindSoftmaxGrad(
              rows,
              cols,
              (float) attributes.number("temperature"),
              x,
              at.applyAsLong(node.input(1)),
              y);
      case LOG_SOFTMAX -> norm.bindLogSoftmax(rows, cols, x, y);
      case BATCH_MEAN -> norm.bindBatchMean(rows, cols, x, y);
      case BATCH_VARIANCE -> norm.bindBatchVariance(rows, cols, x, y);
      case BATCH_NORM ->
          norm.bindBatchNorm(
              rows,
              cols,
              (float) attributes.number("epsilon"),
              x,
              at.applyAsLong(node.input(1)),
              at.applyAsLong(node.input(2)),
              at.applyAsLong(node.input(3)),
              at.applyAsLong(node.input(4)),
              y);
      case BATCH_NORM_GRAD ->
          norm.bindBatchNormGrad(
              attributes.flag("training"),
              rows,
              cols,
              (float) attributes.number("epsilon"),
              x,
              at.applyAsLong(node.input(1)),
              at.applyAsLong(node.input(2)),
              at.applyAsLong(node.input(3)),
              at.applyAsLong(node.input(4)),
              y);
      case BATCH_NORM_GRAD_SCALE ->
          norm.bindBatchNormGradScale(
              rows,
              cols,
              (float) attributes.number("epsilon"),
              x,
              at.applyAsLong(node.input(1)),
              at.applyAsLong(node.input(2)),
              at.applyAsLong(node.input(3)),
              y);
      default ->
          throw new IllegalStateException(
              "no kernel for op " + node.op().id() + " of node " + node);
    };
  }
}
