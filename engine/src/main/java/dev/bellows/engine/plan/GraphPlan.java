package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.ProductRounding;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.sample.Mix64;
import dev.bellows.engine.sample.Purpose;
import dev.bellows.engine.tensor.Arena;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Memory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A graph as a fixed list of kernel calls over one arena. Shapes, places and kernels are decided
 * once, when it is compiled; {@link #run} only computes and allocates nothing.
 *
 * <p>A plan may compute several slices side by side, each in a lane of its own: every step for all
 * lanes, then the next step, so that parameters are read from the cache and gradients are summed
 * where they are made.
 *
 * <p>A plan belongs to the session that it was compiled with: one thread at a time.
 */
public final class GraphPlan implements AutoCloseable {
  /** Run when parameters changed: what depends on nothing else. */
  private final KernelCall[] parameterCalls;

  private final KernelCall[] calls;
  private final List<Step> steps;

  /** The calls of each step, in the order of {@link #steps}. */
  private final KernelCall[][] stepCalls;

  private final Kernels kernels;
  private final Placement placement;
  private final Arena arena;
  private final int[] dropoutIds;
  private final long dropoutKeys;
  private final UnaryOperator<Node> placed;

  /** Watched memory of a checked plan, else null. */
  private final @Nullable Guards guards;

  private boolean parametersChanged = true;

  private GraphPlan(
      KernelCall[] parameterCalls,
      KernelCall[] calls,
      List<Step> steps,
      KernelCall[][] stepCalls,
      Kernels kernels,
      Placement placement,
      Arena arena,
      int[] dropoutIds,
      long dropoutKeys,
      UnaryOperator<Node> placed,
      boolean checked) {
    this.guards = checked ? placement.guards() : null;
    this.parameterCalls = parameterCalls;
    this.calls = calls;
    this.placed = placed;
    this.steps = steps;
    this.stepCalls = stepCalls;
    this.kernels = kernels;
    this.placement = placement;
    this.arena = arena;
    this.dropoutIds = dropoutIds;
    this.dropoutKeys = dropoutKeys;
  }

  /**
   * Compiles what {@code outputs} need.
   *
   * @param sources address of each INPUT and PARAMETER node that is needed; of a SPARSE_INPUT the
   *     address of three addresses: row pointers, columns, values
   * @param outputs nodes whose values are wanted, each with the address to write to, or 0 to let
   *     the plan choose
   * @throws IllegalArgumentException when a needed source has no address, or the arena would be
   *     larger than the options allow: the message has the table of the largest tensors
   */
  public static GraphPlan compile(
      Graph graph,
      Map<Node, Long> sources,
      Map<Node, Long> outputs,
      Kernels kernels,
      PlanOptions options) {
    return compile(graph, List.of(sources), outputs, kernels, options);
  }

  /**
   * Compiles a plan of several lanes.
   *
   * @param sources per lane the addresses of the same nodes; one or a power of two of lanes
   * @param outputs an output with an address gets the sum of the lanes there, added as a binary
   *     tree; what has none stays in each lane
   */
  static GraphPlan compile(
      Graph graph,
      List<Map<Node, Long>> sources,
      Map<Node, Long> outputs,
      Kernels kernels,
      PlanOptions options) {
    if (options.products() == DType.FLOAT32) {
      return compile(graph, sources, outputs, kernels, options, UnaryOperator.identity());
    }
    ProductRounding rounding = rounding(graph, kernels);
    return compile(
        rounding.graph(),
        sources.stream().map(lane -> copied(rounding, lane)).toList(),
        copied(rounding, outputs),
        kernels,
        options,
        rounding::copy);
  }

  /** The graph with those products rounded that are faster so. */
  static ProductRounding rounding(Graph graph, Kernels kernels) {
    return ProductRounding.of(graph, node -> prefersRounded(kernels, node));
  }

  private static boolean prefersRounded(Kernels kernels, Node product) {
    return !ConvolutionLowering.isProduct(product.op())
        || kernels
            .convolution()
            .prefersRounded(
                ConvolutionLowering.shape(product), ConvolutionLowering.product(product.op()));
  }

  private static Map<Node, Long> copied(ProductRounding rounding, Map<Node, Long> addresses) {
    Map<Node, Long> copied = new LinkedHashMap<>();
    addresses.forEach((node, address) -> copied.put(rounding.copy(node), address));
    return copied;
  }

  private static GraphPlan compile(
      Graph graph,
      List<Map<Node, Long>> sources,
      Map<Node, Long> outputs,
      Kernels kernels,
      PlanOptions options,
      UnaryOperator<Node> placed) {
    List<Step> steps = Fusion.steps(graph, outputs.keySet(), options.fuse());
    int[] ids = dropoutIds(steps);
    boolean[] once = ParameterSteps.of(steps, outputs);
    Placement placement =
        new Placement(steps, once, sources, outputs, options, step -> Lowering.sums(kernels, step));
    placement.refuseAbove(options.memoryLimitBytes());
    long keyBytes = 8L * ids.length * placement.lanes();
    Arena arena = new Arena(placement.arenaBytes() + 64L + keyBytes);
    long keys = arena.take(keyBytes);
    placement.settle(arena);
    Lowering lowering = new Lowering(kernels, placement, ids, keys);
    KernelCall[][] stepCalls = new KernelCall[steps.size()][];
    lower(lowering, steps, placement, once, true, stepCalls);
    List<KernelCall> parameterCalls = new ArrayList<>(lowering.calls());
    if (!options.checked()) { // a checked plan runs all in order
      lowering.prepareOnce(ParameterSteps.addresses(steps, once, placement::address));
    }
    lower(lowering, steps, placement, once, false, stepCalls);
    placement.copies().forEach(lowering::copy);
    List<KernelCall> calls =
        lowering.calls().subList(parameterCalls.size(), lowering.calls().size());
    parameterCalls.addAll(lowering.preparations());
    return new GraphPlan(
        parameterCalls.toArray(KernelCall[]::new),
        calls.toArray(KernelCall[]::new),
        steps,
        stepCalls,
        kernels,
        placement,
        arena,
        ids,
        keys,
        placed,
        options.checked());
  }

  private static void lower(
      Lowering lowering,
      List<Step> steps,
      Placement placement,
      boolean[] once,
      boolean wanted,
      KernelCall[][] stepCalls) {
    for (int i = 0; i < steps.size(); i++) {
      if (once[i] == wanted) {
        int before = lowering.calls().size();
        if (placement.isSummed(steps.get(i).main())) {
          lowering.lowerSum(steps.get(i));
        } else {
          for (int lane = 0; lane < (wanted ? 1 : placement.lanes()); lane++) {
            placement.enter(lane);
            lowering.lower(steps.get(i), placement.scratch(i));
          }
          placement.enter(0);
        }
        stepCalls[i] =
            lowering.calls().subList(before, lowering.calls().size()).toArray(KernelCall[]::new);
      }
    }
  }

  private static int[] dropoutIds(List<Step> steps) {
    List<Integer> ids = new ArrayList<>();
    for (Step step : steps) {
      if (ParameterSteps.random(step.main().op())) {
        int id = step.main().attributes().integer("id");
        if (!ids.contains(id)) {
          ids.add(id);
        }
      }
    }
    return ids.stream().mapToInt(Integer::intValue).toArray();
  }

  /**
   * Sets the masks of every dropout and the numbers of every random node: a function of seed, step,
   * slice and the node's id.
   */
  public void setDropout(long seed, long step, int slice) {
    setDropout(0, seed, step, slice);
  }

  /** {@link #setDropout(long, long, int)} of one lane. */
  void setDropout(int lane, long seed, long step, int slice) {
    long place = Mix64.mix(seed, Purpose.DROPOUT, step, slice);
    long keys = dropoutKeys + 8L * lane * dropoutIds.length;
    for (int i = 0; i < dropoutIds.length; i++) {
      Memory.putLong(keys + 8L * i, Mix64.mix(place, Purpose.DROPOUT, dropoutIds[i]));
    }
  }

  /** Says that values of PARAMETER sources changed since the last {@link #run}. */
  public void parametersChanged() {
    parametersChanged = true;
  }

  /**
   * Computes every output. What depends on parameters and constants alone is computed in the first
   * run and in the one after {@link #parametersChanged}.
   */
  public void run() {
    if (guards != null) {
      runChecked(guards);
      return;
    }
    if (parametersChanged) {
      for (KernelCall call : parameterCalls) {
        call.run();
      }
      parametersChanged = false;
    }
    for (KernelCall call : calls) {
      call.run();
    }
  }

  private void runChecked(Guards around) {
    for (int i = 0; i < steps.size(); i++) {
      for (KernelCall call : stepCalls[i]) {
        call.run();
      }
      around.check(
          "the kernel of " + steps.get(i).main() + " (" + steps.get(i).main().op().id() + ")");
    }
    for (int i = calls.length - placement.copies().size(); i < calls.length; i++) {
      calls[i].run();
    }
  }

  /** Where the value of an output is after {@link #run}. */
  public long address(Node output) {
    return placement.address(placed.apply(output));
  }

  /** Where the value of an output of one lane is after {@link #run}. */
  long address(Node output, int lane) {
    return placement.address(placed.apply(output), lane);
  }

  /** Number of kernel calls of a first run. */
  public int callCount() {
    return parameterCalls.length + calls.length;
  }

  /** The calls in order, for people. */
  public List<PlanDescription.Call> described() {
    return described(0, () -> 0);
  }

  /**
   * The calls in order, each with its median time.
   *
   * @param runs how often each step is timed; 0: not at all
   * @param nanoClock nanoseconds from any start
   */
  public List<PlanDescription.Call> described(int runs, LongSupplier nanoClock) {
    long[][] nanos = new long[steps.size()][runs];
    for (int run = 0; run < runs; run++) {
      for (int i = 0; i < nanos.length; i++) {
        long start = nanoClock.getAsLong();
        for (KernelCall call : stepCalls[i]) {
          call.run();
        }
        nanos[i][run] = nanoClock.getAsLong() - start;
      }
    }
    List<PlanDescription.Call> described = new ArrayList<>();
    for (int i = 0; i < nanos.length; i++) {
      if (stepCalls[i].length > 0) {
        Arrays.sort(nanos[i]);
        long median = runs == 0 ? 0 : nanos[i][runs / 2];
        described.add(Descriptions.of(steps.get(i), kernels, median));
      }
    }
    return described;
  }

  /** Bytes of the arena. */
  public long arenaBytes() {
    return arena.capacityBytes();
  }

  /** Bytes that the arena would have without sharing. */
  public long unsharedBytes() {
    return placement.unsharedBytes();
  }

  @Override
  public void close() {
    arena.close();
  }
}
