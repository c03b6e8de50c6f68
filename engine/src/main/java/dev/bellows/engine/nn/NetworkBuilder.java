package dev.bellows.engine.nn;

import dev.bellows.engine.graph.Gradients;
import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.GraphException;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.nn.layer.LayerContext;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One walk over the layers that adds nodes and segments. */
final class NetworkBuilder {
  private final InputSpec in;
  private final List<LayerSpec> layers;
  private final LossSpec loss;
  private final int outputs;
  private final int rows;
  private final Mode mode;
  private final Graph graph = new Graph();
  private final List<Segment> segments = new ArrayList<>();
  private final List<Node> parameters = new ArrayList<>();

  /** Per STATE segment name its statistic of the slice. */
  private final Map<String, Node> statistics = new LinkedHashMap<>();

  /** Inputs and layers that a layer may name. */
  private final Map<String, Node> named = new LinkedHashMap<>();

  private final List<NetworkGraph.Layer> traces = new ArrayList<>();
  private int dropouts;

  NetworkBuilder(NetworkSpec spec, int rows, Mode mode) {
    this(spec.input(), spec.layers(), spec.loss(), spec.outputs(), rows, mode);
  }

  private NetworkBuilder(
      InputSpec in, List<LayerSpec> layers, LossSpec loss, int outputs, int rows, Mode mode) {
    if (rows < 1) {
      throw new NetworkException("rows must be 1 or more, got " + rows);
    }
    this.in = in;
    this.layers = layers;
    this.loss = loss;
    this.outputs = outputs;
    this.rows = rows;
    this.mode = mode;
  }

  /** The shape [1, ...] of the last layer, each layer checked against its input. */
  static Shape outputShape(InputSpec in, List<LayerSpec> layers) {
    LossSpec any = LossSpec.of(LossKind.MSE);
    NetworkBuilder builder = new NetworkBuilder(in, layers, any, 1, 1, Mode.EVALUATE);
    return builder.forward(builder.inputs()).shape();
  }

  /** The nodes that rows are bound to. */
  private record Inputs(@Nullable Node numeric, @Nullable Node codes, @Nullable Node sparse) {}

  private Inputs inputs() {
    Node numeric =
        in.numeric() > 0
            ? graph.input("numeric", DType.FLOAT32, Shape.of(rows, in.numeric()))
            : null;
    Node codes =
        in.categorical().isEmpty()
            ? null
            : graph.input("codes", DType.INT32, Shape.of(rows, in.categorical().size()));
    Node sparse = in.sparseWidth() > 0 ? graph.sparseInput("sparse", rows, in.sparseWidth()) : null;
    return new Inputs(numeric, codes, sparse);
  }

  /** The output of the last layer. */
  private Node forward(Inputs inputs) {
    Node x = dense(inputs.numeric(), inputs.codes());
    if (x != null) {
      named.put("input", x);
    }
    for (int i = 0; i < layers.size(); i++) {
      x = layer(i, x, i == 0 ? inputs.sparse() : null);
    }
    if (x == null) {
      throw new NetworkException("a network that reads only a sparse input needs a dense layer");
    }
    return x;
  }

