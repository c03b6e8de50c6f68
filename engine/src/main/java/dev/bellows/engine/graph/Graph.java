package dev.bellows.engine.graph;

import dev.bellows.engine.sample.Distribution;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An append-only list of {@link Node}s in topological order. Each builder method infers the shape
 * of what it adds ({@link ShapeRules}) and refuses inputs that don't fit with a {@link
 * GraphException} that names the node and the shapes.
 *
 * <p>Shapes are static, the number of rows included. A graph whose building threw is to be thrown
 * away. Not thread-safe while it is built; a finished graph may be read by any number of threads.
 */
public final class Graph {
  private final List<Node> nodes = new ArrayList<>();
  private final Map<String, Node> byName = new HashMap<>();
  private @Nullable String nextName;

  /** All nodes; a node's inputs stand before it. */
  public List<Node> nodes() {
    return Collections.unmodifiableList(nodes);
  }

  /** The node of this name, or null. */
  public @Nullable Node find(String name) {
    return byName.get(name);
  }

  /** Gives the next node that is added this name: {@code graph.named("logits").add(a, b)}. */
  public Graph named(@Nullable String name) {
    nextName = name;
    return this;
  }

  // Sources.

  /** A tensor bound at each evaluation. */
  public Node input(String name, DType dtype, Shape shape) {
    return source(Op.INPUT, name, dtype, shape, Attributes.NONE);
  }

  /** A CSR matrix [rows, columns] bound at each evaluation. */
  public Node sparseInput(String name, int rows, int columns) {
    return source(Op.SPARSE_INPUT, name, DType.FLOAT32, Shape.of(rows, columns), Attributes.NONE);
  }

  /** A range of the flat parameter vector. */
  public Node parameter(String name, Shape shape) {
    return source(Op.PARAMETER, name, DType.FLOAT32, shape, Attributes.NONE);
  }

  /** A tensor filled with one value. */
  public Node constant(double value, Shape shape) {
    return append(Op.CONSTANT, shape, DType.FLOAT32, Attributes.of("value", value), List.of());
  }

  /** A tensor of given values, row-major. */
  public Node constant(double[] values, Shape shape) {
    if (values.length != shape.size()) {
      throw new GraphException(
          "constant "
              + label(Op.CONSTANT)
              + ": shape "
              + shape
              + " holds "
              + shape.size()
              + " values, got "
              + values.length);
    }
    return append(
        Op.CONSTANT, shape, DType.FLOAT32, Attributes.of("values", values.clone()), List.of());
  }

  public Node stopGradient(Node x) {
    return unary(Op.STOP_GRADIENT, x);
  }

  // Elementwise.

  public Node add(Node a, Node b) {
    return binary(Op.ADD, a, b);
  }

  public Node sub(Node a, Node b) {
    return binary(Op.SUB, a, b);
  }

  public Node mul(Node a, Node b) {
    return binary(Op.MUL, a, b);
  }

  /** x times a constant. */
  public Node mul(Node x, double factor) {
    return factor == 1 ? x : mul(x, constant(factor, Shape.SCALAR));
  }

  public Node div(Node a, Node b) {
    return binary(Op.DIV, a, b);
  }

  public Node neg(Node x) {
    return unary(Op.NEG, x);
  }

  public Node exp(Node x) {
    return unary(Op.EXP, x);
  }

  public Node log(Node x) {
    return unary(Op.LOG, x);
  }

  public Node sqrt(Node x) {
    return unary(Op.SQRT, x);
  }

  public Node pow(Node x, double exponent) {
    return unary(Op.POW, x, Attributes.of("exponent", exponent));
  }

  public Node abs(Node x) {
    return unary(Op.ABS, x);
  }

  public Node sign(Node x) {
    return unary(Op.SIGN, x);
  }

  public Node max(Node a, Node b) {
    return binary(Op.MAX, a, b);
  }

  public Node min(Node a, Node b) {
    return binary(Op.MIN, a, b);
  }

  public Node greater(Node a, Node b) {
    return binary(Op.GREATER, a, b);
  }

  public Node clamp(Node x, double min, double max) {
    if (!(min <= max)) {
      throw new GraphException(label(Op.CLAMP) + ": min " + min + " must not exceed max " + max);
    }
    return unary(Op.CLAMP, x, Attributes.of("min", min).with("max", max));
  }

  // Products and layout.

