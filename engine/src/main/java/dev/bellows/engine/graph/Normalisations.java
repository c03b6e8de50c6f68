package dev.bellows.engine.graph;

import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Layer, group and instance normalisation of tensors whose last axis is the channels. Builders with
 * their shape rules, and the family's rows of the gradient table.
 */
public final class Normalisations {
  private Normalisations() {}

  /**
   * Layer norm of x [..., C]: each position by its own mean and variance over the channels (J. L.
   * Ba, J. R. Kiros, G. E. Hinton, Layer normalization, 2016).
   *
   * @param scale [C]
   * @param shift [C]
   */
  public static Node layerNorm(Graph g, Node x, Node scale, Node shift, double epsilon) {
    ShapeRules.atLeastRank(g.label(Op.GROUP_NORM), x, 1);
    long rows = x.shape().size() / Math.max(1, x.shape().dim(-1));
    return norm(g, x, scale, shift, Math.toIntExact(rows), 1, epsilon);
  }

  /**
   * Group norm of x [N, ..., C]: the channels of a group share mean and variance, taken over the
   * group and all inner axes of a row (Y. Wu, K. He, Group normalization, ECCV 2018).
   */
  public static Node groupNorm(
      Graph g, Node x, Node scale, Node shift, int groups, double epsilon) {
    ShapeRules.atLeastRank(g.label(Op.GROUP_NORM), x, 2);
    return norm(g, x, scale, shift, x.shape().dim(0), groups, epsilon);
  }

  /**
   * Instance norm of x [N, ..., C]: each channel of each row by itself (D. Ulyanov, A. Vedaldi, V.
   * Lempitsky, Instance normalization, 2016).
   */
  public static Node instanceNorm(Graph g, Node x, Node scale, Node shift, double epsilon) {
    ShapeRules.atLeastRank(g.label(Op.GROUP_NORM), x, 2);
    return norm(g, x, scale, shift, x.shape().dim(0), x.shape().dim(-1), epsilon);
  }

  private static Node norm(
      Graph g, Node x, Node scale, Node shift, int rows, int groups, double epsilon) {
    String label = g.label(Op.GROUP_NORM);
    int channels = x.shape().dim(-1);
    if (groups < 1 || channels % groups != 0) {
      throw new GraphException(
          "node "
              + label
              + ": "
              + channels
              + " channels of "
              + x
              + " can't be cut into "
              + groups
              + " groups; choose a divisor of "
              + channels);
    }
    perChannel(label, scale, x);
    perChannel(label, shift, x);
    if (!(epsilon > 0)) {
      throw new GraphException("node " + label + ": epsilon must be above 0, got " + epsilon);
    }
    return g.append(
        Op.GROUP_NORM,
        x.shape(),
        DType.FLOAT32,
        Attributes.of("epsilon", epsilon).with("rows", rows).with("groups", groups),
        List.of(x, scale, shift));
  }

  private static void perChannel(String label, Node vector, Node x) {
    if (vector.shape().rank() != 1 || vector.shape().dim(0) != x.shape().dim(-1)) {
      throw new GraphException(
          "node "
              + label
              + ": "
              + vector
              + " must have one value per channel of "
              + x
              + ": shape ["
              + x.shape().dim(-1)
              + "]");
    }
  }

  static Node normGrad(Graph g, Node dy, Node x, Node scale, Attributes attributes) {
    ShapeRules.same(g.label(Op.GROUP_NORM_GRAD), dy, x);
    return g.append(
        Op.GROUP_NORM_GRAD, x.shape(), DType.FLOAT32, attributes, List.of(dy, x, scale));
  }

  static Node normGradScale(Graph g, Node dy, Node x, Attributes attributes) {
    ShapeRules.same(g.label(Op.GROUP_NORM_GRAD_SCALE), dy, x);
    Shape channels = Shape.of(x.shape().dim(-1));
    return g.append(Op.GROUP_NORM_GRAD_SCALE, channels, DType.FLOAT32, attributes, List.of(dy, x));
  }

  /** Gradient of input {@code i} of {@code n}, see {@link GradientRules}. */
  static @Nullable Node gradient(Graph g, Node n, int i, Node dy) {
    Attributes at = n.attributes();
    return switch (n.op()) {
      case GROUP_NORM ->
          switch (i) {
            case 0 -> normGrad(g, dy, n.input(0), n.input(1), at);
            case 1 -> normGradScale(g, dy, n.input(0), at);
            default -> sumsOfChannels(g, dy);
          };
      case GROUP_NORM_GRAD -> gradOfGrad(g, n, i, dy);
      case GROUP_NORM_GRAD_SCALE -> {
        // The sum over channels of dscale_c dy_c xhat_c.
        Node x = n.input(1);
        if (i == 1) {
          yield normGrad(g, n.input(0), x, dy, at);
        }
        Node zero = g.constant(0, dy.shape());
        yield g.append(Op.GROUP_NORM, x.shape(), DType.FLOAT32, at, List.of(x, dy, zero));
      }
      default -> throw new IllegalStateException("no gradient rule for op " + n.op().id());
    };
  }

  private static Node sumsOfChannels(Graph g, Node x) {
    int rows = Math.toIntExact(x.shape().size() / x.shape().dim(-1));
    return g.reduceSum(g.reshape(x, Shape.of(rows, x.shape().dim(-1))), 0);
  }

  /** The op is M (scale dy) with a symmetric matrix M that depends on x. */
  private static Node gradOfGrad(Graph g, Node n, int i, Node dy) {
    Attributes at = n.attributes();
    Node x = n.input(1);
    Node scale = n.input(2);
    if (i == 1) {
      return Expansion.vectorJacobian(
          g, n, i, dy, in -> expanded(g, in.get(0), in.get(1), in.get(2), at));
    }
    Node turned = normGrad(g, dy, x, g.constant(1, scale.shape()), at);
    return i == 0 ? g.mul(turned, scale) : sumsOfChannels(g, g.mul(turned, n.input(0)));
  }

  /** GROUP_NORM_GRAD in finer ops: rsd (d - mean(d) - xhat mean(d xhat)), d = scale dy. */
  private static Node expanded(Graph g, Node dy, Node x, Node scale, Attributes at) {
    int rows = at.integer("rows");
    int groups = at.integer("groups");
    int width = scale.shape().dim(0) / groups;
    int places = Math.toIntExact(x.shape().size() / ((long) rows * groups * width));
    Shape wide = Shape.of(rows, places, groups, width);
    Node values = g.reshape(x, wide);
    Node centred = g.sub(values, groupMean(g, values));
    Node variance = groupMean(g, g.mul(centred, centred));
    Node epsilon = g.constant(at.number("epsilon"), Shape.SCALAR);
    Node rsd = g.pow(g.add(variance, epsilon), -0.5);
    Node xhat = g.mul(centred, rsd);
    Node d = g.mul(g.reshape(dy, wide), g.reshape(scale, Shape.of(groups, width)));
    Node slope = g.mul(xhat, groupMean(g, g.mul(d, xhat)));
    return g.reshape(g.mul(g.sub(g.sub(d, groupMean(g, d)), slope), rsd), x.shape());
  }

  private static Node groupMean(Graph g, Node x) {
    return g.reduce(Op.REDUCE_MEAN, x, true, 1, 3);
  }
}