  NetworkGraph build() {
    Inputs inputs = inputs();
    boolean byLabel = this.loss.kind().usesLabels();
    Node labels = byLabel ? graph.input("labels", DType.INT32, Shape.of(rows)) : null;
    Node target =
        byLabel ? null : graph.input("target", DType.FLOAT32, Shape.of(rows, outputs));
    Node weights = graph.input("weights", DType.FLOAT32, Shape.of(rows));

    Node output = forward(inputs);
    Node truth = labels != null ? labels : target;
    if (truth == null) {
      throw new IllegalStateException("neither labels nor target");
    }
    Node effective = weights;
    float[] classWeights = this.loss.classWeights();
    if (classWeights.length > 0) {
      double[] factors = new double[classWeights.length];
      for (int i = 0; i < factors.length; i++) {
        factors[i] = classWeights[i];
      }
      effective = graph.named("row_weights").classWeights(weights, truth, factors);
    }
    Node loss = loss(output, truth, effective);
    Node weightSum = graph.named("weight_sum").reduceSum(effective);
    Node metric = metric(output, truth);
    ParameterLayout layout =
        new ParameterLayout(
            segments, segments.isEmpty() ? 0 : segments.get(segments.size() - 1).end());
    List<Node> gradients = mode == Mode.TRAIN ? gradients(loss, weightSum) : List.of();
    return new NetworkGraph(
        graph,
        rows,
        mode,
        layout,
        inputs.numeric(),
        inputs.codes(),
        inputs.sparse(),
        labels,
        target,
        weights,
        output,
        loss,
        weightSum,
        metric,
        List.copyOf(parameters),
        gradients,
        List.copyOf(traces));
  }

  /**
   * Numbers and embeddings side by side: [N, denseWidth]; null when there is only a sparse input.
   */
  private @Nullable Node dense(@Nullable Node numeric, @Nullable Node codes) {
    List<Node> parts = new ArrayList<>();
    if (numeric != null) {
      parts.add(numeric);
    }
    if (codes != null) {
      for (InputSpec.Categorical column : in.categorical()) {
        String name = "embedding." + column.name();
        Shape shape = Shape.of(column.cardinality(), column.embeddingDim());
        Node table =
            parameter(
                name, shape, Initializer.GLOROT, true, column.cardinality(), column.embeddingDim());
        parts.add(
            graph
                .named("rows_of." + name)
                .gatherRows(table, codes, parts.size() - (numeric != null ? 1 : 0)));
      }
    }
    return parts.isEmpty() ? null : graph.concat(1, parts);
  }

  /** The inputs of layer {@code index}, by name or the layer before. */
  private List<Node> inputs(String label, LayerSpec layer, @Nullable Node before) {
    List<String> names = layer.inputs();
    int most = layer.type().mostInputs();
    if (names.size() > most) {
      throw new NetworkException(
          label + ": reads at most " + most + " inputs, got " + names.size() + ": " + names);
    }
    if (names.isEmpty()) {
      return before == null ? List.of() : List.of(before);
    }
    List<Node> nodes = new ArrayList<>();
    for (String name : names) {
      Node node = named.get(name);
      if (node == null) {
        throw new NetworkException(
            label
                + ": input '"
                + name
                + "' is no input of the network and no layer before this one"
                + Tree.nearest(name, named.keySet())
                + "; there are "
                + named.keySet());
      }
      nodes.add(node);
    }
    return nodes;
  }

  private Node layer(int index, @Nullable Node before, @Nullable Node sparse) {
    LayerSpec layer = layers.get(index);
    String given = layer.name();
    String label =
        "layer " + index + " (" + layer.type() + (given.isEmpty() ? ")" : " '" + given + "')");
    String prefix = given.isEmpty() ? "layer" + index + "." + layer.type() : given;
    if (!given.isEmpty() && named.containsKey(given)) {
      throw new NetworkException(label + ": the name '" + given + "' stands twice");
    }
    List<Node> in = inputs(label, layer, before);
    int firstSegment = segments.size();
    int firstNode = graph.nodes().size();
    Node output;
    try {
      output = layer.type().build(new Context(label, prefix, layer.options(), in, sparse));
    } catch (GraphException e) {
      throw new NetworkException(label + ": " + e.getMessage());
    }
    traces.add(
        new NetworkGraph.Layer(
            prefix,
            in,
            output,
            graph.nodes().subList(firstNode, graph.nodes().size()).stream().toList(),
            segments.subList(firstSegment, segments.size()).stream().map(Segment::name).toList()));
    named.put("layer" + index, output);
    if (!given.isEmpty()) {
      named.put(given, output);
    }
    return output;
  }

  /** What the body of one layer sees. */
  private final class Context extends LayerContext {
    private final @Nullable Node sparse;

