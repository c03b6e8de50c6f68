package dev.bellows.engine.kernel.reference;

import dev.bellows.engine.graph.Node;
import java.util.function.DoubleBinaryOperator;
import org.jspecify.annotations.Nullable;

/** Losses on raw scores with their gradient ops, class weights and metric sums. */
final class Losses {
  private Losses() {}

  /** The value of such a node, or null when the op is of another family. */
  static double @Nullable [] compute(Node n, double[][] in) {
    return switch (n.op()) {
      case CLASS_WEIGHTS -> classWeights(n, in[0], in[1]);
      case SOFTMAX_CROSS_ENTROPY -> softmaxLoss(n, in[0], in[1], in[2]);
      case SOFTMAX_CROSS_ENTROPY_GRAD -> softmaxGrad(n, in);
      case SIGMOID_CROSS_ENTROPY, MSE, MAE, HUBER, HINGE -> loss(n, in[0], in[1], in[2]);
      case SIGMOID_CROSS_ENTROPY_GRAD, MSE_GRAD, MAE_GRAD, HUBER_GRAD, HINGE_GRAD -> grad(n, in);
      case METRIC_CORRECT -> correct(n, in[0], in[1]);
      case METRIC_CORRECT_BINARY ->
          sumOverRows(n, in[0], in[1], (s, t) -> s > 0 == t > 0.5 ? 1 : 0);
      case METRIC_ABSOLUTE_ERROR -> sumOverRows(n, in[0], in[1], (o, t) -> Math.abs(o - t));
      default -> null;
    };
  }

  private static double[] classWeights(Node n, double[] weights, double[] classes) {
    double[] factors = n.attributes().numbers("weights");
    double[] out = new double[weights.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = weights[i] * factors[label(n, classes[i], i, factors.length)];
    }
    return out;
  }

  private static int label(Node n, double value, int row, int classes) {
    int label = (int) Math.rint(value);
    if (label < 0 || label >= classes) {
      throw new IllegalArgumentException(
          n + ": label " + label + " in row " + row + " is not in [0, " + classes + ")");
    }
    return label;
  }

  private static double[] softmaxLoss(Node n, double[] scores, double[] labels, double[] weights) {
    double smoothing = n.attributes().number("smoothing");
    int classes = n.input(0).shape().dim(1);
    double[] logs = Normalisation.logSoftmax(scores, classes);
    double sum = 0;
    for (int i = 0; i < labels.length; i++) {
      double mean = 0;
      for (int k = 0; k < classes; k++) {
        mean += logs[i * classes + k] / classes;
      }
      double own = logs[i * classes + label(n, labels[i], i, classes)];
      // At smoothing 0 the mean may be -infinity: it must not turn the row into NaN.
      sum -= weights[i] * (smoothing == 0 ? own : (1 - smoothing) * own + smoothing * mean);
    }
    return new double[] {sum};
  }

  private static double[] softmaxGrad(Node n, double[][] in) {
    double smoothing = n.attributes().number("smoothing");
    int classes = n.shape().dim(1);
    double[] out = Normalisation.softmax(in[1], classes, 1);
    for (int i = 0; i < in[2].length; i++) {
      for (int k = 0; k < classes; k++) {
        double target =
            smoothing / classes + (k == label(n, in[2][i], i, classes) ? 1 - smoothing : 0);
        out[i * classes + k] = in[0][0] * in[3][i] * (out[i * classes + k] - target);
      }
    }
    return out;
  }

  private static double[] loss(Node n, double[] output, double[] target, double[] weights) {
    int width = n.input(0).shape().dim(1);
    double sum = 0;
    for (int i = 0; i < output.length; i++) {
      sum += weights[i / width] * one(n, output[i], target[i]) / width;
    }
    return new double[] {sum};
  }

  private static double one(Node n, double o, double t) {
    double e = o - t;
    return switch (n.op()) {
      case SIGMOID_CROSS_ENTROPY -> Scalars.softplus(o) - smooth(n, t) * o;
      case MSE -> e * e;
      case MAE -> Math.abs(e);
      case HUBER -> {
        double delta = n.attributes().number("delta");
        yield Math.abs(e) <= delta ? e * e / 2 : delta * (Math.abs(e) - delta / 2);
      }
      // HINGE
      default -> Math.max(0, 1 - (2 * t - 1) * o);
    };
  }

  private static double[] grad(Node n, double[][] in) {
    int width = n.shape().dim(1);
    double[] out = new double[in[1].length];
    for (int i = 0; i < out.length; i++) {
      out[i] = in[0][0] * in[3][i / width] * slope(n, in[1][i], in[2][i]) / width;
    }
    return out;
  }

  private static double slope(Node n, double o, double t) {
    double e = o - t;
    return switch (n.op()) {
      case SIGMOID_CROSS_ENTROPY_GRAD -> Scalars.sigmoid(o) - smooth(n, t);
      case MSE_GRAD -> 2 * e;
      case MAE_GRAD -> Math.signum(e);
      case HUBER_GRAD -> {
        double delta = n.attributes().number("delta");
        yield Math.max(-delta, Math.min(delta, e));
      }
      // HINGE_GRAD
      default -> (2 * t - 1) * o < 1 ? -(2 * t - 1) : 0;
    };
  }

  private static double smooth(Node n, double t) {
    double smoothing = n.attributes().number("smoothing");
    return (1 - smoothing) * t + smoothing / 2;
  }

  private static double[] correct(Node n, double[] scores, double[] labels) {
    int width = n.input(0).shape().dim(1);
    double count = 0;
    for (int i = 0; i < labels.length; i++) {
      int best = 0;
      for (int k = 1; k < width; k++) {
        best = scores[i * width + k] > scores[i * width + best] ? k : best;
      }
      count += best == labels[i] ? 1 : 0;
    }
    return new double[] {count};
  }

  private static double[] sumOverRows(
      Node n, double[] output, double[] target, DoubleBinaryOperator f) {
    int width = n.input(0).shape().dim(1);
    double sum = 0;
    for (int i = 0; i < output.length; i++) {
      sum += f.applyAsDouble(output[i], target[i]) / width;
    }
    return new double[] {sum};
  }
}
