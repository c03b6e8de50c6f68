package dev.bellows.engine.kernel.reference;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.tensor.DType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Evaluates any {@link Graph} in double precision, one plain loop per op: the truth that fast
 * kernels and gradients are compared with, and slow on purpose. Every tensor is a {@code double[]},
 * row-major; ints are held as doubles (exact).
 *
 * <p>Bind the sources, then ask for values; results are kept until something is bound anew. Not
 * thread-safe.
 *
 * <pre>{@code
 * ReferenceExecutor run = new ReferenceExecutor(graph);
 * run.bind(x, new double[] {1, 2, 3});
 * double[] y = run.value(output);
 * }</pre>
 */
public final class ReferenceExecutor {
  private final Graph graph;
  private final Map<Node, double[]> bound = new HashMap<>();
  private final Map<Node, Csr> sparse = new HashMap<>();
  private final Map<Node, double[]> values = new HashMap<>();
  private long dropoutSeed;
  private long dropoutStep;
  private int dropoutSlice;

  /** An executor of a graph that may still grow. */
  public ReferenceExecutor(Graph graph) {
    this.graph = graph;
  }

  /**
   * Binds an INPUT or PARAMETER (or overrides any other node, which finite differences use). The
   * array is copied.
   *
   * @throws IllegalArgumentException when the length is not that of the node's shape
   */
  public void bind(Node node, double[] value) {
    if (node.op() == Op.SPARSE_INPUT) {
      throw new IllegalArgumentException(node + " is sparse: bind it with bindSparse");
    }
    if (value.length != node.shape().size()) {
      throw new IllegalArgumentException(
          node + " holds " + node.shape().size() + " values, got " + value.length);
    }
    bound.put(node, value.clone());
    values.clear();
  }

  /** Binds from floats. */
  public void bind(Node node, float[] value) {
    double[] wide = new double[value.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = value[i];
    }
    bind(node, wide);
  }

  /** Binds an int input (labels, codes). */
  public void bind(Node node, int[] value) {
    if (node.dtype() != DType.INT32) {
      throw new IllegalArgumentException(node + " is " + node.dtype() + ", got ints");
    }
    bind(node, Arrays.stream(value).asDoubleStream().toArray());
  }

  /**
   * Binds a CSR matrix [N, D]: row i holds entries {@code rowPointers[i]} to {@code rowPointers[i +
   * 1]}. A column may stand more than once in a row; its values are added.
   */
  public void bindSparse(Node node, int[] rowPointers, int[] columns, double[] values) {
    if (node.op() != Op.SPARSE_INPUT) {
      throw new IllegalArgumentException(node + " is not a sparse input");
    }
    sparse.put(node, new Csr(node, rowPointers, columns, values));
    this.values.clear();
  }

  /** Sets what the masks of DROPOUT nodes and the numbers of RANDOM nodes depend on. */
  public void dropout(long seed, long step, int slice) {
    dropoutSeed = seed;
    dropoutStep = step;
    dropoutSlice = slice;
    values.clear();
  }

  /**
   * The value of a node, computed with all it needs.
   *
   * @return the values row-major; do not change them
   * @throws IllegalStateException when a source it needs is not bound
   */
  public double[] value(Node node) {
    boolean[] needed = new boolean[node.id() + 1];
    needed[node.id()] = true;
    for (int id = node.id(); id >= 0; id--) {
      Node at = graph.nodes().get(id);
      if (needed[id] && !values.containsKey(at) && !bound.containsKey(at)) {
        for (Node input : at.inputs()) {
          needed[input.id()] = true;
        }
      }
    }
    for (int id = 0; id <= node.id(); id++) {
      Node at = graph.nodes().get(id);
      if (needed[id] && !values.containsKey(at) && at.op() != Op.SPARSE_INPUT) {
        double[] given = bound.get(at);
        values.put(at, given != null ? given : compute(at));
      }
    }
    return get(node);
  }

  /** The value of a scalar node. */
  public double scalar(Node node) {
    if (node.shape().rank() != 0) {
      throw new IllegalArgumentException(node + " is not a scalar");
    }
    return value(node)[0];
  }

  private double[] get(Node node) {
    double[] value = values.get(node);
    if (value == null) {
      throw new IllegalStateException(node + " has no value");
    }
    return value;
  }

  private double[] compute(Node n) {
    List<Node> in = n.inputs();
    switch (n.op()) {
      case INPUT, PARAMETER ->
          throw new IllegalStateException(n + " (" + n.op().id() + ") is not bound");
      case SPARSE_MATMUL, SPARSE_MATMUL_TRANSPOSED -> {
        Csr matrix = sparse.get(in.get(0));
        if (matrix == null) {
          throw new IllegalStateException(in.get(0) + " (sparse_input) is not bound");
        }
        int columns = n.shape().dim(1);
        double[] dense = get(in.get(1));
        return n.op() == Op.SPARSE_MATMUL
            ? matrix.times(dense, columns)
            : matrix.transposedTimes(dense, columns);
      }
      case DROPOUT -> {
        return Normalisation.dropout(n, get(in.get(0)), dropoutSeed, dropoutStep, dropoutSlice);
      }
      case RANDOM -> {
        return Normalisation.random(n, dropoutSeed, dropoutStep, dropoutSlice);
      }
      default -> {}
    }
    double[][] inputs = new double[in.size()][];
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = get(in.get(i));
    }
    return switch (n.op().family()) {
      case CORE -> core(n, inputs);
      case CONVOLUTION -> Convolutions.compute(n, inputs);
      case POOLING -> Poolings.compute(n, inputs);
      case NORMALISATION -> Normalisations.compute(n, inputs);
      case INDEXING -> Indexings.compute(n, inputs);
      case ATTENTION -> Attentions.compute(n, inputs);
      case RECURRENCE -> Recurrences.compute(n, inputs);
      case ALIGNMENT -> Alignments.compute(n, inputs);
    };
  }

  private static double[] core(Node n, double[][] inputs) {
    double @Nullable [] result = Elementwise.compute(n, inputs);
    if (result == null) {
      result = Layout.compute(n, inputs);
    }
    if (result == null) {
      result = Normalisation.compute(n, inputs);
    }
    if (result == null) {
      result = Losses.compute(n, inputs);
    }
    if (result == null) {
      throw new IllegalStateException("the reference does not know op " + n.op().id());
    }
    return result;
  }
}
