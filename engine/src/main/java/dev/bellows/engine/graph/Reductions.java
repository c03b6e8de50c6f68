package dev.bellows.engine.graph;

import dev.bellows.engine.tensor.Shape;
import java.util.Arrays;
import java.util.List;

/**
 * Reductions over any axes as compositions of other ops: maximum, minimum, product, log-sum-exp.
 * The reduced axes are dropped, or stay as 1 with {@code keep}; no axis named means all of them.
 */
public final class Reductions {
  private Reductions() {}

  /** The largest element; tied ones share the gradient equally. */
  public static Node max(Graph g, Node x, boolean keep, int... axes) {
    Node rows = lastAxis(g, x, axes);
    return result(g, g.reduceMax(rows), x, keep, axes);
  }

  /** The smallest element; tied ones share the gradient equally. */
  public static Node min(Graph g, Node x, boolean keep, int... axes) {
    return g.neg(max(g, g.neg(x), keep, axes));
  }

  /** ln of the sum of e^x, the maximum taken out first. */
  public static Node logSumExp(Graph g, Node x, boolean keep, int... axes) {
    Node rows = lastAxis(g, x, axes);
    Node largest = g.stopGradient(g.reduceMax(rows));
    Node sum = g.reduce(Op.REDUCE_SUM, g.exp(g.sub(rows, largest)), true, rows.shape().rank() - 1);
    return result(g, g.add(g.log(sum), largest), x, keep, axes);
  }

  /** The product, as a tree of products of halves: right also where elements are 0. */
  public static Node product(Graph g, Node x, boolean keep, int... axes) {
    Node rows = lastAxis(g, x, axes);
    while (rows.shape().dim(1) > 1) {
      int length = rows.shape().dim(1);
      int half = length / 2;
      Node halves = g.mul(g.slice(rows, 1, 0, half), g.slice(rows, 1, half, 2 * half));
      rows =
          length % 2 == 0
              ? halves
              : g.concat(1, List.of(halves, g.slice(rows, 1, length - 1, length)));
    }
    return result(g, rows, x, keep, axes);
  }

  /** x as [kept, reduced]. */
  private static Node lastAxis(Graph g, Node x, int[] axes) {
    boolean[] reduced = reduced(g, x, axes);
    int[] order = new int[reduced.length];
    int kept = 0;
    long size = 1;
    for (int i = 0; i < order.length; i++) {
      if (!reduced[i]) {
        order[kept++] = i;
        size *= x.shape().dim(i);
      }
    }
    for (int i = 0; i < order.length; i++) {
      if (reduced[i]) {
        order[kept++] = i;
      }
    }
    Shape shape = Shape.of((int) size, (int) (x.shape().size() / Math.max(1, size)));
    return g.reshape(Indexings.permute(g, x, order), shape);
  }

  private static boolean[] reduced(Graph g, Node x, int[] axes) {
    int[] all = axes.length == 0 ? ShapeRules.allAxes(x.shape()) : axes.clone();
    Arrays.sort(all);
    ShapeRules.reduce(g.label(Op.REDUCE_MAX), x, all, false); // names axes that are not inside
    boolean[] reduced = new boolean[x.shape().rank()];
    for (int axis : all) {
      reduced[axis] = true;
    }
    return reduced;
  }

  private static Node result(Graph g, Node column, Node x, boolean keep, int[] axes) {
    boolean[] reduced = reduced(g, x, axes);
    int[] dims = new int[reduced.length];
    int rank = 0;
    for (int i = 0; i < reduced.length; i++) {
      if (!reduced[i] || keep) {
        dims[rank++] = reduced[i] ? 1 : x.shape().dim(i);
      }
    }
    return g.reshape(column, Shape.of(Arrays.copyOf(dims, rank)));
  }
}
