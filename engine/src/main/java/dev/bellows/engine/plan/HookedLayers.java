package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Gradients;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.nn.Mode;
import dev.bellows.engine.nn.NetworkGraph;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Memory;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The nodes that hooks are shown; they are outputs of a plan of its own. */
final class HookedLayers {
  private record Hooked(String name, Node output, @Nullable Node gradient) {}

  private final List<Hooked> layers = new ArrayList<>();

  /** Adds gradients to the graph and what hooks need to the outputs. */
  HookedLayers(NetworkGraph network, Map<Node, Long> outputs) {
    List<NetworkGraph.Layer> shown = new ArrayList<>();
    Set<Node> differentiable = new HashSet<>();
    for (NetworkGraph.Layer layer : network.layers()) {
      if (layer.output().dtype() == DType.FLOAT32) {
        shown.add(layer);
        if (layer.nodes().contains(layer.output())) { // else it is the output of another layer
          differentiable.add(layer.output());
        }
      }
    }
    Map<Node, Node> gradients =
        network.mode() == Mode.TRAIN
            ? Gradients.reverse(network.graph(), network.loss(), List.copyOf(differentiable))
            : Map.of();
    for (NetworkGraph.Layer layer : shown) {
      Node gradient = gradients.get(layer.output());
      layers.add(new Hooked(layer.name(), layer.output(), gradient));
      outputs.putIfAbsent(layer.output(), 0L);
      if (gradient != null) {
        outputs.putIfAbsent(gradient, 0L);
      }
    }
  }

  /** Calls the hooks with the values of the last run. */
  void call(List<LayerHook> hooks, GraphPlan plan) {
    for (Hooked layer : layers) {
      for (LayerHook hook : hooks) {
        hook.forward(layer.name(), layer.output().shape(), values(plan, layer.output()));
      }
    }
    for (int i = layers.size() - 1; i >= 0; i--) {
      Node gradient = layers.get(i).gradient();
      if (gradient != null) {
        for (LayerHook hook : hooks) {
          hook.backward(layers.get(i).name(), gradient.shape(), values(plan, gradient));
        }
      }
    }
  }

  private static float[] values(GraphPlan plan, Node node) {
    float[] values = new float[Math.toIntExact(node.shape().size())];
    Memory.copyOut(plan.address(node), values, 0, values.length);
    return values;
  }
}
