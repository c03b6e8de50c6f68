package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.ProductRounding;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.kernel.reference.ReferenceExecutor;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A graph with its inputs, run by a plan and by the double-precision reference, and the two
 * compared.
 */
public final class PlanCheck implements AutoCloseable {
  public static final long SEED = 11;
  public static final long STEP = 5;
  public static final int SLICE = 3;

  public final Graph graph = new Graph();
  public final ReferenceExecutor reference = new ReferenceExecutor(graph);
  private final Map<Node, Long> sources = new HashMap<>();
  private final List<Long> owned = new ArrayList<>();
  private final long seed;
  private int streams;

  public PlanCheck(long seed) {
    this.seed = seed;
    reference.dropout(SEED, STEP, SLICE);
  }

  /** Standard normal values. */
  public Node normal(int... dims) {
    return floats(draw(Shape.of(dims)), dims);
  }

  /** Values in [0.5, ...). */
  public Node positive(int... dims) {
    float[] values = draw(Shape.of(dims));
    for (int i = 0; i < values.length; i++) {
      values[i] = 0.5f + Math.abs(values[i]);
    }
    return floats(values, dims);
  }

  /** Zeros and ones. */
  public Node bits(int... dims) {
    float[] values = draw(Shape.of(dims));
    for (int i = 0; i < values.length; i++) {
      values[i] = values[i] > 0 ? 1 : 0;
    }
    return floats(values, dims);
  }

  public Node floats(float[] values, int... dims) {
    Node node = graph.input("x" + streams++, DType.FLOAT32, Shape.of(dims));
    reference.bind(node, values);
    long address = own(4L * values.length);
    Memory.copyIn(values, 0, address, values.length);
    sources.put(node, address);
    return node;
  }

  /** A PARAMETER of standard normal values. */
  public Node parameter(int... dims) {
    Node node = graph.parameter("p" + streams, Shape.of(dims));
    float[] values = draw(Shape.of(dims));
    reference.bind(node, values);
    long address = own(4L * values.length);
    Memory.copyIn(values, 0, address, values.length);
    sources.put(node, address);
    return node;
  }

  /** Ints in [0, limit). */
  public Node ints(int limit, int... dims) {
    Node node = graph.input("i" + streams, DType.INT32, Shape.of(dims));
    int[] values = new int[(int) node.shape().size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (int) (Philox.uniform(seed * 1000 + streams, i) * limit);
    }
    streams++;
    reference.bind(node, values);
    long address = own(4L * values.length);
    Memory.copyIn(values, 0, address, values.length);
    sources.put(node, address);
    return node;
  }

