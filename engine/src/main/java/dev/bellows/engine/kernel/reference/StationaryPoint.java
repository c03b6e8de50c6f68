package dev.bellows.engine.kernel.reference;

import dev.bellows.engine.graph.Gradients;
import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a function looks like where an optimiser has come to rest: the size of the gradient and,
 * from the eigenvalues of the Hessian, whether the point is a minimum or one that only looks like
 * it (Y. Dauphin et al., "Identifying and attacking the saddle point problem", NIPS 2014). In
 * double, with one Hessian-vector product per value: for functions of up to some hundred values.
 *
 * @param gradientNorm 2-norm of the gradient
 * @param eigenvalues of the Hessian, falling
 * @param kind what the point is
 */
public record StationaryPoint(double gradientNorm, List<Double> eigenvalues, Kind kind) {
  /** What a point is. */
  public enum Kind {
    /** The gradient is not 0: a step still lowers the function. */
    SLOPE,
    /** All curvatures are above 0. */
    MINIMUM,
    /** All curvatures are below 0. */
    MAXIMUM,
    /** Curvatures of both signs: the function falls in some direction. */
    SADDLE,
    /** Some curvatures are 0 and the others of one sign: the second order does not decide. */
    FLAT
  }

  /**
   * Looks at the point that the executor holds.
   *
   * @param value a scalar of the graph
   * @param at the nodes that the function is of, bound in the executor
   * @param tolerance norms and curvatures up to this count as 0
   */
  public static StationaryPoint of(
      Graph g, Node value, List<Node> at, ReferenceExecutor run, double tolerance) {
    Map<Node, Node> gradient = Gradients.reverse(g, value, at);
    List<Node> parts = List.copyOf(gradient.values());
    double norm = 0;
    for (double d : flat(parts, run)) {
      norm = Math.hypot(norm, d);
    }
    double[] eigenvalues = eigenvalues(hessian(g, at, parts, run));
    List<Double> falling = new ArrayList<>();
    for (int i = eigenvalues.length - 1; i >= 0; i--) {
      falling.add(eigenvalues[i]);
    }
    return new StationaryPoint(norm, falling, kind(norm, eigenvalues, tolerance));
  }

  private static Kind kind(double norm, double[] rising, double tolerance) {
    boolean falls = rising[0] < -tolerance;
    boolean rises = rising[rising.length - 1] > tolerance;
    if (!(norm <= tolerance)) {
      return Kind.SLOPE;
    }
    if (falls && rises) {
      return Kind.SADDLE;
    }
    if (rising[0] > tolerance) {
      return Kind.MINIMUM;
    }
    return rising[rising.length - 1] < -tolerance ? Kind.MAXIMUM : Kind.FLAT;
  }

  /** Row i is the change of the gradient when value i moves. */
  private static double[][] hessian(
      Graph g, List<Node> at, List<Node> gradient, ReferenceExecutor run) {
    List<double[]> rows = new ArrayList<>();
    for (Node node : at) {
      for (int i = 0; i < node.shape().size(); i++) {
        double[] unit = new double[Math.toIntExact(node.shape().size())];
        unit[i] = 1;
        Map<Node, Node> tangent = new LinkedHashMap<>();
        tangent.put(node, g.constant(unit, node.shape()));
        List<Node> products = new ArrayList<>();
        for (Node part : gradient) {
          products.add(Gradients.forward(g, part, tangent));
        }
        rows.add(flat(products, run));
      }
    }
    return rows.toArray(double[][]::new);
  }

  private static double[] flat(List<Node> parts, ReferenceExecutor run) {
    return parts.stream().flatMapToDouble(part -> Arrays.stream(run.value(part))).toArray();
  }

  /**
   * Eigenvalues of a symmetric matrix, rising, by Jacobi's rotations (C. G. J. Jacobi, 1846): each
   * makes one element beside the diagonal 0, until all are small.
   */
  static double[] eigenvalues(double[][] symmetric) {
    int n = symmetric.length;
    double[][] a = Arrays.stream(symmetric).map(double[]::clone).toArray(double[][]::new);
    for (int sweep = 0; sweep < 64; sweep++) {
      boolean moved = false;
      for (int p = 0; p < n; p++) {
        for (int q = p + 1; q < n; q++) {
          if (Math.abs(a[p][q]) > 1e-15 * Math.hypot(a[p][p], a[q][q])) {
            rotate(a, p, q);
            moved = true;
          }
        }
      }
      if (!moved) {
        break;
      }
    }
    double[] values = new double[n];
    Arrays.setAll(values, i -> a[i][i]);
    Arrays.sort(values);
    return values;
  }

  private static void rotate(double[][] a, int p, int q) {
    double angle = Math.atan2(2 * a[p][q], a[q][q] - a[p][p]) / 2;
    double c = Math.cos(angle);
    double s = Math.sin(angle);
    for (int k = 0; k < a.length; k++) {
      double x = a[k][p];
      double y = a[k][q];
      a[k][p] = c * x - s * y;
      a[k][q] = s * x + c * y;
    }
    for (int k = 0; k < a.length; k++) {
      double x = a[p][k];
      double y = a[q][k];
      a[p][k] = c * x - s * y;
      a[q][k] = s * x + c * y;
    }
  }
}
