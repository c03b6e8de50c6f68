package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Attributes;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.kernel.Loss;
import dev.bellows.engine.tensor.Arena;
import dev.bellows.engine.tensor.Memory;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Where every value of a plan lives: at an address given from outside, among the constants, or in a
 * block of the arena that is alive from the step that computes it to the last step that reads it.
 */
final class Placement {
  /** A place: a fixed address, an address per lane, or a block of each lane's part of the arena. */
  private static final class Place {
    long address;
    long @Nullable [] addresses;
    MemoryPlanner.@Nullable Block block;

    /** Whether the block of lane 0 serves all lanes. */
    boolean shared;
  }

  /** A value that must also stand somewhere else. */
  record Copy(Node from, long to) {}

  /** Steps whose kernels may write their main result over an operand. */
  private static final Set<StepKind> IN_PLACE =
      EnumSet.of(
          StepKind.SINGLE,
          StepKind.GRADIENT_WITH_SUMS,
          StepKind.GELU_WITH_SLOPE,
          StepKind.NORM_GRADIENTS);

  /** Rows of the table of largest tensors. */
  private static final int TABLE = 8;

  private static final int FOREVER = 1 << 20;

  private final Map<Node, Place> places = new HashMap<>();
  private final Map<Node, Integer> stepOf = new HashMap<>();
  private final Map<Node, Integer> pendingReads = new HashMap<>();
  private final Map<Node, Long> targets = new HashMap<>();
  private final List<Copy> copies = new ArrayList<>();
  private final MemoryPlanner planner = new MemoryPlanner();
  private final MemoryPlanner.@Nullable Block[] scratch;
  private final Map<Node, Place> constants = new LinkedHashMap<>();
  private final Map<Node, Long> tables = new LinkedHashMap<>();
  private final boolean share;

  /** Bytes on both sides of a block that stay unwritten; 0 unless the plan is checked. */
  private final int guardBytes;

  private final boolean[] once;

  /** Results whose kernel writes the sum over all lanes to where the output is wanted. */
  private final Set<Node> summed = new HashSet<>();

  private final Predicate<Step> sums;
  private final List<Map<Node, Long>> sources;
  private final int lanes;
  private final long blockBytes;
  private final long constantBytes;
  private long base;
  private int lane;

  /**
   * @param once which steps run only when parameters changed: their results are kept
   * @param sources of each lane, the same nodes in all
   * @param sums whether a step can write the sum over the lanes at once
   */
  Placement(
      List<Step> steps,
      boolean[] once,
      List<Map<Node, Long>> sources,
      Map<Node, Long> outputs,
      PlanOptions options,
      Predicate<Step> sums) {
    this.lanes = sources.size();
    this.sources = sources;
    this.sums = sums;
    this.share = options.shareMemory();
    this.guardBytes = options.checked() ? Guards.BYTES : 0;
    this.once = once;
    this.scratch = new MemoryPlanner.Block[steps.size()];
    countReads(steps);
    for (int i = 0; i < steps.size(); i++) {
      if (once[i]) {
        steps
            .get(i)
            .results()
            .forEach(kept -> pendingReads.merge(base(kept), FOREVER, Integer::sum));
      }
    }
    if (lanes > 1) {
      steps.stream().filter(step -> sumsAtOnce(step, outputs)).forEach(s -> summed.add(s.main()));
    }
    for (Map.Entry<Node, Long> output : outputs.entrySet()) {
      target(output.getKey(), output.getValue());
    }
    for (int i = 0; i < steps.size(); i++) {
      place(steps.get(i), i);
    }
    for (Node output : outputs.keySet()) {
      MemoryPlanner.Block block = placeOf(output).block;
      if (block != null) {
        block.extend(FOREVER);
      }
    }
    this.blockBytes = planner.place(share);
    this.constantBytes =
        constants.keySet().stream().mapToLong(node -> Memory.align(bytes(node))).sum()
            + tables.keySet().stream().mapToLong(node -> Memory.align(tableBytes(node))).sum();
  }

  /** Whether nothing but outputs needs the result of a step, and only summed over the lanes. */
  private boolean sumsAtOnce(Step step, Map<Node, Long> outputs) {
    Node result = step.main();
    return sums.test(step)
        && pendingReads.getOrDefault(result, 0) == 0
        && outputs.entrySet().stream()
            .filter(output -> base(output.getKey()).equals(result))
            .allMatch(output -> output.getValue() != 0);
  }

  private void countReads(List<Step> steps) {
    for (Step step : steps) {
      if (!isAlias(step.main().op())) {
        for (Node read : step.reads()) {
          pendingReads.merge(base(read), 1, Integer::sum);
        }
      }
    }
  }

