package dev.bellows.engine.nn.layer;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.Initializer;
import dev.bellows.engine.tensor.Shape;
import java.util.List;

/** Dense layers that learn how much of their input to carry. */
final class HighwayLayers {
  static final List<LayerType> ALL =
      List.of(
          LayerType.named(
                  "highway",
                  "g f(x W + b) + (1 - g) x with g = sigmoid(x W_g + b_g) (Srivastava et al., 2015).")
              .option(CommonOptions.activation(Activation.RELU))
              .option(
                  Option.real("gate_start", "Start of b_g; below 0 the layer starts by carrying.")
                      .or(-2))
              .option(CommonOptions.initializer())
              .option(
                  Option.word("gate_initializer", "Start of W_g.", Initializer.class).or("glorot"))
              .keepsShape()
              .body(HighwayLayers::highway));

  private HighwayLayers() {}

  /**
   * The gate's bias is stored as its difference from {@code gate_start}: the same function and the
   * same gradients as a bias that starts there.
   */
  private static Node highway(LayerContext c) {
    Node x = c.input();
    Node rows = CoreLayers.rows(c, x);
    int width = rows.shape().dim(1);
    Node weight =
        c.parameter("weight", Shape.of(width, width), c.initializer(), true, width, width);
    Node bias = c.parameter("bias", Shape.of(width), Initializer.ZERO, false, width, width);
    Initializer start = c.word("gate_initializer", Initializer.class);
    Node gateWeight = c.parameter("gate_weight", Shape.of(width, width), start, true, width, width);
    Node gateBias =
        c.parameter("gate_bias", Shape.of(width), Initializer.ZERO, false, width, width);
    Node sum = c.graph("matmul").matmul(rows, weight);
    Node transformed = c.activate(c.graph("add_bias").add(sum, bias));
    Node closed = c.graph().constant(c.number("gate_start"), Shape.SCALAR);
    Node gateSum = c.graph("gate_matmul").matmul(rows, gateWeight);
    Node gate = c.graph("gate").sigmoid(c.graph().add(gateSum, c.graph().add(gateBias, closed)));
    Node moved = c.graph("moved").mul(gate, c.graph().sub(transformed, rows));
    return CoreLayers.unrows(c, c.graph().add(rows, moved), x);
  }
}
