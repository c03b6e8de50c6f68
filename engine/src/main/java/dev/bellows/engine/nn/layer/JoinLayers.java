package dev.bellows.engine.nn.layer;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;

/** Layers that join several inputs: add, multiply, concat, gate. */
final class JoinLayers {
  private static final int MANY = 1024;

  static final List<LayerType> ALL =
      List.of(
          LayerType.named("add", "The sum of its inputs (K. He et al., CVPR 2016: skips).")
              .inputs(MANY)
              .keepsShape()
              .body(c -> fold(c, (a, b) -> c.graph().add(a, b))),
          LayerType.named("multiply", "The product of its inputs, value by value.")
              .inputs(MANY)
              .keepsShape()
              .body(c -> fold(c, (a, b) -> c.graph().mul(a, b))),
          LayerType.named(
                  "dot",
                  "The sum of the products of two inputs along their last axis: [N, D] and [N, D] to"
                      + " [N, 1] (S. Rendle, ICDM 2010: factorisation machines).")
              .inputs(2)
              .body(JoinLayers::dot),
          LayerType.named("concat", "Its inputs side by side (U-Net, Inception).")
              .option(Option.whole("axis", "Axis; 0 is the row's first, -1 the last.").or(-1))
              .inputs(MANY)
              .body(JoinLayers::concat),
          LayerType.named(
                  "gate",
                  "Highway: g a + (1 - g) b of inputs [g, a, b], g in [0, 1]"
                      + " (Srivastava et al., 2015).")
              .inputs(3)
              .body(JoinLayers::gate));

  private JoinLayers() {}

  private static List<Node> atLeast(LayerContext c, int count) {
    if (c.inputs().size() < count) {
      throw c.wrong(
          "needs "
              + count
              + " inputs, got "
              + c.inputs().size()
              + ": name them with inputs: [...]");
    }
    return c.inputs();
  }

  private static void same(LayerContext c, Node a, Node b) {
    if (!a.shape().equals(b.shape())) {
      throw c.wrong(
          "inputs must have one shape, found "
              + LayerContext.text(a.shape())
              + " and "
              + LayerContext.text(b.shape())
              + ": bring them together with a 1x1 convolution or a dense layer");
    }
  }

  private static Node fold(LayerContext c, BinaryOperator<Node> op) {
    List<Node> inputs = atLeast(c, 2);
    Node result = inputs.get(0);
    for (int i = 1; i < inputs.size(); i++) {
      same(c, inputs.get(0), inputs.get(i));
      c.graph(i == inputs.size() - 1 ? "" : "part" + i);
      result = op.apply(result, inputs.get(i));
    }
    return result;
  }

  private static Node dot(LayerContext c) {
    Node product = fold(c, (a, b) -> c.graph("product").mul(a, b));
    int[] dims = product.shape().dims();
    Node sum = c.graph("sum").reduceSum(product, dims.length - 1);
    dims[dims.length - 1] = 1;
    return c.graph("").reshape(sum, Shape.of(dims));
  }

  private static Node concat(LayerContext c) {
    List<Node> inputs = atLeast(c, 2);
    Node first = inputs.get(0);
    int axis = ShapeLayers.axis(c, first, c.whole("axis"));
    for (Node other : inputs) {
      boolean fits = other.shape().rank() == first.shape().rank();
      for (int i = 0; fits && i < first.shape().rank(); i++) {
        fits = i == axis || other.shape().dim(i) == first.shape().dim(i);
      }
      if (!fits) {
        throw c.wrong(
            "inputs must agree in all axes but "
                + (axis - 1)
                + ", found "
                + LayerContext.text(first.shape())
                + " and "
                + LayerContext.text(other.shape()));
      }
    }
    return c.graph("").concat(axis, new ArrayList<>(inputs));
  }

  /** b + g (a - b): one product less than the two-sided form. */
  private static Node gate(LayerContext c) {
    List<Node> inputs = atLeast(c, 3);
    Node gate = inputs.get(0);
    Node a = inputs.get(1);
    Node b = inputs.get(2);
    same(c, a, b);
    same(c, gate, a);
    Node difference = c.graph("difference").sub(a, b);
    Node step = c.graph("step").mul(gate, difference);
    return c.graph("").add(b, step);
  }
}
