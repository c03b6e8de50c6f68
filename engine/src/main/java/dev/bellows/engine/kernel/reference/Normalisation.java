package dev.bellows.engine.kernel.reference;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.sample.Distribution;
import dev.bellows.engine.sample.Mix64;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.sample.Purpose;
import org.jspecify.annotations.Nullable;

/** Softmax, batch norm, dropout and random numbers. */
final class Normalisation {
  private Normalisation() {}

  /** The value of such a node, or null when the op is of another family. */
  static double @Nullable [] compute(Node n, double[][] in) {
    return switch (n.op()) {
      case SOFTMAX -> softmax(in[0], n.shape().dim(-1), n.attributes().number("temperature"));
      case LOG_SOFTMAX -> logSoftmax(in[0], n.shape().dim(-1));
      case SOFTMAX_GRAD ->
          softmaxGrad(in[0], in[1], n.shape().dim(-1), n.attributes().number("temperature"));
      case BATCH_MEAN -> mean(in[0], n.shape().dim(0));
      case BATCH_VARIANCE -> variance(in[0], n.shape().dim(0));
      case BATCH_NORM -> {
        double[] out = normalised(in[0], in[1], in[2], n.attributes().number("epsilon"));
        int width = in[1].length;
        for (int i = 0; i < out.length; i++) {
          out[i] = out[i] * in[3][i % width] + in[4][i % width];
        }
        yield out;
      }
      case BATCH_NORM_GRAD -> batchNormGrad(n, in);
      case BATCH_NORM_GRAD_SCALE -> {
        double[] x = normalised(in[1], in[2], in[3], n.attributes().number("epsilon"));
        double[] out = new double[in[2].length];
        for (int i = 0; i < x.length; i++) {
          out[i % out.length] += in[0][i] * x[i];
        }
        yield out;
      }
      default -> null;
    };
  }

  static double[] softmax(double[] x, int width, double temperature) {
    double[] out = new double[x.length];
    for (int row = 0; row < x.length; row += width) {
      double max = Double.NEGATIVE_INFINITY;
      for (int j = 0; j < width; j++) {
        max = Math.max(max, x[row + j]);
      }
      double sum = 0;
      for (int j = 0; j < width; j++) {
        out[row + j] = Math.exp((x[row + j] - max) / temperature);
        sum += out[row + j];
      }
      for (int j = 0; j < width; j++) {
        out[row + j] /= sum;
      }
    }
    return out;
  }

  static double[] logSoftmax(double[] x, int width) {
    double[] out = new double[x.length];
    for (int row = 0; row < x.length; row += width) {
      double max = Double.NEGATIVE_INFINITY;
      for (int j = 0; j < width; j++) {
        max = Math.max(max, x[row + j]);
      }
      double sum = 0;
      for (int j = 0; j < width; j++) {
        sum += Math.exp(x[row + j] - max);
      }
      for (int j = 0; j < width; j++) {
        out[row + j] = x[row + j] - max - Math.log(sum);
      }
    }
    return out;
  }

  private static double[] softmaxGrad(double[] dy, double[] y, int width, double temperature) {
    double[] out = new double[y.length];
    for (int row = 0; row < y.length; row += width) {
      double dot = 0;
      for (int j = 0; j < width; j++) {
        dot += dy[row + j] * y[row + j];
      }
      for (int j = 0; j < width; j++) {
        out[row + j] = y[row + j] * (dy[row + j] - dot) / temperature;
      }
    }
    return out;
  }

  private static double[] mean(double[] x, int width) {
    double[] out = new double[width];
    for (int i = 0; i < x.length; i++) {
      out[i % width] += x[i];
    }
    for (int j = 0; j < width; j++) {
      out[j] /= (double) x.length / width;
    }
    return out;
  }

  private static double[] variance(double[] x, int width) {
    double[] mean = mean(x, width);
    double[] squares = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      double d = x[i] - mean[i % width];
      squares[i] = d * d;
    }
    return mean(squares, width);
  }

  private static double[] normalised(double[] x, double[] mean, double[] variance, double epsilon) {
    double[] out = new double[x.length];
    int width = mean.length;
    for (int i = 0; i < x.length; i++) {
      out[i] = (x[i] - mean[i % width]) / Math.sqrt(variance[i % width] + epsilon);
    }
    return out;
  }

  /**
   * scale / sqrt(variance + epsilon) (dy - mean(dy) - xhat mean(dy xhat)); without the two means
   * outside training.
   */
  private static double[] batchNormGrad(Node n, double[][] in) {
    double[] dy = in[0];
    double epsilon = n.attributes().number("epsilon");
    double[] x = normalised(in[1], in[2], in[3], epsilon);
    int width = in[2].length;
    double[] sum = new double[width];
    double[] product = new double[width];
    if (n.attributes().flag("training")) {
      double rows = (double) dy.length / width;
      for (int i = 0; i < dy.length; i++) {
        sum[i % width] += dy[i] / rows;
        product[i % width] += dy[i] * x[i] / rows;
      }
    }
    double[] out = new double[dy.length];
    for (int i = 0; i < dy.length; i++) {
      int j = i % width;
      out[i] = in[4][j] / Math.sqrt(in[3][j] + epsilon) * (dy[i] - sum[j] - x[i] * product[j]);
    }
    return out;
  }

  static double[] dropout(Node n, double[] x, long seed, long step, int slice) {
    double rate = n.attributes().number("rate");
    float[] draws = new float[x.length];
    Philox.fillUniform(key(n, seed, step, slice), 0, draws, 0, draws.length);
    double[] out = new double[x.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = draws[i] >= (float) rate ? x[i] / (1 - rate) : 0;
    }
    return out;
  }

  static double[] random(Node n, long seed, long step, int slice) {
    Distribution distribution = Distribution.of(n.attributes().integer("distribution"));
    long key = key(n, seed, step, slice);
    double[] out = new double[Math.toIntExact(n.shape().size())];
    for (int i = 0; i < out.length; i++) {
      out[i] = distribution.draw(key, i);
    }
    return out;
  }

  private static long key(Node n, long seed, long step, int slice) {
    return Mix64.mix(
        Mix64.mix(seed, Purpose.DROPOUT, step, slice),
        Purpose.DROPOUT,
        n.attributes().integer("id"));
  }
}
