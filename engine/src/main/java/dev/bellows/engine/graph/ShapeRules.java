package dev.bellows.engine.graph;

import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.Arrays;
import java.util.List;

/**
 * Shape inference: each method gives the shape of a result or says which node can't be made and
 * from which shapes.
 */
final class ShapeRules {
  private ShapeRules() {}

  /** numpy broadcasting of two shapes. */
  static Shape broadcast(String label, Node a, Node b) {
    int rank = Math.max(a.shape().rank(), b.shape().rank());
    int[] dims = new int[rank];
    for (int i = 1; i <= rank; i++) {
      int left = i <= a.shape().rank() ? a.shape().dim(-i) : 1;
      int right = i <= b.shape().rank() ? b.shape().dim(-i) : 1;
      if (left != right && left != 1 && right != 1) {
        throw new GraphException(
            "node "
                + label
                + ": shapes of "
                + a
                + " and "
                + b
                + " don't broadcast: "
                + left
                + " against "
                + right
                + " in dimension "
                + (rank - i));
      }
      dims[rank - i] = left == 1 ? right : left;
    }
    return Shape.of(dims);
  }

  static void broadcastTo(String label, Node x, Shape shape) {
    boolean fits = x.shape().rank() <= shape.rank();
    for (int i = 1; fits && i <= x.shape().rank(); i++) {
      fits = x.shape().dim(-i) == shape.dim(-i) || x.shape().dim(-i) == 1;
    }
    if (!fits) {
      throw new GraphException("node " + label + ": " + x + " can't be broadcast to " + shape);
    }
  }

  static Shape matmul(String label, Node a, Node b, boolean transA, boolean transB) {
    rank(label, a, 2);
    rank(label, b, 2);
    if (a.dtype() != b.dtype()) {
      throw new GraphException(
          "node "
              + label
              + ": operands must have one type, got "
              + a
              + " of "
              + a.dtype()
              + " and "
              + b
              + " of "
              + b.dtype()
              + ": convert one of them");
    }
    int m = a.shape().dim(transA ? 1 : 0);
    int k = a.shape().dim(transA ? 0 : 1);
    int k2 = b.shape().dim(transB ? 1 : 0);
    int n = b.shape().dim(transB ? 0 : 1);
    if (k != k2) {
      throw new GraphException(
          "node "
              + label
              + ": inner dimensions differ: "
              + a
              + (transA ? " transposed" : "")
              + " times "
              + b
              + (transB ? " transposed" : "")
              + " ("
              + k
              + " against "
              + k2
              + ")");
    }
    return Shape.of(m, n);
  }

  static void converts(String label, Node x, DType to) {
    boolean floats =
        (x.dtype() == DType.FLOAT32 || x.dtype() == DType.BFLOAT16)
            && (to == DType.FLOAT32 || to == DType.BFLOAT16);
    if (!floats) {
      throw new GraphException(
          "node "
              + label
              + ": converts between FLOAT32 and BFLOAT16 only, got "
              + x
              + " of "
              + x.dtype()
              + " to "
              + to);
    }
  }

  static Shape sparse(String label, Node sparse, Node dense, boolean transposed) {
    if (sparse.op() != Op.SPARSE_INPUT) {
      throw new GraphException(
          "node " + label + ": first input must be a sparse input, got " + sparse);
    }
    rank(label, dense, 2);
    int inner = sparse.shape().dim(transposed ? 0 : 1);
    if (inner != dense.shape().dim(0)) {
      throw new GraphException(
          "node "
              + label
              + ": inner dimensions differ: "
              + sparse
              + (transposed ? " transposed" : "")
              + " times "
              + dense
              + " ("
              + inner
              + " against "
              + dense.shape().dim(0)
              + ")");
    }
    return Shape.of(sparse.shape().dim(transposed ? 1 : 0), dense.shape().dim(1));
  }

  static Shape concat(String label, int axis, List<Node> parts) {
    if (parts.isEmpty()) {
      throw new GraphException("node " + label + ": nothing to concatenate");
    }
    Node first = parts.get(0);
    axis(label, first, axis);
    int[] dims = first.shape().dims();
    for (Node part : parts.subList(1, parts.size())) {
      boolean fits = part.shape().rank() == dims.length && part.dtype() == first.dtype();
      for (int i = 0; fits && i < dims.length; i++) {
        fits = i == axis || part.shape().dim(i) == dims[i];
      }
      if (!fits) {
        throw new GraphException(
            "node " + label + ": " + part + " can't be joined to " + first + " along axis " + axis);
      }
      dims[axis] += part.shape().dim(axis);
    }
    return Shape.of(dims);
  }

