package dev.bellows.engine.nn;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Work;
import dev.bellows.engine.tensor.Shape;

/**
 * What one layer costs per row.
 *
 * @param name prefix of its parameters, for example {@code layer0.conv2d} or its own name
 * @param type of the layer, for example {@code conv2d}
 * @param output shape [1, ...] of what it gives for one row
 * @param parameters trained values of its own; those shared with another layer count there
 * @param state running statistics
 * @param multiplyAdds of its products, forward; two floating-point operations each
 * @param bytes of all values that it makes, forward
 */
public record LayerCost(
    String name,
    String type,
    Shape output,
    long parameters,
    long state,
    long multiplyAdds,
    long bytes) {
  static LayerCost of(NetworkGraph.Layer layer, String type, ParameterLayout layout) {
    long parameters = 0;
    long state = 0;
    for (String name : layer.segments()) {
      Segment segment = layout.segment(name);
      if (segment.kind() == Segment.Kind.TRAINABLE) {
        parameters += segment.length();
      } else {
        state += segment.length();
      }
    }
    long multiplyAdds = 0;
    long bytes = 0;
    for (Node node : layer.nodes()) {
      multiplyAdds += Work.multiplyAdds(node);
      boolean moved =
          switch (node.op()) {
            case PARAMETER, CONSTANT, INPUT, RESHAPE, STOP_GRADIENT -> true;
            default -> false;
          };
      bytes += moved ? 0 : Work.bytes(node);
    }
    return new LayerCost(
        layer.name(), type, layer.output().shape(), parameters, state, multiplyAdds, bytes);
  }
}
