package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.nn.Head;
import dev.bellows.engine.nn.Mode;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkGraph;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.ParameterLayout;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.nn.loss.LossType;
import dev.bellows.engine.tensor.Arena;
import dev.bellows.engine.tensor.Memory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
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
   * @param lanes slices that it computes side by side
   * @param hooked what hooks are shown; null in a plan without
   * @param probabilities per output what its scores become when predicting, the main one's among
   *     them; empty while training
   * @param watched per watched layer its output
   * @param outputs the gradients as the plan knows them, one per segment
   */
  record Compiled(
      NetworkGraph network,
      GraphPlan plan,
      int lanes,
      @Nullable HookedLayers hooked,
      Map<String, Node> probabilities,
      Map<String, Node> watched,
      List<Node> outputs) {}

  private final NetworkSpec spec;
  private final Mode mode;
  private final PlanOptions options;
  private final KernelProvider provider;
  private final ParameterLayout layout;
  private final Kernels kernels;
  private final SliceInput[] inputs;
  private final List<String> watched;
  private final Arena vectors;
  private final long parameters;
  private final long gradient;
  private final Map<Integer, Compiled> plans = new HashMap<>();
  private final Map<Integer, Compiled> plansOfLanes = new HashMap<>();
  private final Map<Integer, Compiled> plansOfHooks = new HashMap<>();
  private final List<LayerHook> hooks = new ArrayList<>();
  private final Lanes sums;
  private final StepResult result = new StepResult();
  private @Nullable Compiled current;

  /** Bounds of the parts that listeners hear of; none: [0]. */
  private int[] bounds = {0};

  private final IdentityHashMap<Compiled, PartFlow> flows = new IdentityHashMap<>();
  private boolean hasParameters;

  /** Parameters came, perhaps in many parts, that the plans have not been told of. */
  private boolean newParameters;

  /**
   * @param lanes slices that {@link #runLanes} computes side by side, a power of two
   */
  NetworkPlans(
      NetworkSpec spec,
      int maxRows,
      KernelProvider provider,
      Mode mode,
      PlanOptions options,
      List<String> watched,
      int lanes) {
    this.watched = List.copyOf(watched);
    this.spec = spec;
    this.mode = mode;
    this.options = options;
    this.provider = provider;
    this.layout = Network.layout(spec);
    long bytes = Memory.align(4L * layout.length());
    this.vectors = new Arena(mode == Mode.TRAIN ? 2 * bytes : bytes);
    this.parameters = vectors.take(bytes);
    this.gradient = mode == Mode.TRAIN ? vectors.take(bytes) : 0;
    this.kernels = provider.open();
    this.inputs = new SliceInput[lanes];
    for (int i = 0; i < lanes; i++) {
      inputs[i] = new SliceInput(spec, maxRows, kernels);
    }
    this.sums = new Lanes(lanes);
  }

  int lanes() {
    return inputs.length;
  }

  BatchBuffers batch(int lane) {
    return inputs[lane].batch();
  }

  BatchBuffers batch() {
    return inputs[0].batch();
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

  /** Parameters that another thread may bring while a run goes on that does not read them now. */
  void bringParameters(int at, float[] values, int offset, int length) {
    Objects.checkFromIndexSize(at, length, layout.length());
    Memory.copyIn(values, offset, parameters + 4L * at, length);
  }

  /** The next run is one with other parameters. */
  void parametersChanged() {
    newParameters = true;
  }

  /** Cuts the flat vector into parts [bounds[p], bounds[p + 1]). */
  void setParts(int[] cuts) {
    bounds = cuts.clone();
    flows.clear();
  }

  /** Tells the plans of new parameters. */
  private void settleParameters() {
    if (!hasParameters) {
      throw new IllegalStateException("no parameters yet; call setParameters first");
    }
    if (newParameters) {
      newParameters = false;
      plans.values().forEach(any -> any.plan().parametersChanged());
      plansOfLanes.values().forEach(any -> any.plan().parametersChanged());
      plansOfHooks.values().forEach(any -> any.plan().parametersChanged());
    }
  }

  /** Runs the plan for the rows of lane 0 and reads the four sums. */
  Compiled run(long seed, long step, int slice) {
    return run(seed, step, slice, null);
  }

  /** The same, heard by a listener. */
  Compiled run(long seed, long step, int slice, @Nullable PartListener listener) {
    settleParameters();
    Compiled compiled = compiled(hooks.isEmpty() ? plans : plansOfHooks, 1, !hooks.isEmpty());
    inputs[0].check(compiled.network().heads());
    compiled.plan().setDropout(seed, step, slice);
    run(compiled, listener);
    read(compiled);
    if (compiled.hooked() != null) {
      compiled.hooked().call(hooks, compiled.plan());
    }
    return compiled;
  }

  /** Runs of one slice show the hook their layers from now on, by a plan of their own. */
  void addHook(LayerHook hook) {
    hooks.add(hook);
  }

  boolean removeHook(LayerHook hook) {
    return hooks.remove(hook);
  }

  /** The same for the rows of all lanes, which are consecutive slices; the result is their sum. */
  void runLanes(long seed, long step, int firstSlice) {
    runLanes(seed, step, firstSlice, null);
  }

  /** The same, heard by a listener. */
  void runLanes(long seed, long step, int firstSlice, @Nullable PartListener listener) {
    if (inputs.length == 1) {
      run(seed, step, firstSlice, listener);
      return;
    }
    for (SliceInput input : inputs) {
      if (input.batch().rows() != batch().rows()) {
        throw new IllegalStateException(
            "slices that run at once have the same number of rows; found "
                + batch().rows()
                + " and "
                + input.batch().rows());
      }
    }
    settleParameters();
    Compiled compiled = compiled(plansOfLanes, inputs.length, false);
    for (int lane = 0; lane < inputs.length; lane++) {
      inputs[lane].check(compiled.network().heads());
      compiled.plan().setDropout(lane, seed, step, firstSlice + lane);
    }
    run(compiled, listener);
    read(compiled);
  }

  private void run(Compiled compiled, @Nullable PartListener listener) {
    if (listener == null) {
      compiled.plan().run();
      return;
    }
    PartFlow flow = flows.get(compiled);
    if (flow == null) {
      flow = flow(compiled);
      flows.put(compiled, flow);
    }
    compiled.plan().run(flow.heardBy(listener));
  }

  private PartFlow flow(Compiled compiled) {
    GraphPlan plan = compiled.plan();
    NetworkGraph network = compiled.network();
    int scalarsAt = Math.max(plan.finalStep(network.weightSum()), plan.finalStep(network.metric()));
    for (NetworkGraph.HeadNodes head : network.heads()) {
      scalarsAt = Math.max(scalarsAt, plan.finalStep(head.loss()));
    }
    List<PartFlow.Use> uses = new ArrayList<>();
    for (int i = 0; i < compiled.outputs().size(); i++) {
      int[] reads = plan.reads(network.parameters().get(i));
      int end = plan.finalStep(compiled.outputs().get(i));
      uses.add(new PartFlow.Use(reads[0], Math.max(reads[1], end)));
    }
    return new PartFlow(bounds, layout.segments(), uses, scalarsAt, () -> read(compiled));
  }

  /** Reads the four sums of a run. */
  private void read(Compiled compiled) {
    if (compiled.lanes() == 1) {
      read(compiled, 0, result.scalars());
      return;
    }
    for (int lane = 0; lane < inputs.length; lane++) {
      read(compiled, lane, sums.scalars(lane));
    }
    sums.sumTo(result.scalars());
  }

  private void read(Compiled compiled, int lane, double[] scalars) {
    NetworkGraph network = compiled.network();
    scalars[StepResult.WEIGHT_SUM] =
        Memory.getFloat(compiled.plan().address(network.weightSum(), lane));
    scalars[StepResult.LOSS_SUM] = 0;
    for (int i = 0; i < network.heads().size(); i++) { // by index: no iterator is allocated
      NetworkGraph.HeadNodes head = network.heads().get(i);
      scalars[StepResult.LOSS_SUM] += head.weight() * sum(compiled, head.loss(), lane);
    }
    scalars[StepResult.METRIC_SUM] =
        sum(compiled, network.metric(), lane)
            * inputs[lane].labels().rowsPerLabel(network.heads().get(0));
    scalars[StepResult.ROWS] = inputs[lane].batch().rows();
  }

  /** A scalar sum, as a double where its kernel gives one. */
  private static double sum(Compiled compiled, Node node, int lane) {
    long address = compiled.plan().address(node, lane);
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
          sum(last, head.loss(), 0),
          sum(last, head.metric(), 0) * inputs[0].labels().rowsPerLabel(head)
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
    return new NonFinite(network, kernels, sources(network, inputs[0]))
        .first(options, seed, step, slice);
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

  private Compiled compiled(Map<Integer, Compiled> of, int lanes, boolean hooked) {
    int rows = batch().rows();
    if (rows < 1) {
      throw new IllegalStateException("the batch has no rows; fill it and call setRows first");
    }
    Compiled last = current;
    boolean same =
        last != null
            && last.network().rows() == rows
            && last.lanes() == lanes
            && (last.hooked() != null) == hooked;
    if (last == null || !same) {
      last = of.get(rows);
      if (last == null) {
        last = compile(rows, lanes, hooked);
        of.put(rows, last);
      }
      current = last;
    }
    return last;
  }

  private Compiled compile(int rows, int lanes, boolean hooked) {
    NetworkGraph network = Network.build(spec, rows, mode);
    Map<Node, Long> outputs = new LinkedHashMap<>();
    List<Segment> segments = layout.segments();
    List<Node> gradients = new ArrayList<>();
    for (int i = 0; i < network.gradients().size(); i++) {
      long address = gradient + 4L * segments.get(i).offset();
      gradients.add(put(network, outputs, network.gradients().get(i), address));
    }
    outputs.put(network.weightSum(), 0L);
    for (NetworkGraph.HeadNodes head : network.heads()) {
      outputs.put(head.loss(), 0L);
      outputs.put(head.metric(), 0L);
    }
    Map<String, Node> probabilities = new LinkedHashMap<>();
    if (mode != Mode.TRAIN) {
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
    HookedLayers shown = hooked ? new HookedLayers(network, outputs) : null;
    List<Map<Node, Long>> sources =
        Arrays.stream(inputs).limit(lanes).map(input -> sources(network, input)).toList();
    GraphPlan plan = GraphPlan.compile(network.graph(), sources, outputs, kernels, options);
    return new Compiled(network, plan, lanes, shown, probabilities, seen, gradients);
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
  private static Node put(NetworkGraph network, Map<Node, Long> outputs, Node node, long address) {
    Node key = outputs.containsKey(node) ? network.graph().stopGradient(node) : node;
    outputs.put(key, address);
    return key;
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

  private Map<Node, Long> sources(NetworkGraph network, SliceInput input) {
    Map<Node, Long> sources = new HashMap<>();
    for (int i = 0; i < network.parameters().size(); i++) {
      sources.put(network.parameters().get(i), parameters + 4L * layout.segments().get(i).offset());
    }
    input.addTo(sources, network);
    return sources;
  }

  PlanDescription describe(int runs, LongSupplier nanoClock) {
    Compiled compiled = compiled(plans, 1, false);
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
    plansOfLanes.values().forEach(compiled -> compiled.plan().close());
    plansOfLanes.clear();
    plansOfHooks.values().forEach(compiled -> compiled.plan().close());
    plansOfHooks.clear();
    current = null;
    for (SliceInput input : inputs) {
      input.close();
    }
    kernels.close();
    vectors.close();
  }
}
