package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.nn.NetworkGraph;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Memory;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds the first value that is not a number or infinite: computes the same rows once more with
 * every op on its own and every value kept, and looks at them in order.
 */
final class NonFinite {
  private final NetworkGraph network;
  private final Kernels kernels;
  private final Map<Node, Long> sources;

  NonFinite(NetworkGraph network, Kernels kernels, Map<Node, Long> sources) {
    this.network = network;
    this.kernels = kernels;
    this.sources = sources;
  }

  /**
   * For example {@code layer1.dense.matmul [32, 10] (matmul, forward) has NaN at [3, 7]}; "" when
   * all is finite.
   */
  String first(PlanOptions options, long seed, long step, int slice) {
    Map<Node, Long> outputs = new LinkedHashMap<>();
    for (Node node : network.graph().nodes()) {
      if (node.dtype() == DType.FLOAT32 && !isInput(node.op())) {
        outputs.put(node, 0L);
      }
    }
    PlanOptions apart = new PlanOptions(false, false, options.products());
    try (GraphPlan plan = GraphPlan.compile(network.graph(), sources, outputs, kernels, apart)) {
      plan.setDropout(seed, step, slice);
      plan.run();
      for (Node node : network.graph().nodes()) {
        Long source = sources.get(node);
        if (node.dtype() == DType.FLOAT32 && source != null && node.op() != Op.SPARSE_INPUT) {
          String found = at(node, source);
          if (found != null) {
            return node + (node.op() == Op.INPUT ? " (input)" : " (parameter)") + found;
          }
        }
        if (outputs.containsKey(node)) {
          String found = at(node, plan.address(node));
          if (found != null) {
            return node + " (" + node.op().id() + ", " + phase(node) + ")" + found;
          }
        }
      }
      return "";
    }
  }

  private static boolean isInput(Op op) {
    return op == Op.INPUT || op == Op.SPARSE_INPUT || op == Op.PARAMETER || op == Op.CONSTANT;
  }

  private String phase(Node node) {
    for (NetworkGraph.Layer layer : network.layers()) {
      if (layer.nodes().contains(node)) {
        return "forward of " + layer.name();
      }
    }
    return node.id() <= network.loss().id() ? "loss" : "gradient";
  }

  private @Nullable String at(Node node, long address) {
    long size = node.shape().size();
    if (kernels.reduce().allFinite(address, size)) {
      return null;
    }
    for (long i = 0; i < size; i++) {
      float value = Memory.getFloat(address + 4 * i);
      if (!Float.isFinite(value)) {
        return " has " + value + " at " + index(node, i);
      }
    }
    return null;
  }

  private static String index(Node node, long flat) {
    long[] place = new long[node.shape().rank()];
    long rest = flat;
    for (int i = place.length - 1; i >= 0; i--) {
      place[i] = rest % node.shape().dim(i);
      rest /= node.shape().dim(i);
    }
    return java.util.Arrays.toString(place);
  }
}
