package dev.bellows.engine.graph;

import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import dev.bellows.engine.tensor.Window;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Pooling, unpooling, regions of interest, resampling and local response normalisation: builders
 * with their shape rules, and the family's rows of the gradient table. Images are [N, spatial...,
 * C].
 *
 * <p>What chooses (the position of a maximum) has no gradient; what takes or puts at chosen
 * positions is linear, and one is the transpose of the other.
 */
public final class Poolings {
  /** How a resampled position is mapped to the input. */
  public enum Corners {
    /** Pixels are areas: (o + 0.5) in / out - 0.5, limited to the image. */
    HALF_PIXEL,
    /** The corner pixels' centres coincide: o (in - 1) / (out - 1). */
    ALIGNED
  }

  private Poolings() {}

  /** Largest value of each window: [N, windows..., C]. Its gradient goes to that value alone. */
  public static Node maxPool(Graph g, Node x, Window window) {
    Shape shape = pooled(g.label(Op.MAX_POOL), x, window);
    return g.append(Op.MAX_POOL, shape, DType.FLOAT32, Windows.attributes(window), List.of(x));
  }

  /** Where in its row the largest value of each window is, int [N, windows..., C]. */
  public static Node maxPoolIndex(Graph g, Node x, Window window) {
    Shape shape = pooled(g.label(Op.MAX_POOL_INDEX), x, window);
    return g.append(Op.MAX_POOL_INDEX, shape, DType.INT32, Windows.attributes(window), List.of(x));
  }

  /**
   * Max unpooling (M. Zeiler, R. Fergus, "Visualizing and understanding convolutional networks",
   * ECCV 2014): y [N, places..., C] at the positions of {@code index}, zeros elsewhere; values
   * whose positions coincide (overlapping windows) are added.
   *
   * @param spatial sizes of the result
   */
  public static Node unpool(Graph g, Node y, Node index, int... spatial) {
    Shape input = Windows.image(y.shape().dim(0), spatial, y.shape().dim(-1));
    return put(g, y, index, input);
  }

  static Node put(Graph g, Node dy, Node index, Shape input) {
    String label = g.label(Op.POOL_PUT);
    ShapeRules.same(label, dy, index);
    index(label, index);
    return g.append(
        Op.POOL_PUT,
        input,
        DType.FLOAT32,
        Attributes.of("input", input.dims()),
        List.of(dy, index));
  }

  /** x [N, spatial..., C] at the positions of {@code index} [N, places..., C]. */
  public static Node take(Graph g, Node x, Node index) {
    String label = g.label(Op.POOL_TAKE);
    index(label, index);
    if (x.shape().rank() < 3
        || index.shape().dim(0) != x.shape().dim(0)
        || index.shape().dim(-1) != x.shape().dim(-1)) {
      throw new GraphException(
          "node " + label + ": " + index + " must have the rows and channels of " + x);
    }
    return g.append(Op.POOL_TAKE, index.shape(), DType.FLOAT32, Attributes.NONE, List.of(x, index));
  }

  /**
   * Mean of each window: [N, windows..., C].
   *
   * @param padded whether zeros of the padding count as values
   */
  public static Node averagePool(Graph g, Node x, Window window, boolean padded) {
    Shape shape = pooled(g.label(Op.AVERAGE_POOL), x, window);
    return g.append(
        Op.AVERAGE_POOL,
        shape,
        DType.FLOAT32,
        Windows.attributes(window).with("padded", padded),
        List.of(x));
  }

  private static Node averagePoolGrad(Graph g, Node dy, Attributes attributes, Shape input) {
    return g.append(
        Op.AVERAGE_POOL_GRAD,
        input,
        DType.FLOAT32,
        attributes.with("input", input.dims()),
        List.of(dy));
  }

  /** Mean over all spatial axes: [N, C] (M. Lin et al., "Network in network", ICLR 2014). */
  public static Node globalAveragePool(Graph g, Node x) {
    return g.reduceMean(x, spatialAxes(g, x));
  }

  private static int[] spatialAxes(Graph g, Node x) {
    ShapeRules.atLeastRank(g.label(Op.REDUCE_MEAN), x, 3);
    int[] axes = new int[x.shape().rank() - 2];
    for (int i = 0; i < axes.length; i++) {
      axes[i] = i + 1;
    }
    return axes;
  }