  /** Lets the node that makes an output write to the output's address, or copies at the end. */
  private void target(Node output, long address) {
    Node origin = base(output);
    pendingReads.merge(origin, FOREVER, Integer::sum);
    if (address == 0) {
      return;
    }
    boolean eachLane = lanes > 1 && !summed.contains(origin); // to be added afterwards
    if (eachLane
        || Fusion.isSource(origin.op())
        || LossOps.isScalarSum(origin.op())
        || targets.putIfAbsent(origin, address) != null) {
      copies.add(new Copy(output, address));
    }
  }

  private void place(Step step, int index) {
    for (Node read : step.reads()) {
      MemoryPlanner.Block block = placeOf(read).block;
      if (block != null) {
        block.extend(index);
      }
      if (!isAlias(step.main().op())) {
        pendingReads.merge(base(read), -1, Integer::sum);
      }
    }
    for (Node result : step.results()) {
      if (!isAlias(result.op())) {
        places.put(result, placeResult(step, result, index));
        stepOf.put(result, index);
      }
    }
    if (step.main().op() == Op.CLASS_WEIGHTS) {
      tables.put(step.main(), 0L);
    }
    long scratchBytes = ReduceAxes.scratchBytes(step.main());
    if (scratchBytes > 0) {
      scratch[index] = planner.block(scratchBytes + 2L * guardBytes, index);
    }
  }

  private Place placeResult(Step step, Node result, int index) {
    Place place = new Place();
    Long target = targets.get(result);
    if (target != null) {
      place.address = target;
      return place;
    }
    boolean mayOverwrite = share && !once[index] && result == step.main();
    Place overwritten = mayOverwrite ? overwritable(step, result) : null;
    if (overwritten != null && overwritten.block != null) {
      overwritten.block.extend(index);
      return overwritten;
    }
    if (once[index]) {
      place.block = planner.block(bytes(result) + 2L * guardBytes, 0);
      place.block.extend(FOREVER);
      place.shared = true;
    } else {
      place.block = planner.block(bytes(result) + 2L * guardBytes, index);
    }
    return place;
  }

  /**
   * An operand of an elementwise kernel that nobody reads afterwards and whose block is large
   * enough.
   */
  private @Nullable Place overwritable(Step step, Node result) {
    if (step.kind() == StepKind.BATCH_NORM_FORWARD || step.kind() == StepKind.BATCH_NORM_BACKWARD) {
      return overwritable(step.reads(), result);
    }
    Op op = result.op();
    boolean elementwise =
        ElementwiseOps.isUnary(op)
            || ElementwiseOps.isArithmetic(op)
            || ElementwiseOps.isGradient(op)
            || op == Op.DROPOUT
            || op == Op.GROUP_NORM
            || op == Op.GROUP_NORM_GRAD;
    if (!elementwise || !IN_PLACE.contains(step.kind())) {
      return null;
    }
    return overwritable(result.inputs(), result);
  }

  private @Nullable Place overwritable(List<Node> operands, Node result) {
    for (Node input : operands) {
      Place place = places.get(base(input));
      if (place != null
          && place.block != null
          && pendingReads.getOrDefault(base(input), 0) == 0
          && input.shape().equals(result.shape())) {
        return place;
      }
    }
    return null;
  }

  private Place placeOf(Node node) {
    Node origin = base(node);
    Place place = places.get(origin);
    if (place != null) {
      return place;
    }
    Place source = new Place();
    if (origin.op() == Op.CONSTANT) {
      constants.put(origin, source);
    } else {
      source.addresses = sources.stream().mapToLong(given -> address(given, origin)).toArray();
    }
    places.put(origin, source);
    return source;
  }

  private static long address(Map<Node, Long> given, Node source) {
    Long address = given.get(source);
    if (address == null || address == 0) {
      throw new IllegalArgumentException(
          "the plan needs " + source.op().id() + " " + source + ", but it was given no address");
    }
    return address;
  }

  static boolean isAlias(Op op) {
    return op == Op.RESHAPE || op == Op.STOP_GRADIENT;
  }

  /** The node whose memory a node shows: itself, or the origin of a chain of reshapes. */
  static Node base(Node node) {
    Node origin = node;
    while (isAlias(origin.op())) {
      origin = origin.input(0);
    }
    return origin;
  }

  static long bytes(Node node) {
    return LossOps.isScalarSum(node.op())
        ? Loss.RESULT_BYTES
        : node.shape().size() * node.dtype().bytes();
  }

