package dev.bellows.engine.graph;

import dev.bellows.engine.tensor.Shape;

/**
 * Functions whose gradient is not that of their value, made of {@link Op#STOP_GRADIENT}: y =
 * stop(f) + (h - stop(h)) has exactly the value of f and the gradient of h.
 */
public final class GradientFlow {
  private GradientFlow() {}

  /** The value of {@code value} with the gradient of {@code like}; both have one shape. */
  public static Node valueWithGradientOf(Graph g, Node value, Node like) {
    ShapeRules.same("gradient of another", value, like);
    return g.add(g.stopGradient(value), g.sub(like, g.stopGradient(like)));
  }

  /**
   * x; its gradient is multiplied by -{@code factor} (Y. Ganin, V. Lempitsky, ICML 2015).
   *
   * @param factor 0 or more
   */
  public static Node reverse(Graph g, Node x, double factor) {
    return valueWithGradientOf(g, x, g.mul(x, -factor));
  }

  /**
   * sign(x) with the gradient of x where |x| is at most {@code clip}, else 0 (Y. Bengio et al.,
   * arXiv 1308.3432, 2013; clipped as by M. Courbariaux et al., 2016). An infinite clip passes all.
   */
  public static Node signStraightThrough(Graph g, Node x, double clip) {
    return valueWithGradientOf(g, g.sign(x), passed(g, x, clip));
  }

  /** step(x), 0 or 1, with the gradient of x where |x| is at most {@code clip}, else 0. */
  public static Node stepStraightThrough(Graph g, Node x, double clip) {
    return valueWithGradientOf(g, g.step(x), passed(g, x, clip));
  }

  private static Node passed(Graph g, Node x, double clip) {
    return Double.isInfinite(clip) ? x : g.clamp(x, -clip, clip);
  }

  /**
   * x to the nearest of {@code levels} values evenly from {@code low} to {@code high}, ties
   * upwards, with the gradient of x inside that range.
   *
   * @param levels 2 to 256
   */
  public static Node quantise(Graph g, Node x, double low, double high, int levels) {
    if (levels < 2 || levels > 256 || !(low < high)) {
      throw new GraphException(
          "quantise: expected 2 to 256 levels and low < high, got "
              + levels
              + " levels from "
              + low
              + " to "
              + high);
    }
    double width = (high - low) / (levels - 1);
    Node sum = g.constant(low, x.shape());
    for (int k = 0; k < levels - 1; k++) {
      Node border = g.constant(low + (k + 0.5) * width, Shape.SCALAR);
      sum = g.add(sum, g.mul(g.step(g.sub(x, border)), width));
    }
    return valueWithGradientOf(g, sum, g.clamp(x, low, high));
  }

  /** w / sigma, sigma the largest singular value by power iteration from {@code start} [rows]. */
  public static Node spectralNorm(Graph g, Node w, Node start, int iterations) {
    ShapeRules.rank("spectral norm", w, 2);
    int rows = w.shape().dim(0);
    Node u = g.reshape(start, Shape.of(1, rows));
    Node fixed = g.stopGradient(w);
    Node v = unit(g, g.matmul(u, fixed));
    for (int i = 0; i < iterations; i++) {
      u = unit(g, g.matmul(v, fixed, false, true));
      v = unit(g, g.matmul(u, fixed));
    }
    // u and v count as constants (T. Miyato et al., ICLR 2018): d sigma / d W = u v'.
    Node sigma = g.matmul(g.matmul(g.stopGradient(u), w), g.stopGradient(v), false, true);
    return g.div(w, g.reshape(sigma, Shape.SCALAR));
  }

  /** The last u of {@link #spectralNorm}, to start from in the next step: [rows]. */
  public static Node spectralStart(Graph g, Node w, Node start, int iterations) {
    int rows = w.shape().dim(0);
    Node u = g.reshape(start, Shape.of(1, rows));
    Node fixed = g.stopGradient(w);
    for (int i = 0; i < iterations; i++) {
      u = unit(g, g.matmul(unit(g, g.matmul(u, fixed)), fixed, false, true));
    }
    return g.reshape(u, Shape.of(rows));
  }

  private static Node unit(Graph g, Node row) {
    Node square = g.reduce(Op.REDUCE_SUM, g.mul(row, row), true, 1);
    return g.div(row, g.sqrt(g.add(square, g.constant(1e-24, Shape.SCALAR))));
  }

  /**
   * scale v / |v|, each column of v [in, out] of its own length (T. Salimans, D. Kingma, NeurIPS
   * 2016); scale [out].
   */
  public static Node weightNorm(Graph g, Node v, Node scale) {
    ShapeRules.rank("weight norm", v, 2);
    Node square = g.reduce(Op.REDUCE_SUM, g.mul(v, v), true, 0);
    return g.mul(g.div(v, g.sqrt(square)), scale);
  }
}