  /** Each output takes the value of the input pixel that it lies in: floor(o in / out). */
  public static Node resizeNearest(Graph g, Node x, int... output) {
    return resize(g, x, false, Corners.HALF_PIXEL, output);
  }

  /** Linear interpolation along each spatial axis (bilinear for two). */
  public static Node resizeLinear(Graph g, Node x, Corners corners, int... output) {
    return resize(g, x, true, corners, output);
  }

  private static Node resize(Graph g, Node x, boolean linear, Corners corners, int... output) {
    String label = g.label(Op.RESIZE);
    boolean fits = x.shape().rank() == output.length + 2 && output.length <= 3;
    for (int size : output) {
      fits &= size > 0;
    }
    if (!fits) {
      throw new GraphException(
          "node "
              + label
              + ": "
              + x
              + " must be [N, spatial..., C] with the "
              + output.length
              + " spatial axes of the new size, each 1 or more");
    }
    Shape shape = Windows.image(x.shape().dim(0), output, x.shape().dim(-1));
    Attributes attributes =
        Attributes.of("linear", linear).with("aligned", corners == Corners.ALIGNED);
    return g.append(Op.RESIZE, shape, DType.FLOAT32, attributes, List.of(x));
  }

  /**
   * RoIAlign (K. He et al., "Mask R-CNN", ICCV 2017): the mean of samples x samples bilinear
   * samples of each bin.
   *
   * @param regions [R, 5]: row of x, then x1, y1, x2, y2 in pixels of the original image
   * @param scale size of x over the size of the original image
   * @param halfPixel whether coordinates are shifted by half a pixel (the corrected form)
   */
  public static Node roiAlign(
      Graph g,
      Node x,
      Node regions,
      int height,
      int width,
      int samples,
      double scale,
      boolean halfPixel) {
    String label = g.label(Op.ROI_ALIGN);
    Shape shape = regions(label, x, regions, height, width);
    if (samples < 1) {
      throw new GraphException(
          "node " + label + ": samples per bin and axis must be 1 or more, got " + samples);
    }
    return g.append(
        Op.ROI_ALIGN,
        shape,
        DType.FLOAT32,
        Attributes.of("samples", samples).with("scale", scale).with("half_pixel", halfPixel),
        List.of(x, regions));
  }

  private static Node roiAlignGrad(Graph g, Node dy, Node regions, Attributes a, Shape input) {
    return g.append(
        Op.ROI_ALIGN_GRAD,
        input,
        DType.FLOAT32,
        a.with("input", input.dims()),
        List.of(dy, regions));
  }

  /**
   * RoI pooling (R. Girshick, "Fast R-CNN", ICCV 2015): the largest value of each bin of rounded
   * borders, 0 for an empty bin. [R, height, width, C].
   */
  public static Node roiPool(Graph g, Node x, Node regions, int height, int width, double scale) {
    Shape shape = regions(g.label(Op.ROI_POOL_INDEX), x, regions, height, width);
    String name = g.takeName();
    Node index =
        g.append(
            Op.ROI_POOL_INDEX,
            shape,
            DType.INT32,
            Attributes.of("scale", scale),
            List.of(x, regions));
    int channels = x.shape().dim(-1);
    Node all = g.reshape(x, Shape.of(1, (int) (x.shape().size() / channels), channels));
    Node places = g.reshape(index, Shape.of(1, (int) (shape.size() / channels), channels));
    Node taken = take(g, all, places);
    return g.named(name).reshape(taken, shape);
  }

  private static Shape regions(String label, Node x, Node regions, int height, int width) {
    ShapeRules.rank(label, x, 4);
    if (regions.shape().rank() != 2 || regions.shape().dim(1) != 5 || height < 1 || width < 1) {
      throw new GraphException(
          "node "
              + label
              + ": regions "
              + regions
              + " must be [R, 5] (row, x1, y1, x2, y2) and the bins "
              + height
              + " x "
              + width
              + " at least 1 x 1");
    }
    return Shape.of(regions.shape().dim(0), height, width, x.shape().dim(3));
  }