  public Node matmul(Node a, Node b) {
    return matmul(a, b, false, false);
  }

  public Node matmul(Node a, Node b, boolean transA, boolean transB) {
    Shape shape = ShapeRules.matmul(label(Op.MATMUL), a, b, transA, transB);
    return append(
        Op.MATMUL,
        shape,
        DType.FLOAT32,
        Attributes.of("transA", transA).with("transB", transB),
        List.of(a, b));
  }

  /** x as FLOAT32 or BFLOAT16. */
  public Node convert(Node x, DType to) {
    ShapeRules.converts(label(Op.CONVERT), x, to);
    return append(Op.CONVERT, x.shape(), to, Attributes.NONE, List.of(x));
  }

  /** CSR [N, D] times dense [D, K]: [N, K]. */
  public Node sparseMatmul(Node sparse, Node dense) {
    Shape shape = ShapeRules.sparse(label(Op.SPARSE_MATMUL), sparse, dense, false);
    return append(Op.SPARSE_MATMUL, shape, DType.FLOAT32, Attributes.NONE, List.of(sparse, dense));
  }

  /** CSR [N, D] transposed times dense [N, K]: [D, K]. */
  public Node sparseMatmulTransposed(Node sparse, Node dense) {
    Shape shape = ShapeRules.sparse(label(Op.SPARSE_MATMUL_TRANSPOSED), sparse, dense, true);
    return append(
        Op.SPARSE_MATMUL_TRANSPOSED, shape, DType.FLOAT32, Attributes.NONE, List.of(sparse, dense));
  }

  public Node transpose(Node x) {
    ShapeRules.rank(label(Op.TRANSPOSE), x, 2);
    return append(
        Op.TRANSPOSE,
        Shape.of(x.shape().dim(1), x.shape().dim(0)),
        x.dtype(),
        Attributes.NONE,
        List.of(x));
  }

  public Node reshape(Node x, Shape shape) {
    if (x.shape().equals(shape)) {
      return x;
    }
    if (x.shape().size() != shape.size()) {
      throw new GraphException(
          label(Op.RESHAPE)
              + ": "
              + x
              + " has "
              + x.shape().size()
              + " elements, the new shape "
              + shape
              + " "
              + shape.size());
    }
    return append(Op.RESHAPE, shape, x.dtype(), Attributes.NONE, List.of(x));
  }

  public Node concat(int axis, List<Node> parts) {
    if (parts.size() == 1) {
      return parts.get(0);
    }
    Shape shape = ShapeRules.concat(label(Op.CONCAT), axis, parts);
    return append(Op.CONCAT, shape, parts.get(0).dtype(), Attributes.of("axis", axis), parts);
  }

  public Node slice(Node x, int axis, int from, int to) {
    Shape shape = ShapeRules.slice(label(Op.SLICE), x, axis, from, to);
    return append(
        Op.SLICE,
        shape,
        x.dtype(),
        Attributes.of("axis", axis).with("from", from).with("to", to),
        List.of(x));
  }

  public Node broadcast(Node x, Shape shape) {
    if (x.shape().equals(shape)) {
      return x;
    }
    ShapeRules.broadcastTo(label(Op.BROADCAST), x, shape);
    return append(Op.BROADCAST, shape, x.dtype(), Attributes.NONE, List.of(x));
  }

  /** Sum over the axes given; over all when none is given. The result loses them. */
  public Node reduceSum(Node x, int... axes) {
    return reduce(Op.REDUCE_SUM, x, false, axes);
  }

  /** Like {@link #reduceSum} or {@link #reduceMean}, but the axes stay as 1 when {@code keep}. */
  public Node reduce(Op op, Node x, boolean keep, int... axes) {
    int[] all = axes.length == 0 ? ShapeRules.allAxes(x.shape()) : axes.clone();
    Arrays.sort(all);
    Shape shape = ShapeRules.reduce(label(op), x, all, keep);
    return append(op, shape, x.dtype(), Attributes.of("axes", all).with("keep", keep), List.of(x));
  }

  public Node reduceMean(Node x, int... axes) {
    return reduce(Op.REDUCE_MEAN, x, false, axes);
  }

  /** Maximum over the last axis, which stays as 1. */
  public Node reduceMax(Node x) {
    int last = x.shape().rank() - 1;
    return append(
        Op.REDUCE_MAX,
        ShapeRules.reduce(label(Op.REDUCE_MAX), x, new int[] {last}, true),
        x.dtype(),
        Attributes.NONE,
        List.of(x));
  }

