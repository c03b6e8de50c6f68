package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Kernels;
import java.util.function.ToLongFunction;

/** Binds: pooling, unpooling, regions of interest and resampling over the spatial axes. */
final class PoolingLowering {
  private PoolingLowering() {}

  static KernelCall bind(Kernels kernels, Node node, ToLongFunction<Node> at) {
    throw new IllegalStateException("no kernel for op " + node.op().id() + " of node " + node);
  }
}
