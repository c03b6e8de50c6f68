package dev.bellows.engine.kernel.reference;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Constants, products, shape operations, reductions and table look-ups. */
final class Layout {
  private Layout() {}

  /** The value of such a node, or null when the op is of another family. */
  static double @Nullable [] compute(Node n, double[][] in) {
    return switch (n.op()) {
      case CONSTANT -> constant(n);
      case MATMUL -> matmul(n, in[0], in[1]);
      case CONVERT ->
          n.dtype() == DType.BFLOAT16
              ? Arrays.stream(in[0]).map(Scalars::bfloat16).toArray()
              : in[0];
      case TRANSPOSE -> transpose(n, in[0]);
      case RESHAPE -> in[0];
      case CONCAT -> concat(n, in);
      case SLICE -> slice(n, in[0]);
      case BROADCAST -> broadcast(n, in[0]);
      case REDUCE_SUM -> reduceSum(n, in[0]);
      case REDUCE_MEAN -> {
        double[] sum = reduceSum(n, in[0]);
        double count = (double) n.input(0).shape().size() / n.shape().size();
        yield Arrays.stream(sum).map(s -> s / count).toArray();
      }
      case REDUCE_MAX -> lastAxis(n, in[0], false);
      case ARGMAX -> lastAxis(n, in[0], true);
      case GATHER_ROWS -> gather(n, in[0], in[1]);
      case SCATTER_ADD_ROWS -> scatter(n, in[0], in[1]);
      default -> null;
    };
  }

  /**
   * For every element of {@code to} the index of the element of {@code from} that broadcasting puts
   * there.
   */
  static int[] broadcastIndex(Shape from, Shape to) {
    int[] index = new int[(int) to.size()];
    int stride = 1;
    int repeat = 1;
    for (int i = 1; i <= to.rank(); i++) {
      int dim = i <= from.rank() ? from.dim(-i) : 1;
      if (dim != 1) {
        for (int e = 0; e < index.length; e++) {
          index[e] += e / repeat % to.dim(-i) * stride;
        }
      }
      stride *= dim;
      repeat *= to.dim(-i);
    }
    return index;
  }

  private static double[] constant(Node n) {
    if (n.attributes().has("values")) {
      return n.attributes().numbers("values");
    }
    double[] out = new double[(int) n.shape().size()];
    Arrays.fill(out, n.attributes().number("value"));
    return out;
  }

  private static double[] matmul(Node n, double[] a, double[] b) {
    boolean ta = n.attributes().flag("transA");
    boolean tb = n.attributes().flag("transB");
    int rows = n.shape().dim(0);
    int columns = n.shape().dim(1);
    int inner = n.input(0).shape().dim(ta ? 0 : 1);
    double[] out = new double[rows * columns];
    for (int i = 0; i < rows; i++) {
      for (int k = 0; k < inner; k++) {
        double left = a[ta ? k * rows + i : i * inner + k];
        for (int j = 0; j < columns; j++) {
          out[i * columns + j] += left * b[tb ? j * inner + k : k * columns + j];
        }
      }
    }
    return out;
  }

  private static double[] transpose(Node n, double[] x) {
    int rows = n.shape().dim(0);
    int columns = n.shape().dim(1);
    double[] out = new double[x.length];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        out[i * columns + j] = x[j * rows + i];
      }
    }
    return out;
  }

  /** Elements of one index of {@code axis}: the product of the later dimensions. */
  private static int block(Shape shape, int axis) {
    int block = 1;
    for (int i = axis + 1; i < shape.rank(); i++) {
      block *= shape.dim(i);
    }
    return block;
  }

  private static double[] concat(Node n, double[][] in) {
    int axis = n.attributes().integer("axis");
    double[] out = new double[(int) n.shape().size()];
    int whole = n.shape().dim(axis) * block(n.shape(), axis);
    int at = 0;
    for (int p = 0; p < in.length; p++) {
      int part = n.input(p).shape().dim(axis) * block(n.shape(), axis);
      for (int row = 0; row * part < in[p].length; row++) {
        System.arraycopy(in[p], row * part, out, row * whole + at, part);
      }
      at += part;
    }
    return out;
  }

  private static double[] slice(Node n, double[] x) {
    int axis = n.attributes().integer("axis");
    int block = block(n.shape(), axis);
    int whole = n.input(0).shape().dim(axis) * block;
    int part = n.shape().dim(axis) * block;
    double[] out = new double[(int) n.shape().size()];
    for (int row = 0; row * part < out.length; row++) {
      System.arraycopy(
          x, row * whole + n.attributes().integer("from") * block, out, row * part, part);
    }
    return out;
  }

  private static double[] broadcast(Node n, double[] x) {
    int[] index = broadcastIndex(n.input(0).shape(), n.shape());
    double[] out = new double[index.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = x[index[i]];
    }
    return out;
  }

  private static double[] reduceSum(Node n, double[] x) {
    int[] dims = n.input(0).shape().dims();
    for (int axis : n.attributes().integers("axes")) {
      dims[axis] = 1;
    }
    int[] index = broadcastIndex(Shape.of(dims), n.input(0).shape());
    double[] out = new double[(int) n.shape().size()];
    for (int i = 0; i < x.length; i++) {
      out[index[i]] += x[i];
    }
    return out;
  }

  private static double[] lastAxis(Node n, double[] x, boolean position) {
    int width = n.input(0).shape().dim(-1);
    double[] out = new double[x.length / width];
    for (int row = 0; row < out.length; row++) {
      int best = 0;
      for (int j = 1; j < width; j++) {
        if (x[row * width + j] > x[row * width + best]) {
          best = j;
        }
      }
      out[row] = position ? best : x[row * width + best];
    }
    return out;
  }

  private static int code(Node n, double[] codes, int row, int rows) {
    int column = n.attributes().integer("column");
    int code = (int) codes[row * n.input(1).shape().dim(1) + column];
    if (code < 0 || code >= rows) {
      throw new IllegalArgumentException(
          n + ": code " + code + " in row " + row + " is not in [0, " + rows + ")");
    }
    return code;
  }

  private static double[] gather(Node n, double[] table, double[] codes) {
    int width = n.shape().dim(1);
    double[] out = new double[(int) n.shape().size()];
    for (int row = 0; row < n.shape().dim(0); row++) {
      System.arraycopy(
          table, code(n, codes, row, n.input(0).shape().dim(0)) * width, out, row * width, width);
    }
    return out;
  }

  private static double[] scatter(Node n, double[] dy, double[] codes) {
    int width = n.shape().dim(1);
    double[] out = new double[(int) n.shape().size()];
    for (int row = 0; row < n.input(0).shape().dim(0); row++) {
      int code = code(n, codes, row, n.shape().dim(0));
      for (int j = 0; j < width; j++) {
        out[code * width + j] += dy[row * width + j];
      }
    }
    return out;
  }
}