  /** Rows of a table [V, K] chosen by column {@code column} of codes int [N, C]: [N, K]. */
  public Node gatherRows(Node table, Node codes, int column) {
    Shape shape = ShapeRules.gather(label(Op.GATHER_ROWS), table, codes, column);
    return append(
        Op.GATHER_ROWS,
        shape,
        DType.FLOAT32,
        Attributes.of("column", column),
        List.of(table, codes));
  }

  /**
   * The transpose of {@link #gatherRows}: rows dy [N, K] added into a zero table [{@code rows}, K].
   */
  public Node scatterAddRows(Node dy, Node codes, int column, int rows) {
    Shape shape = ShapeRules.scatter(label(Op.SCATTER_ADD_ROWS), dy, codes, column, rows);
    return append(
        Op.SCATTER_ADD_ROWS,
        shape,
        DType.FLOAT32,
        Attributes.of("column", column).with("rows", rows),
        List.of(dy, codes));
  }

  // Activations.

  public Node relu(Node x) {
    return unary(Op.RELU, x);
  }

  public Node leakyRelu(Node x, double alpha) {
    return unary(Op.LEAKY_RELU, x, Attributes.of("alpha", notNegative(Op.LEAKY_RELU, alpha)));
  }

  public Node elu(Node x, double alpha) {
    return unary(Op.ELU, x, Attributes.of("alpha", notNegative(Op.ELU, alpha)));
  }

  public Node sigmoid(Node x) {
    return unary(Op.SIGMOID, x);
  }

  public Node tanh(Node x) {
    return unary(Op.TANH, x);
  }

  public Node softplus(Node x) {
    return unary(Op.SOFTPLUS, x);
  }

  public Node swish(Node x, double beta) {
    return unary(Op.SWISH, x, Attributes.of("beta", beta));
  }

  public Node mish(Node x) {
    return unary(Op.MISH, x);
  }

  public Node gelu(Node x) {
    return unary(Op.GELU, x);
  }

  /** The derivative of {@link #gelu} at x. */
  Node geluSlope(Node x) {
    return unary(Op.GELU_SLOPE, x);
  }

  public Node softmax(Node x, double temperature) {
    if (!(temperature > 0)) {
      throw new GraphException(
          label(Op.SOFTMAX) + ": temperature must be above 0, got " + temperature);
    }
    ShapeRules.atLeastRank(label(Op.SOFTMAX), x, 1);
    return unary(Op.SOFTMAX, x, Attributes.of("temperature", temperature));
  }

  public Node logSoftmax(Node x) {
    ShapeRules.atLeastRank(label(Op.LOG_SOFTMAX), x, 1);
    return unary(Op.LOG_SOFTMAX, x);
  }

  public Node step(Node x) {
    return unary(Op.STEP, x);
  }

  public Node argmax(Node x) {
    Shape shape = ShapeRules.reduce(label(Op.ARGMAX), x, new int[] {x.shape().rank() - 1}, false);
    return append(Op.ARGMAX, shape, DType.INT32, Attributes.NONE, List.of(x));
  }

  /**
   * The gradient op of an elementwise activation or softmax: dy and the saved tensor have one
   * shape.
   */
  Node activationGrad(Op op, Node dy, Node saved, Attributes attributes) {
    ShapeRules.same(label(op), dy, saved);
    return append(op, dy.shape(), DType.FLOAT32, attributes, List.of(dy, saved));
  }

  // Regularising layers.

  /**
   * Numbers that are drawn anew at each step.
   *
   * @param id tells the random nodes and dropouts of one network apart; equal ids give equal bits
   */
  public Node random(Distribution distribution, Shape shape, int id) {
    Attributes attributes = Attributes.of("distribution", distribution.code()).with("id", id);
    return append(Op.RANDOM, shape, DType.FLOAT32, attributes, List.of());
  }

  /** Inverted dropout; {@code id} tells the layers of one network apart. */
  public Node dropout(Node x, double rate, int id) {
    if (!(rate >= 0 && rate < 1)) {
      throw new GraphException(label(Op.DROPOUT) + ": rate must be in [0, 1), got " + rate);
    }
    return unary(Op.DROPOUT, x, Attributes.of("rate", rate).with("id", id));
  }

