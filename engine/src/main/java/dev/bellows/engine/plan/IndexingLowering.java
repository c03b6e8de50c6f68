package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Attributes;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.kernel.BatchGemmShape;
import dev.bellows.engine.kernel.Indexing;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.kernel.PadShape;
import dev.bellows.engine.kernel.PermuteShape;
import dev.bellows.engine.kernel.SliceShape;
import dev.bellows.engine.tensor.Shape;
import java.util.function.ToLongFunction;

/**
 * Binds: moving elements: permutation, padding, gathering, scattering, one-hot, batched products.
 */
final class IndexingLowering {
  private IndexingLowering() {}

  static KernelCall bind(Kernels kernels, Node node, ToLongFunction<Node> at) {
    Indexing indexing = kernels.indexing();
    Attributes attributes = node.attributes();
    Node first = node.input(0);
    Shape shape = first.shape();
    long x = at.applyAsLong(first);
    long y = at.applyAsLong(node);
    return switch (node.op()) {
      case PERMUTE ->
          indexing.bindPermute(PermuteShape.of(shape, attributes.integers("axes")), x, y);
      case PAD -> indexing.bindPad(pad(node, shape), (float) attributes.number("value"), x, y);
      case UNPAD -> indexing.bindUnpad(pad(node, node.shape()), x, y);
      case GATHER -> indexing.bindGather(slices(node), x, at.applyAsLong(node.input(1)), y);
      case SCATTER_ADD ->
          indexing.bindScatterAdd(slices(node), x, at.applyAsLong(node.input(1)), y);
      case ONE_HOT -> indexing.bindOneHot((int) shape.size(), attributes.integer("depth"), x, y);
      case BATCH_MATMUL ->
          kernels.gemm().bindBatch(batchGemm(node), x, at.applyAsLong(node.input(1)), y);
      case CUMULATIVE_SUM -> {
        int axis = attributes.integer("axis");
        yield indexing.bindCumulativeSum(
            outer(shape, axis),
            shape.dim(axis),
            inner(shape, axis),
            attributes.flag("exclusive"),
            attributes.flag("reverse"),
            x,
            y);
      }
      case SELECT ->
          indexing.bindSelect(
              shape.size(), x, at.applyAsLong(node.input(1)), at.applyAsLong(node.input(2)), y);
      case REVERSE_SEQUENCE ->
          indexing.bindReverseSequence(
              shape.dim(0), shape.dim(1), inner(shape, 1), x, at.applyAsLong(node.input(1)), y);
      case SEQUENCE_MASK ->
          indexing.bindSequenceMask(node.shape().dim(0), node.shape().dim(1), x, y);
      case WINDOW_PLACES ->
          indexing.bindWindowPlaces(
              shape.dim(0),
              shape.dim(1),
              attributes.integer("size"),
              attributes.integer("reach"),
              x,
              y);
      default ->
          throw new IllegalStateException(
              "no kernel for op " + node.op().id() + " of node " + node);
    };
  }

  private static PadShape pad(Node node, Shape inner) {
    Attributes at = node.attributes();
    return PadShape.of(
        inner.dims(), at.integers("before"), at.integers("after"), at.integer("mode"));
  }

  private static SliceShape slices(Node node) {
    Shape whole = node.op() == Op.GATHER ? node.input(0).shape() : node.shape();
    int axis = node.attributes().integer("axis");
    return new SliceShape(
        outer(whole, axis),
        whole.dim(axis),
        inner(whole, axis),
        (int) node.input(1).shape().size());
  }

  /** The shape of a BATCH_MATMUL. */
  static BatchGemmShape batchGemm(Node node) {
    return BatchGemmShape.of(
        node.input(0).shape(),
        node.input(1).shape(),
        node.attributes().flag("transA"),
        node.attributes().flag("transB"),
        node.input(0).dtype());
  }

  private static int outer(Shape shape, int axis) {
    int outer = 1;
    for (int i = 0; i < axis; i++) {
      outer *= shape.dim(i);
    }
    return outer;
  }

  private static int inner(Shape shape, int axis) {
    int inner = 1;
    for (int i = axis + 1; i < shape.rank(); i++) {
      inner *= shape.dim(i);
    }
    return inner;
  }
}