  /** A CSR matrix: about a third of the entries, an empty row among them when there are several. */
  public Node sparse(int rows, int columns) {
    Node node = graph.sparseInput("s" + streams, rows, columns);
    int[] pointers = new int[rows + 1];
    List<Integer> at = new ArrayList<>();
    List<Float> values = new ArrayList<>();
    long key = seed * 1000 + streams++;
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns && r != 1; c++) {
        long index = (long) r * columns + c;
        if (Philox.uniform(key, index) < 0.35f) {
          at.add(c);
          values.add(Philox.normal(key + 500, index));
        }
      }
      pointers[r + 1] = at.size();
    }
    int[] indices = at.stream().mapToInt(Integer::intValue).toArray();
    double[] wide = values.stream().mapToDouble(Float::doubleValue).toArray();
    reference.bindSparse(node, pointers, indices, wide);
    long descriptor = own(24);
    long pointersAt = own(4L * pointers.length);
    long indicesAt = own(4L * indices.length);
    long valuesAt = own(4L * indices.length);
    Memory.copyIn(pointers, 0, pointersAt, pointers.length);
    Memory.copyIn(indices, 0, indicesAt, indices.length);
    for (int i = 0; i < wide.length; i++) {
      Memory.putFloat(valuesAt + 4L * i, (float) wide[i]);
    }
    Memory.putLong(descriptor, pointersAt);
    Memory.putLong(descriptor + 8, indicesAt);
    Memory.putLong(descriptor + 16, valuesAt);
    sources.put(node, descriptor);
    return node;
  }

  private float[] draw(Shape shape) {
    float[] values = new float[(int) shape.size()];
    Philox.fillNormal(seed * 1000 + streams++, 0, values, 0, values.length);
    return values;
  }

  private long own(long bytes) {
    long address = Memory.allocate(bytes);
    owned.add(address);
    return address;
  }

  /**
   * Runs a plan and gives the values of the outputs as floats (ints converted).
   *
   * @param fixed whether outputs are written to addresses from outside
   */
  public Map<Node, float[]> run(
      KernelProvider provider, PlanOptions options, boolean fixed, Node... outputs) {
    Map<Node, Long> targets = new LinkedHashMap<>();
    for (Node output : outputs) {
      targets.put(output, fixed ? own(Placement.bytes(output)) : 0L);
    }
    try (Kernels kernels = provider.open();
        GraphPlan plan = GraphPlan.compile(graph, sources, targets, kernels, options)) {
      return values(plan, targets);
    }
  }

  /** A plan of one output; the caller closes it. */
  public GraphPlan plan(Kernels kernels, Node output) {
    return GraphPlan.compile(graph, sources, Map.of(output, 0L), kernels, PlanOptions.DEFAULT);
  }

  /** Runs a plan of a rounded copy of the graph as it is; the values of the original's nodes. */
  public Map<Node, float[]> runRounded(Kernels kernels, ProductRounding rounding, Node... outputs) {
    Map<Node, Long> copied = new HashMap<>();
    sources.forEach((node, address) -> copied.put(rounding.copy(node), address));
    Map<Node, Long> targets = new LinkedHashMap<>();
    Map<Node, float[]> result = new LinkedHashMap<>();
    for (Node output : outputs) {
      targets.put(rounding.copy(output), 0L);
    }
    try (GraphPlan plan =
        GraphPlan.compile(rounding.graph(), copied, targets, kernels, PlanOptions.DEFAULT)) {
      Map<Node, float[]> found = values(plan, targets);
      for (Node output : outputs) {
        result.put(output, found.get(rounding.copy(output)));
      }
    }
    return result;
  }

  private static Map<Node, float[]> values(GraphPlan plan, Map<Node, Long> targets) {
    Map<Node, float[]> result = new LinkedHashMap<>();
    plan.setDropout(SEED, STEP, SLICE);
    plan.run();
    plan.run(); // the second run finds the memory that the first one left
    targets.forEach(
        (node, target) -> {
          long at = target == 0 ? plan.address(node) : target;
          float[] values = new float[(int) node.shape().size()];
          for (int i = 0; i < values.length; i++) {
            values[i] =
                node.dtype() == DType.INT32
                    ? Memory.getInt(at + 4L * i)
                    : Memory.getFloat(at + 4L * i);
          }
          result.put(node, values);
        });
    return result;
  }

  /**
   * Checks outputs against the reference with every combination of options. The error of a sum of n
   * rounded terms grows like n^0.5 for terms of random sign; 16 units in the last place of the
   * largest value leave room for the polynomials of the elementary functions (a few units) and for
   * chains of some operations.
   *
   * @param terms longest sum behind an output
   */
  public void agree(KernelProvider provider, int terms, Node... outputs) {
    for (PlanOptions options :
        List.of(
            PlanOptions.DEFAULT,
            new PlanOptions(false, true),
            new PlanOptions(true, false),
            PlanOptions.CHECKED)) {
      run(provider, options, options.fuse(), outputs)
          .forEach((node, values) -> close(node, values, terms, options));
    }
  }

  private void close(Node node, float[] values, int terms, PlanOptions options) {
    double[] expected = reference.value(node);
    double largest = 1;
    for (double value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    double tolerance = 16 * Math.ulp(1f) * Math.sqrt(terms) * largest;
    for (int i = 0; i < values.length; i++) {
      assertThat((double) values[i])
          .as("%s element %d with %s", node, i, options)
          .isCloseTo(expected[i], within(tolerance));
    }
  }

  @Override
  public void close() {
    owned.forEach(Memory::free);
    owned.clear();
  }
}
