package dev.bellows.engine.graph;

import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The one table of gradient rules: given the gradient dy of a node, the node for the gradient of
 * one of its inputs. Rules are written with graph ops, so that the rules of the gradient ops are in
 * the same table and any order of derivative can be taken (except where {@link
 * Op#differentiable(int)} says no).
 */
final class GradientRules {
  private static final double INV_SQRT_2PI = 0.3989422804014327;

  private GradientRules() {}

  /**
   * Gradient of input {@code i} of {@code n}, or null when it is zero everywhere.
   *
   * @throws GraphException when the op has no gradient for that input
   */
  static @Nullable Node gradient(Graph g, Node n, int i, Node dy) {
    if (n.op() == Op.BATCH_NORM && (i == 1 || i == 2) && n.attributes().flag("training")) {
      return null; // The gradient of x already goes through its own mean and variance.
    }
    if (!n.op().differentiable(i)) {
      throw new GraphException(
          "node "
              + n
              + ": op "
              + n.op().id()
              + " has no gradient for input "
              + i
              + " ("
              + n.input(i)
              + "); put stop_gradient before it or replace it by a differentiable op");
    }
    return switch (n.op().family()) {
      case CORE -> core(g, n, i, dy);
      case CONVOLUTION -> Convolutions.gradient(g, n, i, dy);
      case POOLING -> Poolings.gradient(g, n, i, dy);
      case NORMALISATION -> Normalisations.gradient(g, n, i, dy);
      case INDEXING -> Indexings.gradient(g, n, i, dy);
      case ATTENTION -> Attentions.gradient(g, n, i, dy);
      case RECURRENCE -> Recurrences.gradient(g, n, i, dy);
      case ALIGNMENT -> Alignments.gradient(g, n, i, dy);
    };
  }

  private static @Nullable Node core(Graph g, Node n, int i, Node dy) {
    return switch (n.op()) {
      case ADD, SUB, MUL, DIV, MAX, MIN ->
          unbroadcast(g, broadcasting(g, n, i, dy), n.input(i).shape());
      case SIGN, GREATER -> null;
      case MATMUL -> matmul(g, n, i, dy);
      case SPARSE_MATMUL -> g.sparseMatmulTransposed(n.input(0), dy);
      case SPARSE_MATMUL_TRANSPOSED -> g.sparseMatmul(n.input(0), dy);
      case CONVERT -> dy.dtype() == n.input(0).dtype() ? dy : g.convert(dy, n.input(0).dtype());
      case TRANSPOSE -> g.transpose(dy);
      case RESHAPE -> g.reshape(dy, n.input(0).shape());
      case CONCAT -> concat(g, n, i, dy);
      case SLICE -> slice(g, n, dy);
      case BROADCAST -> unbroadcast(g, dy, n.input(0).shape());
      case REDUCE_SUM, REDUCE_MEAN, REDUCE_MAX -> reduce(g, n, dy);
      case GATHER_ROWS ->
          g.scatterAddRows(
              dy, n.input(1), n.attributes().integer("column"), n.input(0).shape().dim(0));
      case SCATTER_ADD_ROWS -> g.gatherRows(dy, n.input(1), n.attributes().integer("column"));
      case BATCH_MEAN -> g.broadcast(g.mul(dy, 1.0 / rows(n.input(0))), n.input(0).shape());
      case BATCH_VARIANCE -> {
        Node x = n.input(0);
        yield g.mul(g.sub(x, g.batchMean(x)), g.mul(dy, 2.0 / rows(x)));
      }
      case BATCH_NORM -> batchNorm(g, n, i, dy);
      case BATCH_NORM_GRAD -> batchNormGrad(g, n, i, dy);
      case BATCH_NORM_GRAD_SCALE -> {
        // dscale_k = sum_n d_nk xhat_nk: with respect to d it is dy_k xhat_nk.
        Node zero = g.constant(0, dy.shape());
        yield g.batchNorm(
            n.input(1),
            n.input(2),
            n.input(3),
            dy,
            zero,
            n.attributes().number("epsilon"),
            n.attributes().flag("training"));
      }
      case SOFTMAX_CROSS_ENTROPY -> g.lossGrad(Op.SOFTMAX_CROSS_ENTROPY_GRAD, dy, n);
      case SIGMOID_CROSS_ENTROPY -> g.lossGrad(Op.SIGMOID_CROSS_ENTROPY_GRAD, dy, n);
      case MSE -> g.lossGrad(Op.MSE_GRAD, dy, n);
      case MAE -> g.lossGrad(Op.MAE_GRAD, dy, n);
      case HUBER -> g.lossGrad(Op.HUBER_GRAD, dy, n);
      case HINGE -> g.lossGrad(Op.HINGE_GRAD, dy, n);
      case SOFTMAX_CROSS_ENTROPY_GRAD,
          SIGMOID_CROSS_ENTROPY_GRAD,
          MSE_GRAD,
          MAE_GRAD,
          HUBER_GRAD,
          HINGE_GRAD ->
          lossGrad(g, n, i, dy);
      default -> elementwise(g, n, i, dy);
    };
  }

  private static Node broadcasting(Graph g, Node n, int i, Node dy) {
    Node a = n.input(0);
    Node b = n.input(1);
    return switch (n.op()) {
      case ADD -> dy;
      case SUB -> i == 0 ? dy : g.neg(dy);
      case MUL -> g.mul(dy, i == 0 ? b : a);
      case DIV -> i == 0 ? g.div(dy, b) : g.neg(g.div(g.mul(dy, n), b));
      case MAX -> maskedBy(g, dy, g.greater(a, b), i == 0);
      default ->
          // MIN
          maskedBy(g, dy, g.greater(b, a), i == 0);
    };
  }

  /** dy where the 0/1 mask is 1 (or 0 when not {@code inside}). */
  private static Node maskedBy(Graph g, Node dy, Node mask, boolean inside) {
    Node part = g.mul(dy, mask);
    return inside ? part : g.sub(dy, part);
  }

  /** Sums a gradient over what broadcasting had repeated. */
  static Node unbroadcast(Graph g, Node dy, Shape shape) {
    if (dy.shape().equals(shape)) {
      return dy;
    }
    int lead = dy.shape().rank() - shape.rank();
    List<Integer> axes = new ArrayList<>();
    for (int axis = 0; axis < dy.shape().rank(); axis++) {
      if (axis < lead || (shape.dim(axis - lead) == 1 && dy.shape().dim(axis) != 1)) {
        axes.add(axis);
      }
    }
    Node sum =
        axes.isEmpty() ? dy : g.reduceSum(dy, axes.stream().mapToInt(Integer::intValue).toArray());
    return g.reshape(sum, shape);
  }

  private static Node matmul(Graph g, Node n, int i, Node dy) {
    boolean ta = n.attributes().flag("transA");
    boolean tb = n.attributes().flag("transB");
    Node a = n.input(0);
    Node b = n.input(1);
    if (i == 0) {
      return ta ? g.matmul(b, dy, tb, true) : g.matmul(dy, b, false, !tb);
    }
    return tb ? g.matmul(dy, a, true, ta) : g.matmul(a, dy, !ta, false);
  }

  private static Node concat(Graph g, Node n, int i, Node dy) {
    int axis = n.attributes().integer("axis");
    int from = 0;
    for (int k = 0; k < i; k++) {
      from += n.input(k).shape().dim(axis);
    }
    return g.slice(dy, axis, from, from + n.input(i).shape().dim(axis));
  }

  /** Pads dy with zeros to the shape that was sliced. */
  private static Node slice(Graph g, Node n, Node dy) {
    int axis = n.attributes().integer("axis");
    int from = n.attributes().integer("from");
    int to = n.attributes().integer("to");
    int[] dims = n.input(0).shape().dims();
    int length = dims[axis];
    List<Node> parts = new ArrayList<>();
    if (from > 0) {
      dims[axis] = from;
      parts.add(g.constant(0, Shape.of(dims)));
    }
    parts.add(dy);
    if (to < length) {
      dims[axis] = length - to;
      parts.add(g.constant(0, Shape.of(dims)));
    }
    return g.concat(axis, parts);
  }

  private static Node reduce(Graph g, Node n, Node dy) {
    Node x = n.input(0);
    if (n.op() == Op.REDUCE_MAX) {
      // Ties share: 1 - (max > x) is 1 exactly where x is the maximum.
      Node isMax = g.sub(g.constant(1, Shape.SCALAR), g.greater(n, x));
      Node count = g.reduce(Op.REDUCE_SUM, isMax, true, x.shape().rank() - 1);
      return g.mul(g.div(dy, count), isMax);
    }
    int[] dims = x.shape().dims();
    long count = 1;
    for (int axis : n.attributes().integers("axes")) {
      count *= dims[axis];
      dims[axis] = 1;
    }
    Node spread = g.broadcast(g.reshape(dy, Shape.of(dims)), x.shape());
    return n.op() == Op.REDUCE_MEAN ? g.mul(spread, 1.0 / count) : spread;
  }

  private static Node batchNorm(Graph g, Node n, int i, Node dy) {
    Node x = n.input(0);
    Node mean = n.input(1);
    Node variance = n.input(2);
    return switch (i) {
      case 0 -> g.batchNormGrad(dy, x, mean, variance, n.input(3), n.attributes());
      case 3 -> g.batchNormGradScale(dy, x, mean, variance, n.attributes());
      default -> g.reduceSum(dy, ShapeRules.rowAxes(dy));
    };
  }

  /** Values of a channel: all but the last axis. */
  private static double rows(Node x) {
    return (double) x.shape().size() / x.shape().dim(-1);
  }

  /** The op is linear in its dy (input 0) and in scale (input 4), and self-adjoint in dy. */
  private static Node batchNormGrad(Graph g, Node n, int i, Node dy) {
    Node x = n.input(1);
    Node mean = n.input(2);
    Node variance = n.input(3);
    if (i == 0) {
      return g.batchNormGrad(dy, x, mean, variance, n.input(4), n.attributes());
    }
    Node unit = g.constant(1, n.input(4).shape());
    return g.reduceSum(
        g.mul(dy, g.batchNormGrad(n.input(0), x, mean, variance, unit, n.attributes())),
        ShapeRules.rowAxes(x));
  }

  /**
   * Loss gradients: linear in the scalar dy (input 0); with respect to the scores (input 1) the
   * second derivative.
   */
  private static @Nullable Node lossGrad(Graph g, Node n, int i, Node dy) {
    Node scale = n.input(0);
    Node scores = n.input(1);
    Node target = n.input(2);
    Node weights = n.input(3);
    if (i == 0) {
      return g.reduceSum(
          g.mul(dy, g.lossGrad(n.op(), one(g), scores, target, weights, n.attributes())));
    }
    Node column = g.reshape(weights, Shape.of(weights.shape().dim(0), 1));
    double perOutput = 1.0 / scores.shape().dim(1);
    Node weighted = g.mul(g.mul(dy, column), scale);
    return switch (n.op()) {
      case SOFTMAX_CROSS_ENTROPY_GRAD ->
          g.activationGrad(
              Op.SOFTMAX_GRAD, weighted, g.softmax(scores, 1), Attributes.of("temperature", 1.0));
      case SIGMOID_CROSS_ENTROPY_GRAD ->
          g.mul(
              g.activationGrad(Op.SIGMOID_GRAD, weighted, g.sigmoid(scores), Attributes.NONE),
              perOutput);
      case MSE_GRAD -> g.mul(weighted, 2 * perOutput);
      case HUBER_GRAD -> {
        Node outside =
            g.greater(
                g.abs(g.sub(scores, target)),
                g.constant(n.attributes().number("delta"), Shape.SCALAR));
        yield g.mul(g.mul(weighted, g.sub(one(g), outside)), perOutput);
      }
      // MAE_GRAD, HINGE_GRAD: piecewise constant
      default -> null;
    };
  }

  private static @Nullable Node elementwise(Graph g, Node n, int i, Node dy) {
    Attributes at = n.attributes();
    Node x = n.input(0);
    return switch (n.op()) {
      case NEG -> g.neg(dy);
      case EXP -> g.mul(dy, n);
      case LOG -> g.div(dy, x);
      case SQRT -> g.div(g.mul(dy, 0.5), n);
      case POW -> {
        double p = at.number("exponent");
        yield p == 0 ? null : g.mul(dy, p == 1 ? one(g) : g.mul(g.pow(x, p - 1), p));
      }
      case ABS -> g.mul(dy, g.sign(x));
      case CLAMP -> {
        Node above = g.greater(x, g.constant(at.number("max"), Shape.SCALAR));
        Node below = g.greater(g.constant(at.number("min"), Shape.SCALAR), x);
        yield g.mul(dy, g.sub(one(g), g.add(above, below)));
      }
      case RELU -> g.activationGrad(Op.RELU_GRAD, dy, n, at);
      case LEAKY_RELU -> g.activationGrad(Op.LEAKY_RELU_GRAD, dy, n, at);
      case ELU -> g.activationGrad(Op.ELU_GRAD, dy, n, at);
      case SIGMOID -> g.activationGrad(Op.SIGMOID_GRAD, dy, n, at);
      case TANH -> g.activationGrad(Op.TANH_GRAD, dy, n, at);
      case SOFTPLUS -> g.mul(dy, g.sigmoid(x));
      case SWISH -> g.activationGrad(Op.SWISH_GRAD, dy, x, at);
      case MISH -> g.activationGrad(Op.MISH_GRAD, dy, x, at);
      case GELU -> g.mul(dy, g.geluSlope(x));
      case GELU_SLOPE -> g.mul(dy, geluCurve(g, x));
      case SOFTMAX -> g.activationGrad(Op.SOFTMAX_GRAD, dy, n, at);
      case LOG_SOFTMAX ->
          g.sub(dy, g.mul(g.exp(n), g.reduce(Op.REDUCE_SUM, dy, true, x.shape().rank() - 1)));
      case DROPOUT -> g.dropout(dy, at.number("rate"), at.integer("id"));
      default -> activationGrad(g, n, i, dy);
    };
  }

  /**
   * Rules of the activation gradient ops: linear in their dy (input 0); input 1 is the saved x or
   * y.
   */
  private static @Nullable Node activationGrad(Graph g, Node n, int i, Node dy) {
    Attributes at = n.attributes();
    Node inner = n.input(0);
    Node saved = n.input(1);
    if (i == 0) { // All are linear in dy with a diagonal or symmetric matrix: the same op again.
      return g.activationGrad(n.op(), dy, saved, at);
    }
    Node both = g.mul(dy, inner);
    return switch (n.op()) {
      case RELU_GRAD, LEAKY_RELU_GRAD -> null;
      case ELU_GRAD -> g.mul(both, g.sub(one(g), g.greater(saved, g.constant(0, Shape.SCALAR))));
      case SIGMOID_GRAD -> g.mul(both, g.sub(one(g), g.mul(saved, 2)));
      case TANH_GRAD -> g.mul(both, g.mul(saved, -2));
      case SWISH_GRAD -> g.mul(both, swishSecond(g, saved, at.number("beta")));
      case MISH_GRAD -> g.mul(both, mishSecond(g, saved));
      case SOFTMAX_GRAD -> {
        int last = saved.shape().rank() - 1;
        Node inside = g.reduce(Op.REDUCE_SUM, g.mul(inner, saved), true, last);
        Node outer = g.reduce(Op.REDUCE_SUM, g.mul(dy, saved), true, last);
        Node sum = g.sub(g.mul(dy, g.sub(inner, inside)), g.mul(inner, outer));
        yield g.mul(sum, 1 / at.number("temperature"));
      }
      default -> throw new IllegalStateException("no gradient rule for op " + n.op().id());
    };
  }

  /** beta s (1 - s) (2 + beta x (1 - 2 s)), s = sigmoid(beta x). */
  private static Node swishSecond(Graph g, Node x, double beta) {
    Node s = g.sigmoid(g.mul(x, beta));
    Node slope = g.mul(g.mul(s, g.sub(one(g), s)), beta);
    return g.mul(
        slope,
        g.add(g.constant(2, Shape.SCALAR), g.mul(g.mul(x, beta), g.sub(one(g), g.mul(s, 2)))));
  }

  /** phi(x) (2 - x^2), the second derivative of GELU. */
  private static Node geluCurve(Graph g, Node x) {
    Node square = g.mul(x, x);
    Node density = g.mul(g.exp(g.mul(square, -0.5)), INV_SQRT_2PI);
    return g.mul(density, g.sub(g.constant(2, Shape.SCALAR), square));
  }

  /** With s = sigmoid(x), t = tanh(softplus(x)), t' = (1 - t^2) s: 2 t' + x t' (1 - s - 2 t s). */
  private static Node mishSecond(Graph g, Node x) {
    Node s = g.sigmoid(x);
    Node t = g.tanh(g.softplus(x));
    Node slope = g.mul(g.sub(one(g), g.mul(t, t)), s);
    Node curve = g.sub(g.sub(one(g), s), g.mul(g.mul(t, s), 2));
    return g.mul(slope, g.add(g.constant(2, Shape.SCALAR), g.mul(x, curve)));
  }

  private static Node one(Graph g) {
    return g.constant(1, Shape.SCALAR);
  }
}
