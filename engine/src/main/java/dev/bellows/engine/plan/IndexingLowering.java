package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Kernels;
import java.util.function.ToLongFunction;

/**
 * Binds: moving elements: permutation, padding, gathering, scattering, one-hot, batched products.
 */
final class IndexingLowering {
  private IndexingLowering() {}

  static KernelCall bind(Kernels kernels, Node node, ToLongFunction<Node> at) {
    throw new IllegalStateException("no kernel for op " + node.op().id() + " of node " + node);
  }
}
