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
  /** Is told how far a run has come; the number of steps stands for what comes after the last. */
  interface Progress {
    /** A step begins. */
    void before(int step);

    /** A step is done. */
    void after(int step);
  }

  private static final Progress NOBODY =
      new Progress() {
        @Override
        public void before(int step) {}

        @Override
        public void after(int step) {}
      };

  private final List<Step> steps;

  /**
   * The calls of each step, those that bring its results elsewhere among them; then, one past the
   * last step, copies of what no step gives.
   */
  private final KernelCall[][] calls;

  /**
   * The same with what only parameters change, each where it is first needed: for the first run
   * after {@link #parametersChanged}.
   */
  private final KernelCall[][] freshCalls;

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
      List<Step> steps,
      KernelCall[][] calls,
      KernelCall[][] freshCalls,
      Kernels kernels,
      Placement placement,
      Arena arena,
      int[] dropoutIds,
      long dropoutKeys,
      UnaryOperator<Node> placed,
      boolean checked) {
    this.guards = checked ? placement.guards() : null;
    this.calls = calls;
    this.freshCalls = freshCalls;
    this.placed = placed;
    this.steps = steps;
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
    if (!options.checked()) { // a checked plan runs all in order
      lowering.prepareOnce(ParameterSteps.addresses(steps, once, placement::address));
    }
    KernelCall[][] calls = new KernelCall[steps.size() + 1][];
    KernelCall[][] freshCalls = new KernelCall[steps.size() + 1][];
    for (int i = 0; i < calls.length; i++) {
      List<KernelCall> made = lowering.calls();
      int from = made.size();
      if (i < steps.size()) {
        lower(lowering, steps.get(i), placement, once[i], i);
      }
      int copies = made.size();
      placement.copies(i).forEach(lowering::copy);
      boolean unchanged = i < steps.size() && once[i];
      calls[i] = made.subList(unchanged ? copies : from, made.size()).toArray(KernelCall[]::new);
      List<KernelCall> fresh = new ArrayList<>();
      for (KernelCall call : made.subList(from, made.size())) {
        KernelCall preparation = lowering.preparation(call);
        if (preparation != null) {
          fresh.add(preparation);
        }
        fresh.add(call);
      }
      freshCalls[i] = fresh.toArray(KernelCall[]::new);
    }
    return new GraphPlan(
        steps, calls, freshCalls, kernels, placement, arena, ids, keys, placed, options.checked());
  }

  private static void lower(
      Lowering lowering, Step step, Placement placement, boolean once, int index) {
    if (placement.isSummed(step.main())) {
      lowering.lowerSum(step);
      return;
    }
    for (int lane = 0; lane < (once ? 1 : placement.lanes()); lane++) {
      placement.enter(lane);
      lowering.lower(step, placement.scratch(index));
    }
    placement.enter(0);
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
    run(NOBODY);
  }

  /** {@link #run} that tells of each step; the order of the steps is always the same. */
  void run(Progress progress) {
    Guards around = guards;
    KernelCall[][] due = parametersChanged || around != null ? freshCalls : calls;
    parametersChanged = false;
    for (int i = 0; i < due.length; i++) {
      progress.before(i);
      for (KernelCall call : due[i]) {
        call.run();
      }
      progress.after(i);
      if (around != null && i < steps.size()) {
        around.check(
            "the kernel of " + steps.get(i).main() + " (" + steps.get(i).main().op().id() + ")");
      }
    }
  }

  /** Step after which an output stands where it was wanted. */
  int finalStep(Node output) {
    return placement.step(Placement.base(placed.apply(output)));
  }

  /** First and last step of a run that reads a source; {number of steps, -1} when none does. */
  int[] reads(Node source) {
    Node read = placed.apply(source);
    int[] range = {steps.size(), -1};
    if (placement.copies(steps.size()).stream()
        .anyMatch(copy -> Placement.base(copy.from()).equals(read))) {
      range[1] = steps.size();
    }
    for (int i = 0; i < steps.size(); i++) {
      if (steps.get(i).reads().stream().anyMatch(node -> Placement.base(node).equals(read))) {
        range[0] = Math.min(range[0], i);
        range[1] = Math.max(range[1], i);
      }
    }
    return range;
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
    int count = 0;
    for (KernelCall[] ofStep : freshCalls) {
      count += ofStep.length;
    }
    return count;
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
    KernelCall[][] timed = new KernelCall[steps.size()][];
    for (int i = 0; i < timed.length; i++) {
      timed[i] = calls[i].length > 0 ? calls[i] : freshCalls[i];
    }
    long[][] nanos = new long[steps.size()][runs];
    for (int run = 0; run < runs; run++) {
      for (int i = 0; i < nanos.length; i++) {
        long start = nanoClock.getAsLong();
        for (KernelCall call : timed[i]) {
          call.run();
        }
        nanos[i][run] = nanoClock.getAsLong() - start;
      }
    }
    List<PlanDescription.Call> described = new ArrayList<>();
    for (int i = 0; i < nanos.length; i++) {
      if (timed[i].length > 0) {
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
