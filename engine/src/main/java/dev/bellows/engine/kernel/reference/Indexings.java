package dev.bellows.engine.kernel.reference;

import dev.bellows.engine.graph.Attributes;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.tensor.Shape;
import java.util.Arrays;

/**
 * Moving elements: permutation, padding, gathering, scattering, one-hot, batched products. Plain
 * loops in double precision.
 */
final class Indexings {
  private Indexings() {}

  static double[] compute(Node n, double[][] in) {
    return switch (n.op()) {
      case PERMUTE -> permute(n, in[0]);
      case PAD -> pad(n, in[0], n.input(0).shape(), n.shape(), false);
      case UNPAD -> pad(n, in[0], n.shape(), n.input(0).shape(), true);
      case GATHER -> slices(n, in[0], in[1], n.input(0).shape(), n.shape(), false);
      case SCATTER_ADD -> slices(n, in[0], in[1], n.shape(), n.input(0).shape(), true);
      case ONE_HOT -> oneHot(n, in[0]);
      case BATCH_MATMUL -> batchMatmul(n, in[0], in[1]);
      case CUMULATIVE_SUM -> cumulativeSum(n, in[0]);
      case SELECT -> {
        double[] out = new double[in[0].length];
        for (int i = 0; i < out.length; i++) {
          out[i] = in[0][i] != 0 ? in[1][i] : in[2][i];
        }
        yield out;
      }
      case REVERSE_SEQUENCE -> reverse(n, in[0], in[1]);
      case SEQUENCE_MASK -> {
        double[] out = new double[(int) n.shape().size()];
        int steps = n.shape().dim(1);
        for (int i = 0; i < out.length; i++) {
          out[i] = i % steps < in[0][i / steps] ? 1 : 0;
        }
        yield out;
      }
      case WINDOW_PLACES -> windowPlaces(n, in[0]);
      default -> throw new IllegalStateException("the reference does not know op " + n.op().id());
    };
  }

  private static double[] windowPlaces(Node n, double[] centres) {
    int size = n.attributes().integer("size");
    int width = n.shape().dim(2);
    double[] out = new double[centres.length * width];
    for (int i = 0; i < out.length; i++) {
      int query = i / width;
      double lowest = Math.ceil(centres[query] - n.attributes().integer("reach"));
      double first = Math.max(0, Math.min(lowest, size - width));
      out[i] = query / n.shape().dim(1) * size + first + i % width;
    }
    return out;
  }

  /** The coordinates of an element. */
  private static int[] place(Shape shape, int element) {
    int[] place = new int[shape.rank()];
    int rest = element;
    for (int i = place.length - 1; i >= 0; i--) {
      place[i] = rest % shape.dim(i);
      rest /= shape.dim(i);
    }
    return place;
  }

  private static int element(Shape shape, int[] place) {
    int element = 0;
    for (int i = 0; i < place.length; i++) {
      element = element * shape.dim(i) + place[i];
    }
    return element;
  }

  private static double[] permute(Node n, double[] x) {
    int[] axes = n.attributes().integers("axes");
    double[] out = new double[x.length];
    for (int i = 0; i < out.length; i++) {
      int[] to = place(n.shape(), i);
      int[] from = new int[to.length];
      for (int axis = 0; axis < axes.length; axis++) {
        from[axes[axis]] = to[axis];
      }
      out[i] = x[element(n.input(0).shape(), from)];
    }
    return out;
  }

  /** From the inner shape to the padded one, or, {@code back}, adding up. */
  private static double[] pad(Node n, double[] x, Shape inner, Shape padded, boolean back) {
    Attributes at = n.attributes();
    double[] out = new double[(int) (back ? inner : padded).size()];
    for (int i = 0; i < padded.size(); i++) {
      int[] place = place(padded, i);
      boolean inside = true;
      for (int axis = 0; axis < place.length; axis++) {
        int size = inner.dim(axis);
        int p = place[axis] - at.integers("before")[axis];
        if (p < 0 || p >= size) {
          inside &= at.integer("mode") != 0;
          if (at.integer("mode") == 1) {
            p = p < 0 ? -p : 2 * size - 2 - p;
          } else {
            p = p < 0 ? 0 : size - 1;
          }
        }
        place[axis] = p;
      }
      if (back) {
        out[inside ? element(inner, place) : 0] += inside ? x[i] : 0;
      } else {
        out[i] = inside ? x[element(inner, place)] : at.number("value");
      }
    }
    return out;
  }