  public Node batchMean(Node x) {
    ShapeRules.atLeastRank(label(Op.BATCH_MEAN), x, 2);
    return append(
        Op.BATCH_MEAN, Shape.of(x.shape().dim(-1)), DType.FLOAT32, Attributes.NONE, List.of(x));
  }

  public Node batchVariance(Node x) {
    ShapeRules.atLeastRank(label(Op.BATCH_VARIANCE), x, 2);
    return append(
        Op.BATCH_VARIANCE, Shape.of(x.shape().dim(-1)), DType.FLOAT32, Attributes.NONE, List.of(x));
  }

  /**
   * See {@link Op#BATCH_NORM}. With {@code training}, mean and variance must be the statistics of
   * x.
   */
  public Node batchNorm(
      Node x, Node mean, Node variance, Node scale, Node shift, double epsilon, boolean training) {
    String label = label(Op.BATCH_NORM);
    ShapeRules.columns(label, x, mean, variance, scale, shift);
    if (training
        && !(mean.op() == Op.BATCH_MEAN
            && mean.input(0) == x
            && variance.op() == Op.BATCH_VARIANCE
            && variance.input(0) == x)) {
      throw new GraphException(
          label
              + ": in training mean and variance must be batch_mean and batch_variance of "
              + x
              + ", got "
              + mean
              + " and "
              + variance);
    }
    return append(
        Op.BATCH_NORM,
        x.shape(),
        DType.FLOAT32,
        Attributes.of("epsilon", epsilon).with("training", training),
        List.of(x, mean, variance, scale, shift));
  }

  Node batchNormGrad(Node dy, Node x, Node mean, Node variance, Node scale, Attributes attributes) {
    ShapeRules.same(label(Op.BATCH_NORM_GRAD), dy, x);
    return append(
        Op.BATCH_NORM_GRAD,
        x.shape(),
        DType.FLOAT32,
        attributes,
        List.of(dy, x, mean, variance, scale));
  }

  Node batchNormGradScale(Node dy, Node x, Node mean, Node variance, Attributes attributes) {
    ShapeRules.same(label(Op.BATCH_NORM_GRAD_SCALE), dy, x);
    return append(
        Op.BATCH_NORM_GRAD_SCALE,
        mean.shape(),
        DType.FLOAT32,
        attributes,
        List.of(dy, x, mean, variance));
  }

  /**
   * Row weights [N] times the weight of each row's class; classes are labels int [N] or a 0/1
   * target [N, 1].
   */
  public Node classWeights(Node weights, Node classes, double[] perClass) {
    ShapeRules.rowsOf(label(Op.CLASS_WEIGHTS), weights, classes);
    return append(
        Op.CLASS_WEIGHTS,
        weights.shape(),
        DType.FLOAT32,
        Attributes.of("weights", perClass.clone()),
        List.of(weights, classes));
  }

  // Losses (scalar sums) and metric sums.

  public Node softmaxCrossEntropy(Node scores, Node labels, Node weights, double smoothing) {
    ShapeRules.labelled(label(Op.SOFTMAX_CROSS_ENTROPY), scores, labels, weights);
    return loss(
        Op.SOFTMAX_CROSS_ENTROPY,
        scores,
        labels,
        weights,
        Attributes.of("smoothing", smoothing(smoothing)));
  }

  public Node sigmoidCrossEntropy(Node scores, Node target, Node weights, double smoothing) {
    ShapeRules.targeted(label(Op.SIGMOID_CROSS_ENTROPY), scores, target, weights);
    return loss(
        Op.SIGMOID_CROSS_ENTROPY,
        scores,
        target,
        weights,
        Attributes.of("smoothing", smoothing(smoothing)));
  }

  public Node mse(Node output, Node target, Node weights) {
    ShapeRules.targeted(label(Op.MSE), output, target, weights);
    return loss(Op.MSE, output, target, weights, Attributes.NONE);
  }

  public Node mae(Node output, Node target, Node weights) {
    ShapeRules.targeted(label(Op.MAE), output, target, weights);
    return loss(Op.MAE, output, target, weights, Attributes.NONE);
  }

  public Node huber(Node output, Node target, Node weights, double delta) {
    ShapeRules.targeted(label(Op.HUBER), output, target, weights);
    if (!(delta > 0)) {
      throw new GraphException(label(Op.HUBER) + ": delta must be above 0, got " + delta);
    }
    return loss(Op.HUBER, output, target, weights, Attributes.of("delta", delta));
  }

