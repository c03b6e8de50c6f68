package dev.bellows.engine.optim;

import dev.bellows.engine.sample.Philox;

/**
 * A dense ReLU network with softmax cross-entropy in plain loops, values in one flat float vector,
 * sums in double: enough to put the update rules to work on real data without the rest of the
 * engine.
 */
final class TinyNet {
  private final int[] widths;
  private final double[][] activations;
  final float[] w;

  TinyNet(long seed, int... widths) {
    this.widths = widths;
    this.activations = new double[widths.length][];
    int length = 0;
    for (int l = 0; l < widths.length; l++) {
      activations[l] = new double[widths[l]];
      length += l == 0 ? 0 : (widths[l - 1] + 1) * widths[l];
    }
    w = new float[length];
    int at = 0;
    for (int l = 1; l < widths.length; l++) {
      int n = widths[l - 1] * widths[l];
      Philox.fillNormal(seed, at, w, at, n);
      for (int i = 0; i < n; i++) {
        w[at + i] *= (float) Math.sqrt(2.0 / widths[l - 1]);
      }
      at += n + widths[l]; // biases stay 0
    }
  }

  /** Adds the gradient of a row's loss to g and returns the loss. */
  double gradient(float[] x, int label, double[] g) {
    double loss = forward(x, label);
    int last = widths.length - 1;
    double[] delta = activations[last].clone();
    delta[label] -= 1;
    int end = w.length;
    for (int l = last; l > 0; l--) {
      int in = widths[l - 1];
      int out = widths[l];
      int biases = end - out;
      int kernel = biases - in * out;
      double[] below = new double[in];
      for (int o = 0; o < out; o++) {
        g[biases + o] += delta[o];
        int row = kernel + o * in;
        for (int i = 0; i < in; i++) {
          g[row + i] += delta[o] * activations[l - 1][i];
          below[i] += delta[o] * w[row + i];
        }
      }
      for (int i = 0; i < in; i++) {
        below[i] = activations[l - 1][i] > 0 ? below[i] : 0;
      }
      delta = below;
      end = kernel;
    }
    return loss;
  }

  /** The loss of a row; {@link #predicted()} then gives the class. */
  double forward(float[] x, int label) {
    for (int i = 0; i < x.length; i++) {
      activations[0][i] = x[i];
    }
    int at = 0;
    for (int l = 1; l < widths.length; l++) {
      int in = widths[l - 1];
      int out = widths[l];
      int biases = at + in * out;
      for (int o = 0; o < out; o++) {
        double sum = w[biases + o];
        int row = at + o * in;
        for (int i = 0; i < in; i++) {
          sum += w[row + i] * activations[l - 1][i];
        }
        activations[l][o] = l == widths.length - 1 ? sum : Math.max(0, sum);
      }
      at = biases + out;
    }
    double[] scores = activations[widths.length - 1];
    double max = Double.NEGATIVE_INFINITY;
    for (double score : scores) {
      max = Math.max(max, score);
    }
    double sum = 0;
    double right = scores[label];
    for (int k = 0; k < scores.length; k++) {
      scores[k] = Math.exp(scores[k] - max);
      sum += scores[k];
    }
    for (int k = 0; k < scores.length; k++) {
      scores[k] /= sum;
    }
    return Math.log(sum) + max - right;
  }

  int predicted() {
    double[] p = activations[widths.length - 1];
    int best = 0;
    for (int k = 1; k < p.length; k++) {
      best = p[k] > p[best] ? k : best;
    }
    return best;
  }
}