  /** Slices of {@code whole} at indices give {@code parts}, or, {@code back}, adding up. */
  private static double[] slices(
      Node n, double[] values, double[] indices, Shape whole, Shape parts, boolean back) {
    int axis = n.attributes().integer("axis");
    int inner = 1;
    for (int i = axis + 1; i < whole.rank(); i++) {
      inner *= whole.dim(i);
    }
    int size = whole.dim(axis);
    double[] out = new double[(int) (back ? whole : parts).size()];
    for (int i = 0; i < parts.size(); i++) {
      int index = (int) indices[i / inner % indices.length];
      if (index < 0 || index >= size) {
        throw new IllegalArgumentException(n + ": index " + index + " is not in [0, " + size + ")");
      }
      int at = (i / inner / indices.length * size + index) * inner + i % inner;
      if (back) {
        out[at] += values[i];
      } else {
        out[i] = values[at];
      }
    }
    return out;
  }

  private static double[] oneHot(Node n, double[] indices) {
    double[] out = new double[(int) n.shape().size()];
    int depth = n.shape().dim(-1);
    for (int i = 0; i < out.length; i++) {
      out[i] = i % depth == indices[i / depth] ? 1 : 0;
    }
    return out;
  }

  private static double[] batchMatmul(Node n, double[] a, double[] b) {
    boolean ta = n.attributes().flag("transA");
    boolean tb = n.attributes().flag("transB");
    int rows = n.shape().dim(-2);
    int columns = n.shape().dim(-1);
    int inner = n.input(0).shape().dim(ta ? -2 : -1);
    int[] leading = Arrays.copyOf(n.shape().dims(), n.shape().rank() - 2);
    int[] blockA = Layout.broadcastIndex(leading(n.input(0)), Shape.of(leading));
    int[] blockB = Layout.broadcastIndex(leading(n.input(1)), Shape.of(leading));
    double[] out = new double[(int) n.shape().size()];
    for (int block = 0; block < blockA.length; block++) {
      int fromA = blockA[block] * rows * inner;
      int fromB = blockB[block] * inner * columns;
      for (int i = 0; i < rows * columns; i++) {
        int r = i / columns;
        int c = i % columns;
        double sum = 0;
        for (int k = 0; k < inner; k++) {
          sum +=
              a[fromA + (ta ? k * rows + r : r * inner + k)]
                  * b[fromB + (tb ? c * inner + k : k * columns + c)];
        }
        out[block * rows * columns + i] = sum;
      }
    }
    return out;
  }

  private static Shape leading(Node node) {
    return Shape.of(Arrays.copyOf(node.shape().dims(), node.shape().rank() - 2));
  }

  private static double[] cumulativeSum(Node n, double[] x) {
    int axis = n.attributes().integer("axis");
    boolean exclusive = n.attributes().flag("exclusive");
    double[] out = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      int[] place = place(n.shape(), i);
      int here = place[axis];
      for (int k = 0; k < n.shape().dim(axis); k++) {
        boolean before = n.attributes().flag("reverse") ? k > here : k < here;
        if (before || (k == here && !exclusive)) {
          place[axis] = k;
          out[i] += x[element(n.shape(), place)];
        }
      }
    }
    return out;
  }

  private static double[] reverse(Node n, double[] x, double[] lengths) {
    double[] out = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      int[] place = place(n.shape(), i);
      int length = (int) Math.min(n.shape().dim(1), lengths[place[0]]);
      place[1] = place[1] < length ? length - 1 - place[1] : place[1];
      out[i] = x[element(n.shape(), place)];
    }
    return out;
  }
}
