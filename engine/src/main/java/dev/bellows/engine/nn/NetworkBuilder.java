package dev.bellows.engine.nn;

import dev.bellows.engine.graph.Gradients;
import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.GraphException;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One walk over the layers that adds nodes and segments. */
final class NetworkBuilder {
  private final InputSpec in;
  private final List<LayerSpec> layers;
  private final int rows;
  private final Mode mode;
  private final Graph graph = new Graph();
  private final Segments segments = new Segments(graph);

  /** Per STATE segment name its statistic of the slice. */
  private final Map<String, Node> statistics = new LinkedHashMap<>();

  /** Inputs and layers that a layer may name. */
  private final Map<String, Node> named = new LinkedHashMap<>();

  private final Map<Node, Integer> vocabularies = new HashMap<>();
  private final List<NetworkGraph.Layer> traces = new ArrayList<>();
  private int dropouts;

  private NetworkBuilder(InputSpec in, List<LayerSpec> layers, int rows, Mode mode) {
    if (rows < 1) {
      throw new NetworkException("rows must be 1 or more, got " + rows);
    }
    this.in = in;
    this.layers = layers;
    this.rows = rows;
    this.mode = mode;
  }

  /**
   * The shapes [1, ...] of the last layer, under {@link Head#MAIN}, and of every layer that has a
   * name; each layer is checked against its input.
   */
  static Map<String, Shape> shapes(InputSpec in, List<LayerSpec> layers) {
    NetworkBuilder builder = new NetworkBuilder(in, layers, 1, Mode.EVALUATE);
    Shape last = builder.forward(builder.inputs()).shape();
    Map<String, Shape> shapes = new LinkedHashMap<>();
    builder.named.forEach((name, node) -> shapes.put(name, node.shape()));
    shapes.put(Head.MAIN, last);
    return shapes;
  }

  static NetworkGraph build(NetworkSpec spec, int rows, Mode mode) {
    return new NetworkBuilder(spec.input(), spec.layers(), rows, mode).build(spec);
  }

  /** The nodes that rows are bound to. */
  private record Inputs(@Nullable Node numeric, @Nullable Node codes, @Nullable Node sparse) {}

  private Inputs inputs() {
    Node numeric =
        in.numeric() > 0
            ? graph.input("numeric", DType.FLOAT32, Shape.of(rows, in.numeric()))
            : null;
    Node codes =
        in.codesWidth() > 0
            ? graph.input("codes", DType.INT32, Shape.of(rows, in.codesWidth()))
            : null;
    Node sparse = in.sparseWidth() > 0 ? graph.sparseInput("sparse", rows, in.sparseWidth()) : null;
    return new Inputs(numeric, codes, sparse);
  }

  private NetworkGraph build(NetworkSpec spec) {
    Inputs inputs = inputs();
    HeadBuilder heads = new HeadBuilder(graph, rows, spec);
    heads.inputs();
    Node output = forward(inputs);
    heads.build(output, named);
    List<Node> gradients = mode == Mode.TRAIN ? gradients(heads) : List.of();
    return new NetworkGraph(
        graph,
        rows,
        mode,
        segments.layout(),
        inputs.numeric(),
        inputs.codes(),
        inputs.sparse(),
        heads.labels(),
        heads.target(),
        heads.safeLabels(),
        heads.mask(),
        heads.weights(),
        output,
        heads.loss(),
        heads.weightSum(),
        heads.heads().get(0).metric(),
        segments.nodes(),
        gradients,
        List.copyOf(traces),
        heads.heads());
  }

  /** The output of the last layer. */
  private Node forward(Inputs inputs) {
    Node x = features(inputs.numeric(), inputs.codes());
    if (x != null && (!in.parts().isEmpty() || !named.isEmpty())) {
      named.put(InputSpec.FEATURES, x);
    }
    for (InputPart part : in.parts()) {
      Node node = part(part, inputs);
      named.put(part.name(), node);
      x = x == null ? node : x;
    }
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

  /** The node [N, shape...] of a part, cut out of the numbers or the codes. */
  private Node part(InputPart part, Inputs inputs) {
    Node from = part.tokens() ? inputs.codes() : inputs.numeric();
    if (from == null) {
      throw new IllegalStateException("input part " + part.name() + " has no columns");
    }
    int first = part.tokens() ? in.codesFrom(part) : part.from();
    if (part.lengths()) {
      int column = first + part.size();
      Node length = graph.slice(from, 1, column, column + 1);
      named.put(
          part.name() + ".length",
          graph.named(part.name() + ".length").reshape(length, Shape.of(rows)));
    }
    Node values = columns(from, first, first + part.size());
    int[] dims = new int[part.shape().size() + 1];
    dims[0] = rows;
    for (int i = 1; i < dims.length; i++) {
      dims[i] = part.shape().get(i - 1);
    }
    Node node = graph.reshape(values, Shape.of(dims));
    if (part.tokens()) {
      vocabularies.put(node, part.vocabulary());
    }
    return node;
  }

  private Node columns(Node x, int from, int to) {
    return from == 0 && to == x.shape().dim(1) ? x : graph.slice(x, 1, from, to);
  }

  /**
   * Numbers that no part covers and embeddings side by side: [N, denseWidth]; null when there are
   * none.
   */
  private @Nullable Node features(@Nullable Node numeric, @Nullable Node codes) {
    List<Node> parts = new ArrayList<>();
    if (numeric != null) {
      for (int[] range : in.uncovered()) {
        parts.add(columns(numeric, range[0], range[1]));
      }
    }
    for (int i = 0; codes != null && i < in.categorical().size(); i++) {
      InputSpec.Categorical column = in.categorical().get(i);
      String name = column.table();
      Shape shape = Shape.of(column.cardinality(), column.embeddingDim());
      Node table =
          segments.trained(
              name,
              shape,
              Initializer.GLOROT,
              true,
              column.cardinality(),
              column.embeddingDim(),
              1);
      if (column.sparseRows() > 0) {
        segments.markSparse(name);
      }
      Node vectors = graph.named("rows_of." + name).gatherRows(table, codes, i);
      if (wanted(column.name())) {
        named.put(column.name(), vectors);
      } else {
        parts.add(vectors);
      }
    }
    return parts.isEmpty() ? null : graph.concat(1, parts);
  }

  /** Whether a layer reads this category column by name. */
  private boolean wanted(String column) {
    return layers.stream().anyMatch(layer -> layer.inputs().contains(column))
        && layers.stream().noneMatch(layer -> layer.name().equals(column));
  }

  /** The inputs of a layer, by name or the layer before. */
  private List<Node> inputsOf(String label, LayerSpec layer, @Nullable Node before) {
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
      nodes.add(lookup(named, label + ": input", name));
    }
    return nodes;
  }

