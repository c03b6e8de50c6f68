package dev.bellows.engine.kernel.reference;

import dev.bellows.engine.graph.Node;
import org.jspecify.annotations.Nullable;

/** Attention as one op. Plain loops in double precision. */
final class Attentions {
  private final int heads;
  private final double scale;
  private final boolean causal;
  private final int rows;
  private final int queries;
  private final int keys;
  private final Part q;
  private final Part k;
  private final Part v;
  private final double @Nullable [] lengths;

  /**
   * Features {@code from} to {@code from + heads width} of positions of {@code stride} features.
   */
  private static final class Part {
    final double[] values;
    final int positions;
    final int stride;
    final int from;
    final int width;

    Part(double[] values, int positions, int stride, int from, int width) {
      this.values = values;
      this.positions = positions;
      this.stride = stride;
      this.from = from;
      this.width = width;
    }

    int at(int row, int position, int head) {
      return (row * positions + position) * stride + from + head * width;
    }

    Part zeros() {
      return new Part(new double[values.length], positions, stride, from, width);
    }
  }

  private Attentions(Node n, double[][] in, boolean self, int first) {
    this.heads = n.attributes().integer("heads");
    this.scale = n.attributes().number("scale");
    this.causal = n.attributes().flag("causal");
    this.rows = n.input(first).shape().dim(0);
    this.q = part(n, in, first, self ? 0 : -1);
    this.k = part(n, in, self ? first : first + 1, self ? 1 : -1);
    this.v = part(n, in, self ? first : first + 2, self ? 2 : -1);
    this.queries = q.positions;
    this.keys = k.positions;
    int last = first + (self ? 1 : 3);
    this.lengths = in.length > last ? in[last] : null;
  }

  /**
   * @param third which of three operands side by side, or -1
   */
  private Part part(Node n, double[][] in, int input, int third) {
    int positions = n.input(input).shape().dim(1);
    int stride = n.input(input).shape().dim(2);
    int features = third < 0 ? stride : stride / 3;
    return new Part(in[input], positions, stride, Math.max(0, third) * features, features / heads);
  }

  static double[] compute(Node n, double[][] in) {
    return switch (n.op()) {
      case ATTENTION -> new Attentions(n, in, false, 0).forward();
      case SELF_ATTENTION -> new Attentions(n, in, true, 0).forward();
      case ATTENTION_GRAD ->
          new Attentions(n, in, false, 1).gradients(in[0], n.attributes().integer("of"));
      case SELF_ATTENTION_GRAD -> {
        double[] sum = new double[(int) n.shape().size()];
        for (int of = 0; of < 3; of++) { // each fills its own third
          double[] one = new Attentions(n, in, true, 1).gradients(in[0], of);
          for (int i = 0; i < sum.length; i++) {
            sum[i] += one[i];
          }
        }
        yield sum;
      }
      default -> throw new IllegalStateException("the reference does not know op " + n.op().id());
    };
  }

  /** How much query i of a row and head takes from each key. */
  private double[] probabilities(int row, int head, int i) {
    double[] p = new double[keys];
    double largest = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < keys; j++) {
      boolean seen = (lengths == null || j < lengths[row]) && !(causal && j > i);
      p[j] = seen ? 0 : Double.NEGATIVE_INFINITY;
      for (int c = 0; seen && c < q.width; c++) {
        p[j] += q.values[q.at(row, i, head) + c] * k.values[k.at(row, j, head) + c] * scale;
      }
      largest = Math.max(largest, p[j]);
    }
    double sum = 0;
    for (int j = 0; j < keys; j++) {
      p[j] = p[j] == Double.NEGATIVE_INFINITY ? 0 : Math.exp(p[j] - largest);
      sum += p[j];
    }
    for (int j = 0; j < keys && sum > 0; j++) {
      p[j] /= sum;
    }
    return p;
  }

  private double[] forward() {
    int features = heads * v.width;
    double[] y = new double[rows * queries * features];
    for (int row = 0; row < rows; row++) {
      for (int head = 0; head < heads; head++) {
        for (int i = 0; i < queries; i++) {
          double[] p = probabilities(row, head, i);
          for (int j = 0; j < keys; j++) {
            for (int c = 0; c < v.width; c++) {
              y[(row * queries + i) * features + head * v.width + c] +=
                  p[j] * v.values[v.at(row, j, head) + c];
            }
          }
        }
      }
    }
    return y;
  }

  /** Gradient of q, k or v in a tensor like the one it lies in. */
  private double[] gradients(double[] dy, int of) {
    Part dq = q.zeros();
    Part dk = k.zeros();
    Part dv = v.zeros();
    for (int row = 0; row < rows; row++) {
      for (int head = 0; head < heads; head++) {
        for (int i = 0; i < queries; i++) {
          int slope = ((row * queries + i) * heads + head) * v.width;
          double[] p = probabilities(row, head, i);
          double[] dp = new double[keys];
          double mean = 0;
          for (int j = 0; j < keys; j++) {
            for (int c = 0; c < v.width; c++) {
              dp[j] += dy[slope + c] * v.values[v.at(row, j, head) + c];
              dv.values[v.at(row, j, head) + c] += p[j] * dy[slope + c];
            }
            mean += p[j] * dp[j];
          }
          for (int j = 0; j < keys; j++) {
            double ds = p[j] * (dp[j] - mean) * scale;
            for (int c = 0; c < q.width; c++) {
              dq.values[q.at(row, i, head) + c] += ds * k.values[k.at(row, j, head) + c];
              dk.values[k.at(row, j, head) + c] += ds * q.values[q.at(row, i, head) + c];
            }
          }
        }
      }
    }
    return (of == 0 ? dq : of == 1 ? dk : dv).values;
  }
}
