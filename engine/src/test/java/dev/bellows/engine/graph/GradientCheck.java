package dev.bellows.engine.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.kernel.reference.ReferenceExecutor;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Compares gradients with central differences in double precision.
 *
 * <p>With h = 1e-5 the truncation error is about 1e-10 times the third derivative and rounding
 * about 1e-16 / 1e-5 = 1e-11 times the value, so 1e-7 relative to max(1, |gradient|) leaves room
 * for sums of a few dozen terms and still finds any wrong rule.
 */
public final class GradientCheck {
  private static final double STEP = 1e-5;
  private static final double TOLERANCE = 1e-7;

  public final Graph graph = new Graph();
  public final ReferenceExecutor run = new ReferenceExecutor(graph);
  private final Map<Node, double[]> differentiated = new LinkedHashMap<>();
  private final long seed;
  private int streams;

  public GradientCheck(long seed) {
    this.seed = seed;
  }

  /** A differentiated input of standard normal values. */
  public Node normal(int... dims) {
    return of(draw(Shape.of(dims), 1, 0), dims);
  }

  /** A differentiated input of values in about [0.5, 1.5 or more). */
  public Node positive(int... dims) {
    double[] values = draw(Shape.of(dims), 1, 0);
    for (int i = 0; i < values.length; i++) {
      values[i] = 0.5 + Math.abs(values[i]);
    }
    return of(values, dims);
  }

  /** A differentiated input of given values. */
  public Node of(double[] values, int... dims) {
    Node node = graph.input("x" + streams++, DType.FLOAT32, Shape.of(dims));
    run.bind(node, values);
    differentiated.put(node, values);
    return node;
  }

  /** An input that is not differentiated. */
  public Node fixed(double[] values, int... dims) {
    Node node = graph.input("fixed" + streams++, DType.FLOAT32, Shape.of(dims));
    run.bind(node, values);
    return node;
  }

  /** An int input. */
  public Node ints(int[] values, int... dims) {
    Node node = graph.input("ints" + streams++, DType.INT32, Shape.of(dims));
    run.bind(node, values);
    return node;
  }

  /** Adds a node of another kind, for example a bound PARAMETER, to those that are checked. */
  public void check(Node node, double[] values) {
    run.bind(node, values);
    differentiated.put(node, values);
  }

  public double[] draw(Shape shape, double deviation, double mean) {
    double[] values = new double[(int) shape.size()];
    long key = seed * 1000 + streams++;
    for (int i = 0; i < values.length; i++) {
      values[i] = mean + deviation * Philox.normal(key, i);
    }
    return values;
  }

  /** Checks reverse mode against differences and forward mode against reverse mode. */
  public void verify(String what, Node output) {
    Node cotangent = graph.constant(draw(output.shape(), 1, 0), output.shape());
    Node scalar = graph.reduceSum(graph.mul(output, cotangent));
    List<Node> wrt = new ArrayList<>(differentiated.keySet());
    Map<Node, Node> gradients = Gradients.reverse(graph, scalar, wrt);
    Map<Node, Node> tangents = new HashMap<>();
    double pulled = 0;
    for (Node node : wrt) {
      double[] exact = run.value(gradients.get(node)).clone();
      double[] values = differentiated.get(node).clone();
      for (int i = 0; i < values.length; i++) {
        double at = values[i];
        values[i] = at + STEP;
        run.bind(node, values);
        double up = run.scalar(scalar);
        values[i] = at - STEP;
        run.bind(node, values);
        double down = run.scalar(scalar);
        values[i] = at;
        double difference = (up - down) / (2 * STEP);
        double error =
            Math.abs(exact[i] - difference)
                / Math.max(1, Math.max(Math.abs(exact[i]), Math.abs(difference)));
        assertThat(error)
            .as(
                "%s, seed %d: gradient of %s[%d] is %s, difference quotient %s",
                what, seed, node, i, exact[i], difference)
            .isLessThan(TOLERANCE);
      }
      run.bind(node, values);
      double[] tangent = draw(node.shape(), 1, 0);
      tangents.put(node, graph.constant(tangent, node.shape()));
      for (int i = 0; i < tangent.length; i++) {
        pulled += tangent[i] * exact[i];
      }
    }
    // u . (J v) = (J^T u) . v
    double[] pushed = run.value(Gradients.forward(graph, output, tangents));
    double[] u = run.value(cotangent);
    double sum = 0;
    double scale = 1;
    for (int i = 0; i < u.length; i++) {
      sum += u[i] * pushed[i];
      scale += Math.abs(u[i] * pushed[i]);
    }
    assertThat(Math.abs(sum - pulled))
        .as("%s, seed %d: forward mode %s, reverse mode %s", what, seed, sum, pulled)
        .isLessThan(1e-11 * scale);
  }
}
