package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.nn.Head;
import dev.bellows.engine.nn.InputPart;
import dev.bellows.engine.nn.InputSpec;
import dev.bellows.engine.nn.Mode;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkGraph;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.ParameterLayout;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.nn.loss.LossType;
import dev.bellows.engine.tensor.Arena;
import dev.bellows.engine.tensor.Memory;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a trainer and a predictor have in common: parameters, input buffers, and one plan per number
 * of rows.
 */
final class NetworkPlans implements AutoCloseable {
  /**
   * A plan and the nodes of its graph.
   *
   * @param probabilities per output what its scores become when predicting, the main one's among
   *     them; empty while training
   * @param watched per watched layer its output
   */
  record Compiled(
      NetworkGraph network,
      GraphPlan plan,
      Map<String, Node> probabilities,
      Map<String, Node> watched) {}

  private final NetworkSpec spec;
  private final Mode mode;
  private final PlanOptions options;
  private final KernelProvider provider;
  private final ParameterLayout layout;
  private final Kernels kernels;
  private final BatchBuffers batch;
  private final PositionLabels labels;
  private final int labelledOutputs;
  private final InputPart[] tokens;
  private final int[] tokenColumns;
  private final String[] lengthNames;
  private final List<String> watched;
  private final Arena vectors;
  private final long parameters;
  private final long gradient;
  private final Map<Integer, Compiled> plans = new HashMap<>();
  private final StepResult result = new StepResult();
  private @Nullable Compiled current;
  private boolean hasParameters;

  /** Parameters came, perhaps in many parts, that the plans have not been told of. */
  private boolean newParameters;

  NetworkPlans(
      NetworkSpec spec,
      int maxRows,
      KernelProvider provider,
      Mode mode,
      PlanOptions options,
      List<String> watched) {
    this.watched = List.copyOf(watched);
    this.spec = spec;
    this.mode = mode;
    this.options = options;
    this.provider = provider;
    this.layout = Network.layout(spec);
    InputSpec input = spec.input();
    this.batch =
        new BatchBuffers(
            maxRows,
            input.numeric(),
            input.codesWidth(),
            input.sparseWidth(),
            spec.targetWidth(),
            Math.max(1, spec.labelWidth()));
    this.tokens = input.parts().stream().filter(InputPart::tokens).toArray(InputPart[]::new);
    this.tokenColumns = Arrays.stream(tokens).mapToInt(input::codesFrom).toArray();
    this.lengthNames =
        Arrays.stream(tokens).map(part -> part.name() + ".length").toArray(String[]::new);
    this.labelledOutputs = labelledOutputs(spec);
    this.labels = new PositionLabels(batch, spec.labelWidth());
    long bytes = Memory.align(4L * layout.length());
    this.vectors = new Arena(mode == Mode.TRAIN ? 2 * bytes : bytes);
    this.parameters = vectors.take(bytes);
    this.gradient = mode == Mode.TRAIN ? vectors.take(bytes) : 0;
    this.kernels = provider.open();
  }

  BatchBuffers batch() {
    return batch;
  }

  ParameterLayout layout() {
    return layout;
  }

  long gradientAddress() {
    return gradient;
  }

  Kernels kernels() {
    return kernels;
  }

  StepResult result() {
    return result;
  }

  void setParameters(float[] flat) {
    if (flat.length != layout.length()) {
      throw new IllegalArgumentException(
          "parameter vector of "
              + flat.length
              + " values, but the network has "
              + layout.length()
              + ": it must come from the same network description");
    }
    Memory.copyIn(flat, 0, parameters, flat.length);
    hasParameters = true;
    newParameters = true;
  }

  void setParameters(int at, float[] values, int offset, int length) {
    Objects.checkFromIndexSize(at, length, layout.length());
    Memory.copyIn(values, offset, parameters + 4L * at, length);
    hasParameters = true;
    newParameters = true;
  }

  /** Runs the plan for the batch's rows and reads the four sums. */
  Compiled run(long seed, long step, int slice) {
    if (!hasParameters) {
      throw new IllegalStateException("no parameters yet; call setParameters first");
    }
    if (newParameters) {
      newParameters = false;
      plans.values().forEach(any -> any.plan().parametersChanged());
    }
    Compiled compiled = compiled();
    current = compiled;
    checkInput();
    compiled.plan().setDropout(seed, step, slice);
    compiled.plan().run();
    NetworkGraph network = compiled.network();
    double[] scalars = result.scalars();
    scalars[StepResult.WEIGHT_SUM] = Memory.getFloat(compiled.plan().address(network.weightSum()));
    scalars[StepResult.LOSS_SUM] = 0;
    for (int i = 0; i < network.heads().size(); i++) { // by index: no iterator is allocated
      NetworkGraph.HeadNodes head = network.heads().get(i);
      scalars[StepResult.LOSS_SUM] += head.weight() * sum(compiled, head.loss());
    }
    scalars[StepResult.METRIC_SUM] =
        sum(compiled, network.metric()) * labels.rowsPerLabel(network.heads().get(0));
    scalars[StepResult.ROWS] = batch.rows();
    return compiled;
  }