  /** Refuses a plan that needs more memory than allowed, with its largest tensors. */
  void refuseAbove(long limitBytes) {
    if (arenaBytes() <= limitBytes) {
      return;
    }
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "the plan needs %,d bytes, the limit is %,d: use fewer rows per slice, recompute"
                + " blocks of layers or give the task more memory. Largest tensors:%n",
            arenaBytes(),
            limitBytes));
    Set<MemoryPlanner.Block> shown = new HashSet<>();
    places.entrySet().stream()
        .filter(entry -> entry.getValue().block != null)
        .sorted(Comparator.comparingInt(entry -> entry.getKey().id()))
        .filter(entry -> shown.add(entry.getValue().block)) // one line for results in place
        .sorted(
            Comparator.comparingLong((Map.Entry<Node, Place> e) -> -bytes(e.getKey()))
                .thenComparingInt(e -> e.getKey().id()))
        .limit(TABLE)
        .forEach(
            e ->
                text.append(
                    String.format(
                        Locale.ROOT,
                        "  %,15d bytes  %s (%s)%n",
                        bytes(e.getKey()),
                        e.getKey(),
                        e.getKey().op().id())));
    throw new IllegalArgumentException(text.toString().strip());
  }

  long arenaBytes() {
    return lanes * blockBytes + constantBytes + Memory.ALIGNMENT_BYTES;
  }

  long unsharedBytes() {
    return lanes * planner.unsharedBytes() + constantBytes;
  }

  int lanes() {
    return lanes;
  }

  /** Says whose addresses are asked for from here on. */
  void enter(int lane) {
    this.lane = lane;
  }

  /** The lane whose addresses are asked for. */
  int lane() {
    return lane;
  }

  /** Whether the kernel of the step that gives this writes the sum over the lanes. */
  boolean isSummed(Node result) {
    return summed.contains(result);
  }

  /** {@link #address(Node)} in every lane. */
  long[] addresses(Node node) {
    long[] addresses = new long[lanes];
    for (int i = 0; i < lanes; i++) {
      addresses[i] = address(node, i);
    }
    return addresses;
  }

  /** Takes the memory and writes the constants; from here on addresses are known. */
  void settle(Arena arena) {
    base = arena.take(lanes * blockBytes);
    for (Map.Entry<Node, Place> constant : constants.entrySet()) {
      Node node = constant.getKey();
      long address = arena.take(bytes(node));
      constant.getValue().address = address;
      Attributes attributes = node.attributes();
      if (attributes.has("values")) {
        write(attributes.numbers("values"), address);
      } else {
        float value = (float) attributes.number("value");
        for (long i = 0; i < node.shape().size(); i++) {
          Memory.putFloat(address + 4 * i, value);
        }
      }
    }
    for (Map.Entry<Node, Long> table : tables.entrySet()) {
      table.setValue(arena.take(tableBytes(table.getKey())));
      write(table.getKey().attributes().numbers("weights"), table.getValue());
    }
  }

  private static void write(double[] values, long address) {
    for (int i = 0; i < values.length; i++) {
      Memory.putFloat(address + 4L * i, (float) values[i]);
    }
  }

  private static long tableBytes(Node classWeights) {
    return 4L * classWeights.attributes().numbers("weights").length;
  }

  /** The weights per class of a CLASS_WEIGHTS node. */
  long table(Node classWeights) {
    Long address = tables.get(classWeights);
    if (address == null) {
      throw new IllegalArgumentException(classWeights + " has no table in this plan");
    }
    return address;
  }

  /** Where the value of a node is in the lane entered. */
  long address(Node node) {
    return address(node, lane);
  }

  /** Where the value of a node is in a lane. */
  long address(Node node, int of) {
    Place place = places.get(base(node));
    if (place == null) {
      throw new IllegalArgumentException(node + " is not computed by this plan");
    }
    if (place.block != null) {
      return start(place.block, place.shared ? 0 : of);
    }
    return place.addresses == null ? place.address : place.addresses[of];
  }

  private long start(MemoryPlanner.Block block, int of) {
    return base + of * blockBytes + block.offset + guardBytes;
  }

  /** Scratch memory of a step in the lane entered; 0 when it needs none. */
  long scratch(int step) {
    MemoryPlanner.Block block = scratch[step];
    return block == null ? 0 : start(block, lane);
  }

  /** Guards around the results of a checked plan. */
  Guards guards() {
    Guards guards = new Guards();
    places.forEach(
        (node, place) -> {
          MemoryPlanner.Block block = place.block;
          if (block != null) {
            long start = base + block.offset;
            guards.around(
                node.toString(), start, start + guardBytes, bytes(node), start + block.bytes);
          }
        });
    return guards;
  }

  /** Step that gives a node's value; one past the last step for what no step gives. */
  int step(Node origin) {
    return stepOf.getOrDefault(origin, once.length);
  }

  /** What has to be copied after a step, or, one past the last step, at the end. */
  List<Copy> copies(int step) {
    return copies.stream().filter(copy -> step(base(copy.from())) == step).toList();
  }
}