  /**
   * Local response normalisation over channels (A. Krizhevsky et al., "ImageNet classification with
   * deep convolutional neural networks", NIPS 2012): x / (k + alpha sum x^2)^beta, the sum over
   * channels c - n / 2 to c + n / 2. With k = 0 a neighbourhood of zeros gives NaN.
   */
  public static Node localResponse(Graph g, Node x, double k, double alpha, double beta, int n) {
    ShapeRules.atLeastRank(g.label(Op.MUL), x, 2);
    notNegative(g, n);
    String name = g.takeName();
    Node sum =
        g.append(
            Op.CHANNEL_WINDOW_SUM,
            x.shape(),
            DType.FLOAT32,
            Attributes.of("half", n / 2),
            List.of(g.mul(x, x)));
    return responses(g, name, x, sum, k, alpha, beta);
  }

  /** The same over the (n + 1) x (n + 1) neighbourhood within each channel of [N, H, W, C]. */
  public static Node localResponseWithin(
      Graph g, Node x, double k, double alpha, double beta, int n) {
    notNegative(g, n);
    String name = g.takeName();
    int size = 2 * (n / 2) + 1;
    Window window = Window.of(size, size).padding(n / 2, n / 2);
    Node mean = averagePool(g, g.mul(x, x), window, true);
    return responses(g, name, x, g.mul(mean, (double) size * size), k, alpha, beta);
  }

  private static void notNegative(Graph g, int n) {
    if (n < 0) {
      throw new GraphException(
          "node " + g.label(Op.MUL) + ": neighbours n must be 0 or more, got " + n);
    }
  }

  private static Node responses(
      Graph g, @Nullable String name, Node x, Node sum, double k, double alpha, double beta) {
    Node base = g.add(g.mul(sum, alpha), g.constant(k, Shape.SCALAR));
    return g.named(name).mul(x, g.pow(base, -beta));
  }

  private static void index(String label, Node index) {
    if (index.dtype() != DType.INT32) {
      throw new GraphException(
          "node " + label + ": index " + index + " must be int32, got " + index.dtype());
    }
  }

  /** The pooled shape; refuses windows that lie in the padding alone. */
  private static Shape pooled(String label, Node x, Window window) {
    Windows.image(label, "input", x.shape(), window);
    int[] outputs = Windows.outputs(label, x.shape(), window);
    for (int i = 0; i < outputs.length; i++) {
      if (window.low(i) >= window.extent(i) || window.high(i) >= window.extent(i)) {
        throw new GraphException(
            "node "
                + label
                + ": padding of axis "
                + (i + 1)
                + " must be less than the window's "
                + window.extent(i)
                + " positions, got "
                + window);
      }
    }
    return Windows.image(x.shape().dim(0), outputs, x.shape().dim(-1));
  }

  /** Gradient of input {@code i} of {@code n}, see {@link GradientRules}. */
  static @Nullable Node gradient(Graph g, Node n, int i, Node dy) {
    Node x = n.input(0);
    Attributes a = n.attributes();
    return switch (n.op()) {
      case MAX_POOL -> put(g, dy, maxPoolIndex(g, x, Windows.of(n)), x.shape());
      case POOL_TAKE -> i == 1 ? null : put(g, dy, n.input(1), x.shape());
      case POOL_PUT -> i == 1 ? null : take(g, dy, n.input(1));
      case AVERAGE_POOL -> averagePoolGrad(g, dy, a, x.shape());
      case AVERAGE_POOL_GRAD -> averagePool(g, dy, Windows.of(n), a.flag("padded"));
      case RESIZE ->
          g.append(
              Op.RESIZE_GRAD,
              x.shape(),
              DType.FLOAT32,
              a.with("input", x.shape().dims()),
              List.of(dy));
      case RESIZE_GRAD ->
          resize(
              g,
              dy,
              a.flag("linear"),
              a.flag("aligned") ? Corners.ALIGNED : Corners.HALF_PIXEL,
              Windows.spatial(x.shape()));
      case ROI_ALIGN -> roiAlignGrad(g, dy, n.input(1), a, x.shape());
      case ROI_ALIGN_GRAD ->
          roiAlign(
              g,
              dy,
              n.input(1),
              x.shape().dim(1),
              x.shape().dim(2),
              a.integer("samples"),
              a.number("scale"),
              a.flag("half_pixel"));
      case CHANNEL_WINDOW_SUM ->
          g.append(Op.CHANNEL_WINDOW_SUM, dy.shape(), DType.FLOAT32, a, List.of(dy));
      default -> throw new IllegalStateException("no gradient rule for op " + n.op().id());
    };
  }
}