  /** The node of this name, or an error that lists the names. */
  static Node lookup(Map<String, Node> named, String what, String name) {
    Node node = named.get(name);
    if (node == null) {
      throw new NetworkException(
          what
              + " '"
              + name
              + "' is no input of the network and no layer before this one"
              + Tree.nearest(name, named.keySet())
              + "; there are "
              + named.keySet());
    }
    return node;
  }

  private Node layer(int index, @Nullable Node before, @Nullable Node sparse) {
    LayerSpec layer = layers.get(index);
    String given = layer.name();
    String label =
        "layer " + index + " (" + layer.type() + (given.isEmpty() ? ")" : " '" + given + "')");
    if (!given.isEmpty() && (named.containsKey(given) || given.equals(Head.MAIN))) {
      throw new NetworkException(
          label + ": the name '" + given + "' stands twice or is taken by an input");
    }
    if (given.matches("layer\\d+") && !given.equals("layer" + index)) {
      throw new NetworkException(
          label
              + ": '"
              + given
              + "' is how inputs name layer "
              + given.substring(5)
              + ": take another");
    }
    String prefix = given.isEmpty() ? "layer" + index + "." + layer.type() : given;
    List<Node> inputs = inputsOf(label, layer, before);
    int firstSegment = segments.count();
    int firstNode = graph.nodes().size();
    Node output;
    try {
      output = layer.type().build(new Context(label, prefix, layer, inputs, sparse));
    } catch (GraphException e) {
      throw new NetworkException(label + ": " + e.getMessage());
    } catch (ArithmeticException e) {
      throw new NetworkException(label + ": its sizes are too large to be counted");
    }
    traces.add(
        new NetworkGraph.Layer(
            prefix,
            inputs,
            output,
            List.copyOf(graph.nodes().subList(firstNode, graph.nodes().size())),
            segments.names(firstSegment)));
    named.put("layer" + index, output);
    if (!given.isEmpty()) {
      named.put(given, output);
    }
    return output;
  }

  /** What the body of one layer sees. */
  private final class Context extends BuildingContext {
    private final @Nullable Node sparse;

    Context(String label, String name, LayerSpec layer, List<Node> inputs, @Nullable Node sparse) {
      super(label, name, layer, inputs, graph, mode, segments, statistics);
      this.sparse = sparse;
    }

    @Override
    public @Nullable Node sparse() {
      return sparse;
    }

    @Override
    public int vocabulary(Node x) {
      return vocabularies.getOrDefault(x, 0);
    }

    @Override
    public int dropoutId() {
      return dropouts++;
    }
  }

  /** Blocks of layers of one word {@code recompute}: made again in the backward pass. */
  private List<List<Node>> recomputed() {
    Map<String, List<Node>> blocks = new LinkedHashMap<>();
    for (int i = 0; i < layers.size(); i++) {
      if (layers.get(i).options().get("recompute") instanceof String block) {
        blocks.computeIfAbsent(block, b -> new ArrayList<>()).addAll(traces.get(i).nodes());
      }
    }
    return List.copyOf(blocks.values());
  }

  private List<Node> gradients(HeadBuilder heads) {
    List<Segment> all = segments.layout().segments();
    List<Node> nodes = segments.nodes();
    List<Node> trained = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i).kind() == Segment.Kind.TRAINABLE) {
        trained.add(nodes.get(i));
      }
    }
    Map<Node, Node> byParameter;
    try {
      byParameter = Gradients.reverse(graph, heads.loss(), trained, recomputed());
    } catch (GraphException e) {
      throw new NetworkException("the network can't be trained: " + e.getMessage());
    }
    List<Node> gradients = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      Node statistic = statistics.get(all.get(i).name());
      Node gradient =
          statistic == null
              ? byParameter.get(nodes.get(i))
              : graph.mul(statistic, heads.weightSum());
      if (gradient == null) {
        throw new IllegalStateException("no gradient for " + all.get(i).name());
      }
      gradients.add(gradient);
    }
    return List.copyOf(gradients);
  }
}