    Context(
        String label,
        String name,
        Map<String, Object> options,
        List<Node> inputs,
        @Nullable Node sparse) {
      super(label, name, options, inputs, graph, mode);
      this.sparse = sparse;
    }

    @Override
    public @Nullable Node sparse() {
      return sparse;
    }

    @Override
    public Node parameter(
        String suffix, Shape shape, Initializer init, boolean decay, int fanIn, int fanOut) {
      return NetworkBuilder.this.parameter(
          name() + "." + suffix, shape, init, decay, fanIn, fanOut);
    }

    @Override
    public Node state(String suffix, Shape shape, Initializer init, double momentum) {
      int size = Math.toIntExact(shape.size());
      return segment(
          name() + "." + suffix,
          shape,
          Segment.Kind.STATE,
          init,
          false,
          size,
          size,
          (float) momentum);
    }

    @Override
    public void statistic(String suffix, Node value) {
      statistics.put(name() + "." + suffix, value);
    }

    @Override
    public int dropoutId() {
      return dropouts++;
    }
  }

  private Node loss(Node output, Node truth, Node weights) {
    graph.named("loss");
    return switch (loss.kind()) {
      case SOFTMAX_CROSS_ENTROPY ->
          graph.softmaxCrossEntropy(output, truth, weights, loss.labelSmoothing());
      case SIGMOID_CROSS_ENTROPY ->
          graph.sigmoidCrossEntropy(output, truth, weights, loss.labelSmoothing());
      case MSE -> graph.mse(output, truth, weights);
      case MAE -> graph.mae(output, truth, weights);
      case HUBER -> graph.huber(output, truth, weights, loss.huberDelta());
      case HINGE -> graph.hinge(output, truth, weights);
    };
  }

  private Node metric(Node output, Node truth) {
    graph.named("metric");
    if (this.loss.kind().usesLabels()) {
      return graph.correct(output, truth);
    }
    return this.loss.kind().classifies()
        ? graph.correctBinary(output, truth)
        : graph.absoluteError(output, truth);
  }

  private List<Node> gradients(Node loss, Node weightSum) {
    List<Node> trained = new ArrayList<>();
    for (int i = 0; i < segments.size(); i++) {
      if (segments.get(i).kind() == Segment.Kind.TRAINABLE) {
        trained.add(parameters.get(i));
      }
    }
    Map<Node, Node> byParameter;
    try {
      byParameter = Gradients.reverse(graph, loss, trained);
    } catch (GraphException e) {
      throw new NetworkException("the network can't be trained: " + e.getMessage());
    }
    List<Node> gradients = new ArrayList<>();
    for (int i = 0; i < segments.size(); i++) {
      Node statistic = statistics.get(segments.get(i).name());
      Node gradient =
          statistic == null ? byParameter.get(parameters.get(i)) : graph.mul(statistic, weightSum);
      if (gradient == null) {
        throw new IllegalStateException("no gradient for " + segments.get(i).name());
      }
      gradients.add(gradient);
    }
    return List.copyOf(gradients);
  }

  private Node parameter(
      String name, Shape shape, Initializer init, boolean decay, int fanIn, int fanOut) {
    return segment(name, shape, Segment.Kind.TRAINABLE, init, decay, fanIn, fanOut, 0);
  }

  private Node segment(
      String name,
      Shape shape,
      Segment.Kind kind,
      Initializer init,
      boolean decay,
      int fanIn,
      int fanOut,
      float momentum) {
    int offset = segments.isEmpty() ? 0 : segments.get(segments.size() - 1).end();
    long end = offset + shape.size();
    if (end > Integer.MAX_VALUE - 8) {
      throw new NetworkException(
          "parameter " + name + " " + shape + " makes the network larger than 2^31 values");
    }
    segments.add(
        new Segment(
            name, shape, offset, (int) shape.size(), kind, init, decay, fanIn, fanOut, momentum));
    Node node = graph.parameter(name, shape);
    parameters.add(node);
    return node;
  }
}
