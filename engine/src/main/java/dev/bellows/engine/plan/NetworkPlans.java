package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.nn.InputSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.Mode;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkGraph;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.ParameterLayout;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.tensor.Arena;
import dev.bellows.engine.tensor.Memory;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a trainer and a predictor have in common: parameters, input buffers, and one plan per number
 * of rows.
 */
final class NetworkPlans implements AutoCloseable {
  /** A plan and the nodes of its graph. */
  record Compiled(NetworkGraph network, GraphPlan plan, Node probabilities) {}

  private final NetworkSpec spec;
  private final Mode mode;
  private final PlanOptions options;
  private final KernelProvider provider;
  private final ParameterLayout layout;
  private final Kernels kernels;
  private final BatchBuffers batch;
  private final Arena vectors;
  private final long parameters;
  private final long gradient;
  private final Map<Integer, Compiled> plans = new HashMap<>();
  private final StepResult result = new StepResult();
  private @Nullable Compiled current;
  private boolean hasParameters;

  NetworkPlans(
      NetworkSpec spec, int maxRows, KernelProvider provider, Mode mode, PlanOptions options) {
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
            input.categorical().size(),
            input.sparseWidth(),
            spec.loss().kind().usesLabels() ? 0 : spec.outputs());
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
    plans.values().forEach(compiled -> compiled.plan().parametersChanged());
  }

  /** Runs the plan for the batch's rows and reads the four sums. */
  Compiled run(long seed, long step, int slice) {
    if (!hasParameters) {
      throw new IllegalStateException("no parameters yet; call setParameters first");
    }
    Compiled compiled = compiled();
    checkInput();
    compiled.plan().setDropout(seed, step, slice);
    compiled.plan().run();
    NetworkGraph network = compiled.network();
    double[] scalars = result.scalars();
    scalars[StepResult.WEIGHT_SUM] = Memory.getFloat(compiled.plan().address(network.weightSum()));
    scalars[StepResult.LOSS_SUM] = Memory.getDouble(compiled.plan().address(network.loss()) + 8);
    scalars[StepResult.METRIC_SUM] =
        Memory.getDouble(compiled.plan().address(network.metric()) + 8);
    scalars[StepResult.ROWS] = batch.rows();
    current = compiled;
    return compiled;
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
    outputs.put(network.loss(), 0L);
    outputs.put(network.weightSum(), 0L);
    outputs.put(network.metric(), 0L);
    Node probabilities = network.output();
    if (mode == Mode.EVALUATE) {
      outputs.put(network.output(), 0L);
      probabilities = probabilities(network);
      outputs.put(probabilities, 0L);
    }
    GraphPlan plan =
        GraphPlan.compile(network.graph(), sources(network), outputs, kernels, options);
    return new Compiled(network, plan, probabilities);
  }

  /** Two segments may have the very same gradient: an alias stands for it the second time. */
  private static void put(NetworkGraph network, Map<Node, Long> outputs, Node node, long address) {
    Node key = outputs.containsKey(node) ? network.graph().stopGradient(node) : node;
    outputs.put(key, address);
  }

  private Node probabilities(NetworkGraph network) {
    LossKind kind = spec.loss().kind();
    if (kind == LossKind.SOFTMAX_CROSS_ENTROPY) {
      return network.graph().softmax(network.output(), 1);
    }
    return kind == LossKind.SIGMOID_CROSS_ENTROPY
        ? network.graph().sigmoid(network.output())
        : network.output();
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
    if (spec.loss().kind().usesLabels()) {
      check(batch.labels(), rows, 1, spec.outputs(), "label");
    }
    List<InputSpec.Categorical> columns = input.categorical();
    for (int c = 0; c < columns.size(); c++) {
      long codes = batch.codes() + 4L * c;
      check(codes, rows, columns.size(), columns.get(c).cardinality(), columns.get(c).name());
    }
    if (input.sparseWidth() > 0) {
      checkCsr(rows, input.sparseWidth());
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

  PlanDescription describe() {
    Compiled compiled = compiled();
    List<PlanDescription.Call> calls = compiled.plan().described();
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
    vectors.close();
    batch.close();
  }
}
