package dev.bellows.engine.graph;

import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import dev.bellows.engine.tensor.Window;
import java.util.List;

/**
 * Convolutions and their gradients: builders with their shape rules, and the family's rows of the
 * gradient table. Images are [N, spatial..., C], weights [kernel..., C / groups, O]; one to three
 * spatial axes.
 *
 * <p>With T(x, w, v) = sum of v times conv(x, w), the three ops are the derivatives of T by v, x
 * and w. T is linear in each, so the gradient of each op is the other two with the upstream
 * gradient in the place of what is differentiated.
 */
public final class Convolutions {
  private Convolutions() {}

  /**
   * Cross-correlation (the kernel is not flipped), x [N, spatial..., C] with w [kernel..., C /
   * groups, O]: [N, windows..., O].
   *
   * @param window its kernel sizes must be those of w
   * @param groups divides C and O; C groups of one channel each are a depthwise convolution
   */
  public static Node conv(Graph g, Node x, Node w, Window window, int groups) {
    String label = g.label(Op.CONV);
    Windows.image(label, "input", x.shape(), window);
    weight(label, w.shape(), window, groups);
    int channels = w.shape().dim(-2) * groups;
    if (x.shape().dim(-1) != channels) {
      throw new GraphException(
          "node "
              + label
              + ": input "
              + x
              + " has "
              + x.shape().dim(-1)
              + " channels, weight "
              + w
              + " with "
              + groups
              + " groups takes "
              + channels
              + "; a weight that fits has "
              + (x.shape().dim(-1) / (double) groups)
              + " in its last but one dimension");
    }
    Shape shape =
        Windows.image(
            x.shape().dim(0), Windows.outputs(label, x.shape(), window), w.shape().dim(-1));
    return g.append(
        Op.CONV,
        shape,
        DType.FLOAT32,
        Windows.attributes(window).with("groups", groups),
        List.of(x, w));
  }

  /**
   * Transposed convolution (V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep
   * learning", 2016): each input position pastes the kernel into the output and overlaps are
   * summed. x [N, spatial..., C] with w [kernel..., O / groups, C]: [N, output..., O]; the gradient
   * of a convolution from O to C channels with respect to its input.
   *
   * @param output spatial sizes of the result; (size - 1) stride - low - high + extent is the
   *     least, and up to stride - 1 more fit
   */
  public static Node transposed(Graph g, Node x, Node w, Window window, int groups, int... output) {
    String label = g.label(Op.CONV_GRAD_INPUT);
    Windows.image(label, "input", x.shape(), window);
    weight(label, w.shape(), window, groups);
    Shape shape = Windows.image(x.shape().dim(0), output, w.shape().dim(-2) * groups);
    return gradInput(g, x, w, window, groups, shape);
  }

  /**
   * Output sizes of {@link #transposed} without surplus: (size - 1) stride - low - high + extent.
   */
  public static int[] transposedOutput(Window window, int... input) {
    int[] output = new int[input.length];
    for (int i = 0; i < output.length; i++) {
      output[i] =
          (input[i] - 1) * window.stride(i) - window.low(i) - window.high(i) + window.extent(i);
    }
    return output;
  }

  static Node gradInput(Graph g, Node dy, Node w, Window window, int groups, Shape input) {
    String label = g.label(Op.CONV_GRAD_INPUT);
    int[] outputs = Windows.outputs(label, input, window);
    expect(label, dy, Windows.image(input.dim(0), outputs, w.shape().dim(-1)), input, window);
    return g.append(
        Op.CONV_GRAD_INPUT,
        input,
        DType.FLOAT32,
        Windows.attributes(window).with("groups", groups).with("input", input.dims()),
        List.of(dy, w));
  }

  static Node gradWeight(Graph g, Node x, Node dy, Window window, int groups) {
    String label = g.label(Op.CONV_GRAD_WEIGHT);
    Windows.image(label, "input", x.shape(), window);
    int[] outputs = Windows.outputs(label, x.shape(), window);
    int out = dy.shape().dim(-1);
    expect(label, dy, Windows.image(x.shape().dim(0), outputs, out), x.shape(), window);
    int[] dims = new int[window.rank() + 2];
    for (int i = 0; i < window.rank(); i++) {
      dims[i] = window.kernel(i);
    }
    dims[dims.length - 2] = x.shape().dim(-1) / groups;
    dims[dims.length - 1] = out;
    return g.append(
        Op.CONV_GRAD_WEIGHT,
        Shape.of(dims),
        DType.FLOAT32,
        Windows.attributes(window).with("groups", groups),
        List.of(x, dy));
  }

  private static void expect(String label, Node dy, Shape expected, Shape input, Window window) {
    if (!dy.shape().equals(expected)) {
      throw new GraphException(
          "node "
              + label
              + ": "
              + dy
              + " must be "
              + expected
              + ", the shape of a convolution of "
              + input
              + " with "
              + window);
    }
  }

  private static void weight(String label, Shape weight, Window window, int groups) {
    boolean fits = weight.rank() == window.rank() + 2 && groups >= 1;
    for (int i = 0; fits && i < window.rank(); i++) {
      fits = weight.dim(i) == window.kernel(i);
    }
    if (!fits || weight.dim(-1) % groups != 0) {
      throw new GraphException(
          "node "
              + label
              + ": weight "
              + weight
              + " does not fit "
              + window
              + " with "
              + groups
              + " groups: it must be [kernel, C / groups, O] with O a multiple of the groups");
    }
  }

  /** Shape of the image that a node of this family convolves: [N, spatial..., C]. */
  public static Shape input(Node node) {
    return node.op() == Op.CONV_GRAD_INPUT ? node.shape() : node.input(0).shape();
  }

  /** Shape of the weight of a node of this family: [kernel..., C / groups, O]. */
  public static Shape weight(Node node) {
    return node.op() == Op.CONV_GRAD_WEIGHT ? node.shape() : node.input(1).shape();
  }

  /** Number of groups of a node of this family. */
  public static int groups(Node node) {
    return node.attributes().integer("groups");
  }

  /** Gradient of input {@code i} of {@code n}, see {@link GradientRules}. */
  static Node gradient(Graph g, Node n, int i, Node dy) {
    Window window = Windows.of(n);
    int groups = groups(n);
    Node a = n.input(0);
    Node b = n.input(1);
    return switch (n.op()) {
      case CONV ->
          i == 0
              ? gradInput(g, dy, b, window, groups, a.shape())
              : gradWeight(g, a, dy, window, groups);
      case CONV_GRAD_INPUT -> // (v, w): dy stands for x
          i == 0 ? conv(g, dy, b, window, groups) : gradWeight(g, dy, a, window, groups);
      case CONV_GRAD_WEIGHT -> // (x, v): dy stands for w
          i == 0 ? gradInput(g, b, dy, window, groups, a.shape()) : conv(g, a, dy, window, groups);
      default -> throw new IllegalStateException("no gradient rule for op " + n.op().id());
    };
  }
}
