package dev.bellows.engine.kernel.reference;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import java.util.Arrays;

/**
 * Losses over alignments of sequences (CTC). Plain loops in double precision: forward and backward
 * variables as logarithms (A. Graves et al., ICML 2006, section 4).
 */
final class Alignments {
  private Alignments() {}

  static double[] compute(Node n, double[][] in) {
    boolean gradient = n.op() == Op.CTC_GRAD;
    if (!gradient && n.op() != Op.CTC) {
      throw new IllegalStateException("the reference does not know op " + n.op().id());
    }
    int first = gradient ? 1 : 0;
    int[] shape = n.input(first).shape().dims();
    int blank = n.attributes().integer("blank");
    int most = n.input(first + 1).shape().dim(1);
    double[] result = new double[(int) n.shape().size()];
    for (int row = 0; row < shape[0]; row++) {
      int steps = (int) in[first + 2][row];
      int count = (int) in[first + 3][row];
      int[] state = new int[2 * count + 1];
      Arrays.fill(state, blank);
      for (int j = 0; j < count; j++) {
        state[2 * j + 1] = (int) in[first + 1][row * most + j];
      }
      double[][] x = new double[steps][shape[2]];
      for (int t = 0; t < steps; t++) {
        System.arraycopy(in[first], (row * shape[1] + t) * shape[2], x[t], 0, shape[2]);
      }
      double[][] alpha = forward(x, state, blank);
      double total = total(alpha, count);
      if (!gradient) {
        result[row] = -total;
      } else if (total > Double.NEGATIVE_INFINITY) {
        double[][] beta = backward(x, state, blank);
        for (int t = 0; t < steps; t++) {
          for (int s = 0; s < state.length; s++) {
            result[(row * shape[1] + t) * shape[2] + state[s]] -=
                in[0][row] * Math.exp(alpha[t][s] + beta[t][s] - total);
          }
        }
      }
    }
    return result;
  }

  private static double add(double a, double b) {
    double most = Math.max(a, b);
    return most == Double.NEGATIVE_INFINITY
        ? most
        : most + Math.log(Math.exp(a - most) + Math.exp(b - most));
  }

  private static boolean skips(int[] state, int s, int blank) {
    return s >= 2 && state[s] != blank && state[s] != state[s - 2];
  }

  private static double[][] forward(double[][] x, int[] state, int blank) {
    double[][] alpha = new double[x.length][state.length];
    for (int t = 0; t < x.length; t++) {
      for (int s = 0; s < state.length; s++) {
        double sum;
        if (t == 0) {
          sum = s < 2 ? 0 : Double.NEGATIVE_INFINITY;
        } else {
          sum = alpha[t - 1][s];
          sum = s >= 1 ? add(sum, alpha[t - 1][s - 1]) : sum;
          sum = skips(state, s, blank) ? add(sum, alpha[t - 1][s - 2]) : sum;
        }
        alpha[t][s] = sum + x[t][state[s]];
      }
    }
    return alpha;
  }

  private static double total(double[][] alpha, int count) {
    if (alpha.length == 0) {
      return count == 0 ? 0 : Double.NEGATIVE_INFINITY;
    }
    double[] last = alpha[alpha.length - 1];
    return count == 0 ? last[0] : add(last[2 * count], last[2 * count - 1]);
  }

  /** Beta without the emission of its own step. */
  private static double[][] backward(double[][] x, int[] state, int blank) {
    double[][] beta = new double[x.length][state.length];
    for (int t = x.length - 1; t >= 0; t--) {
      for (int s = 0; s < state.length; s++) {
        if (t == x.length - 1) {
          beta[t][s] = s >= state.length - 2 ? 0 : Double.NEGATIVE_INFINITY;
          continue;
        }
        double sum = beta[t + 1][s] + x[t + 1][state[s]];
        if (s + 1 < state.length) {
          sum = add(sum, beta[t + 1][s + 1] + x[t + 1][state[s + 1]]);
        }
        if (s + 2 < state.length && skips(state, s + 2, blank)) {
          sum = add(sum, beta[t + 1][s + 2] + x[t + 1][state[s + 2]]);
        }
        beta[t][s] = sum;
      }
    }
    return beta;
  }
}