  /** A scalar sum, as a double where its kernel gives one. */
  private static double sum(Compiled compiled, Node node) {
    long address = compiled.plan().address(node);
    return LossOps.isScalarSum(node.op())
        ? Memory.getDouble(address + 8)
        : Memory.getFloat(address);
  }

  /** {loss sum, metric sum} of a head in the last run. */
  double[] head(String name) {
    Compiled last = current();
    for (NetworkGraph.HeadNodes head : last.network().heads()) {
      if (head.name().equals(name)) {
        return new double[] {
          sum(last, head.loss()), sum(last, head.metric()) * labels.rowsPerLabel(head)
        };
      }
    }
    throw new IllegalArgumentException(
        "no head '"
            + name
            + "'; there are "
            + last.network().heads().stream().map(NetworkGraph.HeadNodes::name).toList());
  }

  /** The first value of the last run that is not finite; "" when there is none. */
  String firstNonFinite(long seed, long step, int slice) {
    NetworkGraph network = current().network();
    return new NonFinite(network, kernels, sources(network)).first(options, seed, step, slice);
  }

  /** Where the value of a watched layer is. */
  long activationAddress(String layer) {
    Node node = current().watched().get(layer);
    if (node == null) {
      throw new IllegalArgumentException(
          "layer '" + layer + "' is not watched; watched are " + current().watched().keySet());
    }
    return current().plan().address(node);
  }

  /** The plan of the last run. */
  Compiled current() {
    Compiled last = current;
    if (last == null) {
      throw new IllegalStateException("nothing was computed yet; call run first");
    }
    return last;
  }

  private Compiled compiled() {
    int rows = batch.rows();
    if (rows < 1) {
      throw new IllegalStateException("the batch has no rows; fill it and call setRows first");
    }
    Compiled last = current;
    if (last != null && last.network().rows() == rows) {
      return last;
    }
    Compiled compiled = plans.get(rows);
    if (compiled == null) {
      compiled = compile(rows);
      plans.put(rows, compiled);
    }
    return compiled;
  }

  private Compiled compile(int rows) {
    NetworkGraph network = Network.build(spec, rows, mode);
    Map<Node, Long> outputs = new LinkedHashMap<>();
    List<Segment> segments = layout.segments();
    for (int i = 0; i < network.gradients().size(); i++) {
      put(network, outputs, network.gradients().get(i), gradient + 4L * segments.get(i).offset());
    }
    outputs.put(network.weightSum(), 0L);
    for (NetworkGraph.HeadNodes head : network.heads()) {
      outputs.put(head.loss(), 0L);
      outputs.put(head.metric(), 0L);
    }
    Map<String, Node> probabilities = new LinkedHashMap<>();
    if (mode == Mode.EVALUATE) {
      network.heads().forEach(head -> outputs.put(head.output(), 0L));
      probabilities.putAll(probabilities(network));
      probabilities.values().forEach(node -> outputs.put(node, 0L));
    }
    Map<String, Node> seen = new LinkedHashMap<>();
    for (String name : watched) {
      Node node = watched(network, name);
      seen.put(name, node);
      outputs.putIfAbsent(node, 0L);
    }
    GraphPlan plan =
        GraphPlan.compile(network.graph(), sources(network), outputs, kernels, options);
    return new Compiled(network, plan, probabilities, seen);
  }

  /** The output of a layer, or a node of the graph, by name. */
  private static Node watched(NetworkGraph network, String name) {
    for (NetworkGraph.Layer layer : network.layers()) {
      if (layer.name().equals(name)) {
        return layer.output();
      }
    }
    Node node = network.graph().find(name);
    if (node != null) {
      return node;
    }
    throw new IllegalArgumentException(
        "no layer '"
            + name
            + "'; there are "
            + network.layers().stream().map(NetworkGraph.Layer::name).toList());
  }

  /** Two segments may have the very same gradient: an alias stands for it the second time. */
  private static void put(NetworkGraph network, Map<Node, Long> outputs, Node node, long address) {
    Node key = outputs.containsKey(node) ? network.graph().stopGradient(node) : node;
    outputs.put(key, address);
  }

  private Map<String, Node> probabilities(NetworkGraph network) {
    Map<String, Node> probabilities = new LinkedHashMap<>();
    Graph graph = network.graph();
    probabilities.put(Head.MAIN, spec.loss().kind().type().predict(graph, network.output()));
    for (int i = 0; i < spec.heads().size(); i++) { // after the main one
      NetworkGraph.HeadNodes nodes = network.heads().get(i + 1);
      LossType type = spec.heads().get(i).loss().kind().type();
      if (type.predicts()) {
        probabilities.put(nodes.name(), type.predict(graph, nodes.output()));
      }
    }
    return probabilities;
  }