  static Shape slice(String label, Node x, int axis, int from, int to) {
    axis(label, x, axis);
    if (from < 0 || to <= from || to > x.shape().dim(axis)) {
      throw new GraphException(
          "node "
              + label
              + ": range ["
              + from
              + ", "
              + to
              + ") of axis "
              + axis
              + " is not inside "
              + x);
    }
    int[] dims = x.shape().dims();
    dims[axis] = to - from;
    return Shape.of(dims);
  }

  static int[] allAxes(Shape shape) {
    int[] axes = new int[shape.rank()];
    for (int i = 0; i < axes.length; i++) {
      axes[i] = i;
    }
    return axes;
  }

  /** {@code axes} sorted, not negative. */
  static Shape reduce(String label, Node x, int[] axes, boolean keep) {
    int[] dims = x.shape().dims();
    for (int i = 0; i < axes.length; i++) {
      axis(label, x, axes[i]);
      if (i > 0 && axes[i] == axes[i - 1]) {
        throw new GraphException(
            "node " + label + ": axis " + axes[i] + " of " + x + " is named twice");
      }
      dims[axes[i]] = -1;
    }
    int[] result = new int[dims.length];
    int rank = 0;
    for (int dim : dims) {
      if (dim >= 0 || keep) {
        result[rank++] = Math.max(dim, dim < 0 ? 1 : 0);
      }
    }
    return Shape.of(Arrays.copyOf(result, rank));
  }

  static Shape gather(String label, Node table, Node codes, int column) {
    rank(label, table, 2);
    codes(label, codes, column);
    return Shape.of(codes.shape().dim(0), table.shape().dim(1));
  }

  static Shape scatter(String label, Node dy, Node codes, int column, int rows) {
    rank(label, dy, 2);
    codes(label, codes, column);
    if (codes.shape().dim(0) != dy.shape().dim(0)) {
      throw new GraphException(
          "node " + label + ": " + dy + " and " + codes + " differ in their number of rows");
    }
    return Shape.of(rows, dy.shape().dim(1));
  }

  private static void codes(String label, Node codes, int column) {
    rank(label, codes, 2);
    if (codes.dtype() != DType.INT32) {
      throw new GraphException(
          "node " + label + ": codes " + codes + " must be int32, got " + codes.dtype());
    }
    if (column < 0 || column >= codes.shape().dim(1)) {
      throw new GraphException(
          "node " + label + ": column " + column + " is not inside codes " + codes);
    }
  }

  static void same(String label, Node a, Node b) {
    if (!a.shape().equals(b.shape())) {
      throw new GraphException(
          "node " + label + ": " + a + " and " + b + " must have the same shape");
    }
  }

  static void rank(String label, Node x, int rank) {
    if (x.shape().rank() != rank) {
      throw new GraphException(
          "node " + label + ": " + x + " must have rank " + rank + ", has " + x.shape().rank());
    }
  }

  static void atLeastRank(String label, Node x, int rank) {
    if (x.shape().rank() < rank) {
      throw new GraphException("node " + label + ": " + x + " must have rank " + rank + " or more");
    }
  }

  private static void axis(String label, Node x, int axis) {
    if (axis < 0 || axis >= x.shape().rank()) {
      throw new GraphException("node " + label + ": axis " + axis + " is not inside " + x);
    }
  }

  /** x [..., K] and vectors [K]. */
  static void columns(String label, Node x, Node... vectors) {
    atLeastRank(label, x, 2);
    for (Node vector : vectors) {
      if (vector.shape().rank() != 1 || vector.shape().dim(0) != x.shape().dim(-1)) {
        throw new GraphException(
            "node " + label + ": " + vector + " must have one value per channel of " + x);
      }
    }
  }

  /** All axes but the last. */
  static int[] rowAxes(Node x) {
    int[] axes = new int[x.shape().rank() - 1];
    for (int i = 0; i < axes.length; i++) {
      axes[i] = i;
    }
    return axes;
  }

  /** vector [N] beside anything with N rows. */
  static void rowsOf(String label, Node vector, Node x) {
    rank(label, vector, 1);
    if (x.shape().rank() < 1 || x.shape().dim(0) != vector.shape().dim(0)) {
      throw new GraphException(
          "node " + label + ": " + vector + " and " + x + " differ in their number of rows");
    }
  }

  /** Scores [N, K], labels int [N], weights [N]. */
  static void labelled(String label, Node scores, Node labels, Node weights) {
    rank(label, scores, 2);
    rowsOf(label, labels, scores);
    rowsOf(label, weights, scores);
    if (labels.dtype() != DType.INT32) {
      throw new GraphException(
          "node " + label + ": labels " + labels + " must be int32, got " + labels.dtype());
    }
  }

  /** Output [N, K], target [N, K], weights [N]. */
  static void targeted(String label, Node output, Node target, Node weights) {
    rank(label, output, 2);
    same(label, output, target);
    rowsOf(label, weights, output);
  }
}
