package dev.bellows.engine.nn;

import dev.bellows.engine.graph.GradientFlow;
import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.nn.layer.LayerContext;
import dev.bellows.engine.tensor.Shape;
import java.util.List;
import java.util.Map;

/** The parameters of one layer: its own, tied to another layer's, or frozen. */
abstract class BuildingContext extends LayerContext {
  /** Segments that weight_norm adds to a weight's. */
  private static final String SCALE = "_scale";

  private static final String DIRECTION = "_direction";

  private final Graph graph;
  private final Segments segments;
  private final Map<String, Node> statistics;
  private final Map<String, Object> options;

  BuildingContext(
      String label,
      String name,
      LayerSpec layer,
      List<Node> inputs,
      Graph graph,
      Mode mode,
      Segments segments,
      Map<String, Node> statistics) {
    super(label, name, layer.options(), inputs, graph, mode);
    this.graph = graph;
    this.segments = segments;
    this.statistics = statistics;
    this.options = layer.options();
  }

  private String option(String name) {
    return options.get(name) instanceof String text ? text : "";
  }

  @Override
  public Node parameter(
      String suffix, Shape shape, Initializer init, boolean decay, int fanIn, int fanOut) {
    String shared = option("shared_with");
    if (!shared.isEmpty()) {
      return held(tied(shared, suffix, shape, false));
    }
    if (!option("weights_of").isEmpty() && suffix.equals("weight")) {
      return held(tied(option("weights_of"), suffix, shape, true));
    }
    boolean decays = decay && !Boolean.FALSE.equals(options.get("weight_decay"));
    float rate =
        frozen()
            ? 0
            : options.get("learning_rate_factor") instanceof Number factor
                ? factor.floatValue()
                : 1;
    Node node = segments.trained(name() + "." + suffix, shape, init, decays, fanIn, fanOut, rate);
    Node weight = rate == 0 ? graph.stopGradient(node) : node;
    return decay && shape.rank() >= 2 ? normalised(suffix, weight, rate) : weight;
  }

  /** Another layer's parameter; a frozen layer leaves it to that layer's own use to train it. */
  private Node held(Node node) {
    return frozen() ? graph.stopGradient(node) : node;
  }

  /** A weight [..., out] divided as option {@code weight_norm} says. */
  private Node normalised(String suffix, Node weight, float rate) {
    String kind = option("weight_norm");
    if (kind.isEmpty()) {
      return weight;
    }
    int out = weight.shape().dim(-1);
    int in = Math.toIntExact(weight.shape().size() / out);
    Node matrix = graph.reshape(weight, Shape.of(in, out));
    Node divided;
    if (kind.equals("weight")) {
      String name = name() + "." + suffix + SCALE;
      Node scale = segments.trained(name, Shape.of(out), Initializer.ONE, false, in, out, rate);
      divided =
          GradientFlow.weightNorm(graph, matrix, rate == 0 ? graph.stopGradient(scale) : scale);
    } else {
      Node start = state(suffix + DIRECTION, Shape.of(in), Initializer.SMALL_RANDOM, 0);
      divided = GradientFlow.spectralNorm(graph, matrix, start, 1);
      if (training()) {
        statistic(suffix + DIRECTION, GradientFlow.spectralStart(graph, matrix, start, 1));
      }
    }
    return graph.reshape(divided, weight.shape());
  }

  /** The segment of another layer, as it is or transposed. */
  private Node tied(String layer, String suffix, Shape shape, boolean mayTranspose) {
    int index = segments.indexOf(layer + "." + suffix);
    if (index < 0) {
      throw wrong("layer '" + layer + "' has no parameter " + suffix + " and must stand before");
    }
    if (segments.indexOf(layer + "." + suffix + SCALE) >= 0
        || segments.indexOf(layer + "." + suffix + DIRECTION) >= 0) {
      throw wrong("layer '" + layer + "' has weight_norm: its weights can't be used by another");
    }
    if (segments.isSparse(index)) {
      throw wrong("layer '" + layer + "' is sparse: its rows can't be used by another");
    }
    Node node = segments.node(index);
    if (node.shape().equals(shape)) {
      return node;
    }
    boolean turned =
        mayTranspose
            && shape.rank() == 2
            && node.shape().equals(Shape.of(shape.dim(1), shape.dim(0)));
    if (!turned) {
      throw wrong(
          "needs a " + suffix + " " + shape + ", but that of '" + layer + "' is " + node.shape());
    }
    return graph.transpose(node);
  }

  @Override
  public void sparse(String suffix) {
    for (String option : List.of("shared_with", "weights_of", "weight_norm")) {
      if (!option(option).isEmpty()) {
        throw wrong("sparse rows can't have " + option);
      }
    }
    if (frozen()) {
      throw wrong("sparse rows are trained; leave sparse out where trainable is false");
    }
    segments.markSparse(name() + "." + suffix);
  }

  @Override
  public Node state(String suffix, Shape shape, Initializer init, double momentum) {
    String shared = option("shared_with");
    return shared.isEmpty()
        ? segments.state(name() + "." + suffix, shape, init, (float) momentum)
        : tied(shared, suffix, shape, false);
  }

  @Override
  public void statistic(String suffix, Node value) {
    // A shared statistic is that of the layer that owns it.
    if (option("shared_with").isEmpty()) {
      statistics.put(name() + "." + suffix, value);
    }
  }
}
