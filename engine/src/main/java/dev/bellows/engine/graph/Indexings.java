package dev.bellows.engine.graph;

import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Moving elements: permutation, padding, gathering, scattering, one-hot, batched products. Builders
 * with their shape rules, and the family's rows of the gradient table. Those that are compositions
 * of other ops stand in {@link Reductions}.
 */
public final class Indexings {
  /** What stands in the places that a pad adds. */
  public enum PadMode {
    /** A fixed value. */
    CONSTANT(0),
    /** The inside mirrored at the border, the border element itself not repeated. */
    REFLECT(1),
    /** The border element. */
    EDGE(2);

    /** Attribute {@code mode} of PAD and UNPAD. */
    private final int code;

    PadMode(int code) {
      this.code = code;
    }

    static PadMode of(int code) {
      return code == 0 ? CONSTANT : code == 1 ? REFLECT : EDGE;
    }
  }

  private Indexings() {}

  /** General transpose: dimension i of the result is dimension {@code axes[i]} of x. */
  public static Node permute(Graph g, Node x, int... axes) {
    String label = g.label(Op.PERMUTE);
    int[] sorted = axes.clone();
    Arrays.sort(sorted);
    if (!Arrays.equals(sorted, ShapeRules.allAxes(x.shape()))) {
      throw new GraphException(
          "node "
              + label
              + ": axes "
              + Arrays.toString(axes)
              + " are not an order of the "
              + x.shape().rank()
              + " axes of "
              + x
              + "; name each of 0 to "
              + (x.shape().rank() - 1)
              + " once");
    }
    int[] dims = new int[axes.length];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = x.shape().dim(axes[i]);
    }
    if (Arrays.equals(axes, sorted)) {
      return x;
    }
    return g.append(
        Op.PERMUTE, Shape.of(dims), x.dtype(), Attributes.of("axes", axes.clone()), List.of(x));
  }

  /** Pads every axis: {@code before[i]} places in front of axis i, {@code after[i]} behind it. */
  public static Node pad(Graph g, Node x, int[] before, int[] after, PadMode mode, double value) {
    String label = g.label(Op.PAD);
    Shape shape = padded(label, x.shape(), before, after, mode, x);
    return g.append(
        Op.PAD,
        shape,
        DType.FLOAT32,
        Attributes.of("before", before.clone())
            .with("after", after.clone())
            .with("mode", mode.code)
            .with("value", value),
        List.of(x));
  }

  /** Takes {@code before[i]} places in front and {@code after[i]} behind off every axis. */
  public static Node crop(Graph g, Node x, int[] before, int[] after) {
    int[] dims = x.shape().dims();
    String label = g.label(Op.UNPAD);
    counts(label, x, before, after);
    for (int i = 0; i < dims.length; i++) {
      dims[i] -= before[i] + after[i];
      if (dims[i] < 1) {
        throw new GraphException(
            "node %s: nothing is left of axis %d of %s without %d and %d places"
                .formatted(label, i, x, before[i], after[i]));
      }
    }
    Attributes at =
        Attributes.of("before", before.clone())
            .with("after", after.clone())
            .with("mode", PadMode.CONSTANT.code)
            .with("value", 0.0);
    return unpad(g, x, Shape.of(dims), at);
  }

  private static Node unpad(Graph g, Node dy, Shape shape, Attributes pad) {
    return g.append(Op.UNPAD, shape, DType.FLOAT32, pad, List.of(dy));
  }

  private static void counts(String label, Node x, int[] before, int[] after) {
    boolean fits = before.length == x.shape().rank() && after.length == x.shape().rank();
    for (int i = 0; fits && i < before.length; i++) {
      fits = before[i] >= 0 && after[i] >= 0;
    }
    if (!fits) {
      throw new GraphException(
          "node "
              + label
              + ": padding "
              + Arrays.toString(before)
              + " and "
              + Arrays.toString(after)
              + " must have one count of 0 or more for each axis of "
              + x);
    }
  }

  private static Shape padded(
      String label, Shape shape, int[] before, int[] after, PadMode mode, Node x) {
    counts(label, x, before, after);
    int[] dims = shape.dims();
    for (int i = 0; i < dims.length; i++) {
      int most = Math.max(before[i], after[i]);
      boolean mirror = mode == PadMode.REFLECT && most >= dims[i];
      if (mirror || (mode == PadMode.EDGE && most > 0 && dims[i] == 0)) {
        throw new GraphException(
            "node %s: axis %d of %s has %d places, too few to mirror %d; pad at most %d"
                .formatted(label, i, x, dims[i], most, Math.max(0, dims[i] - 1)));
      }
      dims[i] += before[i] + after[i];
    }
    return Shape.of(dims);
  }

  /**
   * Slices of x along {@code axis} at indices of any shape, for example a table [V, F] at tokens
   * [N, T] on axis 0: [N, T, F]. Indices must be inside the axis; inputs are checked where a batch
   * is filled.
   */
  public static Node gather(Graph g, Node x, Node indices, int axis) {
    String label = g.label(Op.GATHER);
    Shape shape = gathered(label, x.shape(), x, indices, axis);
    return g.append(Op.GATHER, shape, x.dtype(), Attributes.of("axis", axis), List.of(x, indices));
  }

  /** The transpose of {@link #gather}: slices of dy added where the indices point to. */
  public static Node scatterAdd(Graph g, Node dy, Node indices, int axis, int size) {
    String label = g.label(Op.SCATTER_ADD);
    int rank = dy.shape().rank() - indices.shape().rank() + 1;
    if (rank < 1 || axis < 0 || axis >= rank) {
      throw new GraphException(
          "node %s: %s does not hold slices at %s along axis %d"
              .formatted(label, dy, indices, axis));
    }
    int[] dims = new int[rank];
    for (int i = 0; i < rank; i++) {
      dims[i] = i == axis ? size : dy.shape().dim(i < axis ? i : i + indices.shape().rank() - 1);
    }
    Shape shape = Shape.of(dims);
    Shape expected = gathered(label, shape, dy, indices, axis);
    if (!expected.equals(dy.shape())) {
      throw new GraphException(
          "node %s: slices %s at %s must have shape %s".formatted(label, dy, indices, expected));
    }
    return g.append(
        Op.SCATTER_ADD,
        shape,
        DType.FLOAT32,
        Attributes.of("axis", axis).with("size", size),
        List.of(dy, indices));
  }

  private static Shape gathered(String label, Shape x, Node named, Node indices, int axis) {
    ints(label, indices);
    if (axis < 0 || axis >= x.rank()) {
      throw new GraphException(
          "node " + label + ": axis " + axis + " is not inside " + named + "; it has " + x.rank());
    }
    int[] dims = new int[x.rank() - 1 + indices.shape().rank()];
    int at = 0;
    for (int i = 0; i < x.rank(); i++) {
      if (i != axis) {
        dims[at++] = x.dim(i);
        continue;
      }
      for (int dim : indices.shape().dims()) {
        dims[at++] = dim;
      }
    }
    return Shape.of(dims);
  }

  private static void ints(String label, Node indices) {
    if (indices.dtype() != DType.INT32) {
      throw new GraphException(
          "node " + label + ": " + indices + " must be int32, got " + indices.dtype());
    }
  }

  /** 1 at each index of {@code [0, depth)}, else 0: indices [...] to [..., depth]. */
  public static Node oneHot(Graph g, Node indices, int depth) {
    String label = g.label(Op.ONE_HOT);
    ints(label, indices);
    if (depth < 1) {
      throw new GraphException("node " + label + ": depth must be 1 or more, got " + depth);
    }
    int[] dims = Arrays.copyOf(indices.shape().dims(), indices.shape().rank() + 1);
    dims[dims.length - 1] = depth;
    return g.append(
        Op.ONE_HOT, Shape.of(dims), DType.FLOAT32, Attributes.of("depth", depth), List.of(indices));
  }

  /** Products of the last two axes; the leading ones broadcast. See {@link Op#BATCH_MATMUL}. */
  public static Node batchMatmul(Graph g, Node a, Node b, boolean transA, boolean transB) {
    String label = g.label(Op.BATCH_MATMUL);
    ShapeRules.atLeastRank(label, a, 2);
    ShapeRules.atLeastRank(label, b, 2);
    int k = a.shape().dim(transA ? -2 : -1);
    int k2 = b.shape().dim(transB ? -1 : -2);
    if (k != k2) {
      throw new GraphException(
          "node %s: inner dimensions differ: %s%s times %s%s (%d against %d)"
              .formatted(
                  label, a, transA ? " transposed" : "", b, transB ? " transposed" : "", k, k2));
    }
    int rank = Math.max(a.shape().rank(), b.shape().rank());
    int[] dims = new int[rank];
    for (int i = 3; i <= rank; i++) {
      int left = i <= a.shape().rank() ? a.shape().dim(-i) : 1;
      int right = i <= b.shape().rank() ? b.shape().dim(-i) : 1;
      if (left != right && left != 1 && right != 1) {
        throw new GraphException(
            "node %s: leading axes of %s and %s don't broadcast: %d against %d"
                .formatted(label, a, b, left, right));
      }
      dims[rank - i] = Math.max(left, right);
    }
    dims[rank - 2] = a.shape().dim(transA ? -1 : -2);
    dims[rank - 1] = b.shape().dim(transB ? -2 : -1);
    return g.append(
        Op.BATCH_MATMUL,
        Shape.of(dims),
        DType.FLOAT32,
        Attributes.of("transA", transA).with("transB", transB),
        List.of(a, b));
  }

  /**
   * x [..., K] times w [K, M], plus a bias [M] in every row when there is one: [..., M], as one
   * product of two dimensions.
   */
  public static Node linear(Graph g, Node x, Node w, @Nullable Node bias) {
    ShapeRules.atLeastRank(g.label(Op.MATMUL), x, 2);
    int k = x.shape().dim(-1);
    int rows = Math.toIntExact(x.shape().size() / Math.max(1, k));
    Node product = g.matmul(g.reshape(x, Shape.of(rows, k)), w);
    Node sum = bias == null ? product : g.add(product, bias);
    int[] dims = x.shape().dims();
    dims[dims.length - 1] = w.shape().dim(1);
    return g.reshape(sum, Shape.of(dims));
  }

  /** Running sums along an axis, see {@link Op#CUMULATIVE_SUM}. */
  public static Node cumulativeSum(Graph g, Node x, int axis, boolean exclusive, boolean reverse) {
    if (axis < 0 || axis >= x.shape().rank()) {
      throw new GraphException(
          "node " + g.label(Op.CUMULATIVE_SUM) + ": axis " + axis + " is not inside " + x);
    }
    return g.append(
        Op.CUMULATIVE_SUM,
        x.shape(),
        DType.FLOAT32,
        Attributes.of("axis", axis).with("exclusive", exclusive).with("reverse", reverse),
        List.of(x));
  }

  /** a where the mask is not 0, else b; the three broadcast. A NaN that is not chosen is gone. */
  public static Node select(Graph g, Node mask, Node a, Node b) {
    String label = g.label(Op.SELECT);
    g.named(null);
    Shape both = ShapeRules.broadcast(label, a, b);
    Node wideA = g.broadcast(a, both);
    Shape shape = ShapeRules.broadcast(label, mask, wideA);
    List<Node> inputs =
        List.of(g.broadcast(mask, shape), g.broadcast(a, shape), g.broadcast(b, shape));
    return g.named(label).append(Op.SELECT, shape, DType.FLOAT32, Attributes.NONE, inputs);
  }

  /** Turns the first {@code lengths[n]} places of row n of x [N, T, ...] round; the rest stays. */
  public static Node reverseSequence(Graph g, Node x, Node lengths) {
    String label = g.label(Op.REVERSE_SEQUENCE);
    ShapeRules.atLeastRank(label, x, 2);
    lengths(label, lengths, x);
    return g.append(
        Op.REVERSE_SEQUENCE, x.shape(), x.dtype(), Attributes.NONE, List.of(x, lengths));
  }

  /** int [N] beside something of N rows. */
  static void lengths(String label, Node lengths, Node x) {
    ints(label, lengths);
    ShapeRules.rowsOf(label, lengths, x);
  }

  /** 1 at the places of a sequence that lengths int [N] cover, else 0: [N, steps]. */
  public static Node sequenceMask(Graph g, Node lengths, int steps) {
    String label = g.label(Op.SEQUENCE_MASK);
    ints(label, lengths);
    ShapeRules.rank(label, lengths, 1);
    return g.append(
        Op.SEQUENCE_MASK,
        Shape.of(lengths.shape().dim(0), steps),
        DType.FLOAT32,
        Attributes.of("steps", steps),
        List.of(lengths));
  }

  /**
   * Neighbouring places among which are all those of {@code [0, size)} that are at most {@code
   * reach} away from a centre, numbered through the rows: row n's first is n size.
   *
   * @param centre [N, Q], in places
   * @param reach such that 2 reach + 1 is at most size
   * @return int [N, Q, 2 reach + 1]
   */
  public static Node windowPlaces(Graph g, Node centre, int size, int reach) {
    String label = g.label(Op.WINDOW_PLACES);
    ShapeRules.rank(label, centre, 2);
    if (reach < 0 || 2 * reach + 1 > size) {
      throw new GraphException(
          "node %s: a reach of %d needs %d places, found %d; reach at most %d"
              .formatted(label, reach, 2 * reach + 1, size, (size - 1) / 2));
    }
    return g.append(
        Op.WINDOW_PLACES,
        Shape.of(centre.shape().dim(0), centre.shape().dim(1), 2 * reach + 1),
        DType.INT32,
        Attributes.of("size", size).with("reach", reach),
        List.of(centre));
  }

  /** Gradient of input {@code i} of {@code n}, see {@link GradientRules}. */
  static @Nullable Node gradient(Graph g, Node n, int i, Node dy) {
    Attributes at = n.attributes();
    return switch (n.op()) {
      case PERMUTE -> {
        int[] axes = at.integers("axes");
        int[] back = new int[axes.length];
        for (int k = 0; k < axes.length; k++) {
          back[axes[k]] = k;
        }
        yield permute(g, dy, back);
      }
      case PAD -> unpad(g, dy, n.input(0).shape(), at);
      case UNPAD ->
          pad(
              g,
              dy,
              at.integers("before"),
              at.integers("after"),
              PadMode.of(at.integer("mode")),
              0);
      case GATHER -> {
        int axis = at.integer("axis");
        yield scatterAdd(g, dy, n.input(1), axis, n.input(0).shape().dim(axis));
      }
      case SCATTER_ADD -> gather(g, dy, n.input(1), at.integer("axis"));
      case BATCH_MATMUL ->
          GradientRules.unbroadcast(g, batchMatmulGradient(g, n, i, dy), n.input(i).shape());
      case CUMULATIVE_SUM ->
          cumulativeSum(g, dy, at.integer("axis"), at.flag("exclusive"), !at.flag("reverse"));
      case SELECT -> {
        Node zero = g.constant(0, dy.shape());
        yield i == 1 ? select(g, n.input(0), dy, zero) : select(g, n.input(0), zero, dy);
      }
      case REVERSE_SEQUENCE -> reverseSequence(g, dy, n.input(1));
      default -> throw new IllegalStateException("no gradient rule for op " + n.op().id());
    };
  }

  private static Node batchMatmulGradient(Graph g, Node n, int i, Node dy) {
    boolean ta = n.attributes().flag("transA");
    boolean tb = n.attributes().flag("transB");
    Node a = n.input(0);
    Node b = n.input(1);
    if (i == 0) {
      return ta ? batchMatmul(g, b, dy, tb, true) : batchMatmul(g, dy, b, false, !tb);
    }
    return tb ? batchMatmul(g, dy, a, true, ta) : batchMatmul(g, a, dy, !ta, false);
  }
}