  private Map<Node, Long> sources(NetworkGraph network) {
    Map<Node, Long> sources = new HashMap<>();
    for (int i = 0; i < network.parameters().size(); i++) {
      sources.put(network.parameters().get(i), parameters + 4L * layout.segments().get(i).offset());
    }
    putSource(sources, network.numeric(), batch.numeric());
    putSource(sources, network.codes(), batch.codes());
    putSource(sources, network.sparse(), batch.csrDescriptor());
    putSource(sources, network.labels(), batch.labels());
    putSource(sources, network.safeLabels(), labels.safe());
    putSource(sources, network.mask(), labels.mask());
    putSource(sources, network.target(), batch.target());
    putSource(sources, network.weights(), batch.weights());
    return sources;
  }

  private static void putSource(Map<Node, Long> sources, @Nullable Node node, long address) {
    if (node != null) {
      sources.put(node, address);
    }
  }

  /** A code or label outside its table would be a read outside the memory. */
  private void checkInput() {
    int rows = batch.rows();
    InputSpec input = spec.input();
    if (batch.labelWidth() > 1) {
      labels.settle(current().network().heads());
    } else if (labelledOutputs > 0) {
      check(batch.labels(), rows, 1, labelledOutputs, "label");
    }
    List<InputSpec.Categorical> columns = input.categorical();
    for (int c = 0; c < columns.size(); c++) {
      checkCodes(c, columns.get(c).cardinality(), columns.get(c).name());
    }
    for (int i = 0; i < tokens.length; i++) {
      checkTokens(tokens[i], tokenColumns[i], lengthNames[i]);
    }
    if (input.sparseWidth() > 0) {
      checkCsr(rows, input.sparseWidth());
    }
  }

  /** Classes of the one output that reads labels; 0 when rows have none or several. */
  private static int labelledOutputs(NetworkSpec spec) {
    if (spec.labelWidth() != 1) {
      return 0;
    }
    if (spec.loss().kind().usesLabels()) {
      return spec.loss().labels(spec.outputs());
    }
    return spec.heads().stream()
        .filter(head -> head.loss().kind().usesLabels())
        .mapToInt(head -> head.loss().labels(head.outputs()))
        .min()
        .orElse(1);
  }

  private void checkCodes(int column, int limit, String what) {
    check(batch.codes() + 4L * column, batch.rows(), batch.categoricals(), limit, what);
  }

  private void checkTokens(InputPart part, int from, String lengthName) {
    int length = part.shape().get(0);
    if (length == batch.categoricals()) {
      long bad =
          kernels
              .reduce()
              .firstOutside(batch.codes(), (long) batch.rows() * length, 1, part.vocabulary());
      if (bad >= 0) {
        checkCodes((int) (bad % length), part.vocabulary(), part.name() + "[" + bad % length + "]");
      }
      return;
    }
    for (int t = 0; t < length; t++) {
      checkCodes(from + t, part.vocabulary(), part.name());
    }
    if (part.lengths()) {
      checkCodes(from + length, length + 1, lengthName);
    }
  }

  private void check(long values, long count, long stride, int limit, String what) {
    long row = kernels.reduce().firstOutside(values, count, stride, limit);
    if (row >= 0) {
      throw new IllegalArgumentException(
          "row "
              + row
              + " of the batch has "
              + what
              + " "
              + Memory.getInt(values + 4 * row * stride)
              + ", expected 0.."
              + (limit - 1));
    }
  }

  private void checkCsr(int rows, int width) {
    long pointers = batch.csrRowPointers();
    int previous = 0;
    for (int r = 0; r <= rows; r++) {
      int next = Memory.getInt(pointers + 4L * r);
      if (next < previous || (r == 0 && next != 0) || next > batch.csrCapacity()) {
        throw new IllegalArgumentException(
            "CSR row pointer "
                + r
                + " is "
                + next
                + ", expected 0 first and then never less than the one before and at most "
                + batch.csrCapacity()
                + " stored values");
      }
      previous = next;
    }
    long columns = Memory.getLong(batch.csrDescriptor() + 8);
    long bad = kernels.reduce().firstOutside(columns, previous, 1, width);
    if (bad >= 0) {
      throw new IllegalArgumentException(
          "stored value "
              + bad
              + " of the sparse batch is in column "
              + Memory.getInt(columns + 4 * bad)
              + ", expected 0.."
              + (width - 1));
    }
  }

  PlanDescription describe(int runs, LongSupplier nanoClock) {
    Compiled compiled = compiled();
    List<PlanDescription.Call> calls = compiled.plan().described(runs, nanoClock);
    return new PlanDescription(
        provider.id(),
        compiled.network().rows(),
        calls,
        compiled.plan().arenaBytes(),
        compiled.plan().unsharedBytes(),
        vectors.capacityBytes(),
        calls.stream().mapToLong(PlanDescription.Call::flops).sum());
  }

  @Override
  public void close() {
    plans.values().forEach(compiled -> compiled.plan().close());
    plans.clear();
    current = null;
    kernels.close();
    labels.close();
    vectors.close();
    batch.close();
  }
}
