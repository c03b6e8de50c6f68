package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Attributes;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.graph.Windows;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.kernel.PoolShape;
import dev.bellows.engine.kernel.Pooling;
import dev.bellows.engine.kernel.ResizeShape;
import dev.bellows.engine.kernel.RoiShape;
import dev.bellows.engine.tensor.Shape;
import java.util.Arrays;
import java.util.function.ToLongFunction;

/** Binds: pooling, unpooling, regions of interest and resampling over the spatial axes. */
final class PoolingLowering {
  private PoolingLowering() {}

  static KernelCall bind(Kernels kernels, Node node, ToLongFunction<Node> at) {
    Pooling pooling = kernels.pooling();
    Attributes a = node.attributes();
    Shape in = node.input(0).shape();
    long x = at.applyAsLong(node.input(0));
    long y = at.applyAsLong(node);
    return switch (node.op()) {
      case MAX_POOL -> pooling.bindMax(new PoolShape(in, Windows.of(node)), false, x, y, 0);
      case MAX_POOL_INDEX -> pooling.bindMax(new PoolShape(in, Windows.of(node)), false, x, 0, y);
      case POOL_TAKE -> {
        long index = at.applyAsLong(node.input(1));
        yield pooling.bindTake(
            in.dim(0), pixels(in), pixels(node.shape()), in.dim(-1), x, index, y);
      }
      case POOL_PUT -> put(pooling, node, at);
      case AVERAGE_POOL ->
          pooling.bindAverage(new PoolShape(in, Windows.of(node)), a.flag("padded"), x, y);
      case AVERAGE_POOL_GRAD ->
          pooling.bindAverageGrad(
              new PoolShape(node.shape(), Windows.of(node)), a.flag("padded"), x, y);
      case RESIZE ->
          pooling.bindResize(
              new ResizeShape(in, node.shape(), a.flag("linear"), a.flag("aligned")), x, y);
      case RESIZE_GRAD ->
          pooling.bindResizeGrad(
              new ResizeShape(node.shape(), in, a.flag("linear"), a.flag("aligned")), x, y);
      case ROI_ALIGN ->
          pooling.bindRoiAlign(regions(in, node.shape(), a), x, at.applyAsLong(node.input(1)), y);
      case ROI_ALIGN_GRAD ->
          pooling.bindRoiAlignGrad(
              regions(node.shape(), in, a), x, at.applyAsLong(node.input(1)), y);
      case ROI_POOL_INDEX ->
          pooling.bindRoiPoolIndex(
              new RoiShape(in, node.shape(), 0, a.number("scale"), false),
              x,
              at.applyAsLong(node.input(1)),
              y);
      case CHANNEL_WINDOW_SUM ->
          pooling.bindChannelSum(Lowering.rows(node.input(0)), in.dim(-1), a.integer("half"), x, y);
      default ->
          throw new IllegalStateException(
              "no kernel for op " + node.op().id() + " of node " + node);
    };
  }

  /** An index of windows that tile the input names each position once: nothing to add up. */
  private static KernelCall put(Pooling pooling, Node node, ToLongFunction<Node> at) {
    Node index = node.input(1);
    long dy = at.applyAsLong(node.input(0));
    long places = at.applyAsLong(index);
    long dx = at.applyAsLong(node);
    if (tiles(node)) {
      PoolShape shape = new PoolShape(node.shape(), Windows.of(index));
      return pooling.bindMaxGrad(shape, dy, places, 0, dx);
    }
    Shape image = node.shape();
    return pooling.bindPut(
        image.dim(0), pixels(image), pixels(index.shape()), image.dim(-1), dy, places, dx);
  }

  /** Whether a POOL_PUT puts back what windows took that tile the image. */
  static boolean tiles(Node put) {
    Node index = put.input(1);
    if (index.op() != Op.MAX_POOL_INDEX || !index.input(0).shape().equals(put.shape())) {
      return false;
    }
    int[] dims = put.shape().dims();
    int[] spatial = Arrays.copyOfRange(dims, 1, dims.length - 1);
    return Windows.of(index).tiles(spatial);
  }

  private static RoiShape regions(Shape image, Shape bins, Attributes a) {
    return new RoiShape(image, bins, a.integer("samples"), a.number("scale"), a.flag("half_pixel"));
  }

  private static int pixels(Shape image) {
    return (int) (image.size() / image.dim(0) / image.dim(-1));
  }
}
