package dev.bellows.engine.kernel.plain;

import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Loss;
import dev.bellows.engine.kernel.LossOp;
import dev.bellows.engine.kernel.MetricOp;
import dev.bellows.engine.tensor.Memory;

/** {@link Loss} in Java. */
final class PlainLoss implements Loss {
  @Override
  public KernelCall bind(
      LossOp op,
      float p,
      int rows,
      int cols,
      long scores,
      long truth,
      long weights,
      long out,
      long gradient) {
    double[] lanes = new double[Rows.LANES];
    return () -> {
      double sum = 0;
      for (long r = 0; r < rows; r++) {
        long row = 4 * r * cols;
        float w = Memory.getFloat(weights + 4 * r);
        long g = gradient == 0 ? 0 : gradient + row;
        sum +=
            op == LossOp.SOFTMAX_CROSS_ENTROPY
                ? softmax(lanes, scores + row, Memory.getInt(truth + 4 * r), w, p, cols, g)
                : targeted(op, scores + row, truth + row, w, p, cols, g);
      }
      result(out, sum);
    };
  }

  private static void result(long out, double sum) {
    if (out != 0) {
      Memory.putFloat(out, (float) sum);
      Memory.putDouble(out + 8, sum);
    }
  }

  private static double softmax(
      double[] lanes, long s, int label, float w, float smoothing, int k, long g) {
    float m = Rows.max(s, k);
    float sum;
    if (g != 0) {
      for (long c = 0; c < 4L * k; c += 4) {
        Memory.putFloat(g + c, FloatMath.exp(Memory.getFloat(s + c) - m));
      }
      sum = (float) Rows.sum(lanes, g, k);
      float inverse = w / sum;
      float off = w * (smoothing / k);
      for (long c = 0; c < 4L * k; c += 4) {
        Memory.putFloat(g + c, Memory.getFloat(g + c) * inverse - off);
      }
      long at = g + 4L * label;
      Memory.putFloat(at, Memory.getFloat(at) - w * (1.0f - smoothing));
    } else {
      sum = (float) Rows.expSum(lanes, s, m, k);
    }
    double logSum = FloatMath.log(sum);
    double loss = logSum - ((double) Memory.getFloat(s + 4L * label) - m);
    if (smoothing != 0) {
      double mean = Rows.sum(lanes, s, k) / k - m;
      loss = (1.0 - smoothing) * loss + smoothing * (logSum - mean);
    }
    return w == 0 ? 0 : w * loss;
  }

  private static double targeted(LossOp op, long s, long t, float w, float p, int cols, long g) {
    double row = 0;
    float share = w / cols;
    for (long c = 0; c < 4L * cols; c += 4) {
      float score = Memory.getFloat(s + c);
      float target = Memory.getFloat(t + c);
      row += value(op, p, score, target);
      if (g != 0) {
        Memory.putFloat(g + c, share * slope(op, p, score, target));
      }
    }
    return w == 0 ? 0 : w * (row / cols);
  }

  private static float value(LossOp op, float p, float s, float t) {
    float e = s - t;
    return switch (op) {
      case SIGMOID_CROSS_ENTROPY -> FloatMath.softplus(s) - ((1.0f - p) * t + 0.5f * p) * s;
      case MSE -> e * e;
      case MAE -> Math.abs(e);
      case HUBER -> {
        float a = Math.abs(e);
        yield a <= p ? 0.5f * (e * e) : p * (a - 0.5f * p);
      }
      case HINGE -> {
        float m = 1.0f - (2.0f * t - 1.0f) * s;
        yield m <= 0 ? 0 : m;
      }
      case SOFTMAX_CROSS_ENTROPY -> throw new IllegalArgumentException("not by element: " + op);
    };
  }

  private static float slope(LossOp op, float p, float s, float t) {
    float e = s - t;
    return switch (op) {
      case SIGMOID_CROSS_ENTROPY -> FloatMath.sigmoid(s) - ((1.0f - p) * t + 0.5f * p);
      case MSE -> 2.0f * e;
      case MAE -> FloatMath.sign(e);
      case HUBER -> e > p ? p : e < -p ? -p : e;
      case HINGE -> {
        float y = 2.0f * t - 1.0f;
        float m = y * s;
        yield m < 1 ? -y : m >= 1 ? 0 : m;
      }
      case SOFTMAX_CROSS_ENTROPY -> throw new IllegalArgumentException("not by element: " + op);
    };
  }

  @Override
  public KernelCall bindMetric(MetricOp op, int rows, int cols, long scores, long truth, long out) {
    return () -> {
      double sum = 0;
      for (long r = 0; r < rows; r++) {
        long s = scores + 4 * r * cols;
        if (op == MetricOp.CORRECT) {
          sum += Rows.argmax(s, cols) == Memory.getInt(truth + 4 * r) ? 1 : 0;
        } else {
          sum += share(op, s, truth + 4 * r * cols, cols);
        }
      }
      result(out, sum);
    };
  }

  private static double share(MetricOp op, long s, long t, int cols) {
    double row = 0;
    for (long c = 0; c < 4L * cols; c += 4) {
      float score = Memory.getFloat(s + c);
      float target = Memory.getFloat(t + c);
      row +=
          op == MetricOp.CORRECT_BINARY
              ? (score > 0) == (target > 0.5f) ? 1 : 0
              : Math.abs((double) score - target);
    }
    return row / cols;
  }

  @Override
  public KernelCall bindClassWeights(
      boolean labels, int rows, long weights, long classes, long table, long out) {
    return () -> {
      for (long i = 0; i < 4L * rows; i += 4) {
        int c = labels ? Memory.getInt(classes + i) : Memory.getFloat(classes + i) > 0.5f ? 1 : 0;
        Memory.putFloat(out + i, Memory.getFloat(weights + i) * Memory.getFloat(table + 4L * c));
      }
    };
  }
}