  public Node hinge(Node scores, Node target, Node weights) {
    ShapeRules.targeted(label(Op.HINGE), scores, target, weights);
    return loss(Op.HINGE, scores, target, weights, Attributes.NONE);
  }

  Node lossGrad(Op op, Node dy, Node forward) {
    return append(
        op,
        forward.input(0).shape(),
        DType.FLOAT32,
        forward.attributes(),
        List.of(dy, forward.input(0), forward.input(1), forward.input(2)));
  }

  Node lossGrad(Op op, Node dy, Node scores, Node target, Node weights, Attributes attributes) {
    return append(
        op, scores.shape(), DType.FLOAT32, attributes, List.of(dy, scores, target, weights));
  }

  public Node correct(Node scores, Node labels) {
    ShapeRules.rowsOf(label(Op.METRIC_CORRECT), labels, scores);
    return append(
        Op.METRIC_CORRECT, Shape.SCALAR, DType.FLOAT32, Attributes.NONE, List.of(scores, labels));
  }

  public Node correctBinary(Node scores, Node target) {
    ShapeRules.same(label(Op.METRIC_CORRECT_BINARY), scores, target);
    return append(
        Op.METRIC_CORRECT_BINARY,
        Shape.SCALAR,
        DType.FLOAT32,
        Attributes.NONE,
        List.of(scores, target));
  }

  public Node absoluteError(Node output, Node target) {
    ShapeRules.same(label(Op.METRIC_ABSOLUTE_ERROR), output, target);
    return append(
        Op.METRIC_ABSOLUTE_ERROR,
        Shape.SCALAR,
        DType.FLOAT32,
        Attributes.NONE,
        List.of(output, target));
  }

  // Plumbing.

  private Node loss(Op op, Node scores, Node target, Node weights, Attributes attributes) {
    return append(op, Shape.SCALAR, DType.FLOAT32, attributes, List.of(scores, target, weights));
  }

  private double notNegative(Op op, double alpha) {
    if (!(alpha >= 0)) {
      throw new GraphException(label(op) + ": alpha must be 0 or more, got " + alpha);
    }
    return alpha;
  }

  private static double smoothing(double smoothing) {
    if (!(smoothing >= 0 && smoothing < 1)) {
      throw new GraphException("label smoothing must be in [0, 1), got " + smoothing);
    }
    return smoothing;
  }

  private Node unary(Op op, Node x) {
    return unary(op, x, Attributes.NONE);
  }

  private Node unary(Op op, Node x, Attributes attributes) {
    return append(op, x.shape(), x.dtype(), attributes, List.of(x));
  }

  private Node binary(Op op, Node a, Node b) {
    return append(
        op, ShapeRules.broadcast(label(op), a, b), DType.FLOAT32, Attributes.NONE, List.of(a, b));
  }

  private Node source(Op op, String name, DType dtype, Shape shape, Attributes attributes) {
    nextName = name;
    return append(op, shape, dtype, attributes, List.of());
  }

  /** Takes the name meant for the next node, for what is made of several nodes; null for none. */
  @Nullable String takeName() {
    String name = nextName;
    nextName = null;
    return name;
  }

  /** The name the next node will bear, for messages. */
  String label(Op op) {
    return nextName != null ? nextName : op.id() + "_" + nodes.size();
  }

  Node append(Op op, Shape shape, DType dtype, Attributes attributes, List<Node> inputs) {
    String name = label(op);
    nextName = null;
    for (Node input : inputs) {
      if (input.id() >= nodes.size() || nodes.get(input.id()) != input) {
        throw new GraphException("node " + name + ": input " + input + " belongs to another graph");
      }
      if (input.op() == Op.SPARSE_INPUT
          && op != Op.SPARSE_MATMUL
          && op != Op.SPARSE_MATMUL_TRANSPOSED) {
        throw new GraphException(
            "node " + name + ": sparse input " + input + " can only feed sparse_matmul");
      }
    }
    Node node = new Node(nodes.size(), op, name, inputs, shape, dtype, attributes);
    if (byName.putIfAbsent(name, node) != null) {
      throw new GraphException("node " + name + " exists already; names must be unique in a graph");
    }
    nodes.add(node);
    return node;
  }
}
