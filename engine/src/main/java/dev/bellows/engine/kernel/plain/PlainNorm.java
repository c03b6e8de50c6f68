package dev.bellows.engine.kernel.plain;

import static dev.bellows.engine.tensor.Memory.getFloat;
import static dev.bellows.engine.tensor.Memory.putFloat;
import static dev.bellows.engine.tensor.Memory.putShort;

import dev.bellows.engine.kernel.BatchNormBackward;
import dev.bellows.engine.kernel.BatchNormForward;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.kernel.Norm;
import dev.bellows.engine.tensor.Bfloat16;

/** {@link Norm} in Java. */
final class PlainNorm implements Norm {
  @Override
  public KernelCall bindSoftmax(int rows, int cols, float temperature, long x, long y) {
    double[] lanes = new double[Rows.LANES];
    return () -> {
      for (long r = 0; r < rows; r++) {
        long from = x + 4 * r * cols;
        long to = y + 4 * r * cols;
        float m = Rows.max(from, cols);
        for (long c = 0; c < 4L * cols; c += 4) {
          putFloat(to + c, FloatMath.exp((getFloat(from + c) - m) / temperature));
        }
        float inverse = (float) (1.0 / Rows.sum(lanes, to, cols));
        for (long c = 0; c < 4L * cols; c += 4) {
          putFloat(to + c, getFloat(to + c) * inverse);
        }
      }
    };
  }

  @Override
  public KernelCall bindLogSoftmax(int rows, int cols, long x, long y) {
    double[] lanes = new double[Rows.LANES];
    return () -> {
      for (long r = 0; r < rows; r++) {
        long from = x + 4 * r * cols;
        long to = y + 4 * r * cols;
        float m = Rows.max(from, cols);
        float shift = FloatMath.log((float) Rows.expSum(lanes, from, m, cols));
        for (long c = 0; c < 4L * cols; c += 4) {
          putFloat(to + c, (getFloat(from + c) - m) - shift);
        }
      }
    };
  }

  @Override
  public KernelCall bindSoftmaxGrad(
      int rows, int cols, float temperature, long dy, long y, long dx) {
    double[] lanes = new double[Rows.LANES];
    return () -> {
      for (long r = 0; r < rows; r++) {
        long at = 4 * r * cols;
        float s = (float) Rows.dot(lanes, dy + at, y + at, cols);
        for (long c = at; c < at + 4L * cols; c += 4) {
          putFloat(dx + c, getFloat(y + c) * (getFloat(dy + c) - s) / temperature);
        }
      }
    };
  }

  @Override
  public KernelCall bindBatchMean(int rows, int cols, long x, long mean) {
    return () -> {
      for (long c = 0; c < 4L * cols; c += 4) {
        putFloat(mean + c, (float) mean(rows, cols, x + c));
      }
    };
  }

  /** Mean of the column that starts at x. */
  private static double mean(int rows, int cols, long x) {
    double sum = 0;
    for (long r = 0; r < rows; r++) {
      sum += getFloat(x + 4 * r * cols);
    }
    return sum / rows;
  }

  @Override
  public KernelCall bindBatchVariance(int rows, int cols, long x, long variance) {
    return () -> {
      for (long c = 0; c < 4L * cols; c += 4) {
        double mean = mean(rows, cols, x + c);
        double squares = 0;
        for (long r = 0; r < rows; r++) {
          double d = getFloat(x + c + 4 * r * cols) - mean;
          squares += d * d;
        }
        putFloat(variance + c, (float) (squares / rows));
      }
    };
  }

  private static float deviation(long variance, float epsilon) {
    return (float) Math.sqrt(getFloat(variance) + epsilon);
  }

  @Override
  public KernelCall bindBatchNorm(
      int rows,
      int cols,
      float epsilon,
      long x,
      long mean,
      long variance,
      long scale,
      long shift,
      long y) {
    return () -> {
      for (long c = 0; c < 4L * cols; c += 4) {
        float factor = getFloat(scale + c) / deviation(variance + c, epsilon);
        float m = getFloat(mean + c);
        float s = getFloat(shift + c);
        for (long r = 0; r < rows; r++) {
          long at = c + 4 * r * cols;
          putFloat(y + at, (getFloat(x + at) - m) * factor + s);
        }
      }
    };
  }

  @Override
  public KernelCall bindBatchNormGrad(
      boolean training,
      int rows,
      int cols,
      float epsilon,
      long dy,
      long x,
      long mean,
      long variance,
      long scale,
      long dx) {
    return () -> {
      for (long c = 0; c < 4L * cols; c += 4) {
        float rsd = 1.0f / deviation(variance + c, epsilon);
        float factor = getFloat(scale + c) * rsd;
        float m = getFloat(mean + c);
        float meanDy = training ? (float) mean(rows, cols, dy + c) : 0;
        float meanDyX = training ? (float) (dot(rows, cols, dy + c, x + c, m, rsd) / rows) : 0;
        for (long r = 0; r < rows; r++) {
          long at = c + 4 * r * cols;
          float xhat = (getFloat(x + at) - m) * rsd;
          putFloat(dx + at, factor * (getFloat(dy + at) - meanDy - xhat * meanDyX));
        }
      }
    };
  }

  /** Sum over a column of dy (x - m) rsd. */
  private static double dot(int rows, int cols, long dy, long x, float m, float rsd) {
    double dot = 0;
    for (long r = 0; r < rows; r++) {
      long at = 4 * r * cols;
      dot += (double) getFloat(dy + at) * ((getFloat(x + at) - m) * rsd);
    }
    return dot;
  }

  @Override
  public KernelCall bindBatchNormGradScale(
      int rows, int cols, float epsilon, long dy, long x, long mean, long variance, long dscale) {
    return () -> {
      for (long c = 0; c < 4L * cols; c += 4) {
        float rsd = 1.0f / deviation(variance + c, epsilon);
        putFloat(dscale + c, (float) dot(rows, cols, dy + c, x + c, getFloat(mean + c), rsd));
      }
    };
  }

  @Override
  public KernelCall bindBatchNormForward(BatchNormForward f) {
    KernelCall mean = bindBatchMean(f.rows(), f.cols(), f.x(), f.mean());
    KernelCall variance = bindBatchVariance(f.rows(), f.cols(), f.x(), f.variance());
    return () -> {
      mean.run();
      variance.run();
      for (long c = 0; c < 4L * f.cols(); c += 4) {
        float factor = getFloat(f.scale() + c) / deviation(f.variance() + c, f.epsilon());
        float m = getFloat(f.mean() + c);
        float s = getFloat(f.shift() + c);
        for (long r = 0; r < f.rows(); r++) {
          long at = c + 4 * r * f.cols();
          float y = (getFloat(f.x() + at) - m) * factor + s;
          y = f.skip() == 0 ? y : y + getFloat(f.skip() + at);
          put(f.relu() && y <= 0 ? 0 : y, f.y(), f.rounded(), at);
        }
      }
    };
  }

  @Override
  public KernelCall bindBatchNormBackward(BatchNormBackward b) {
    return () -> {
      for (long c = 0; c < 4L * b.cols(); c += 4) {
        float rsd = 1.0f / deviation(b.variance() + c, b.epsilon());
        float m = getFloat(b.mean() + c);
        double sum = 0;
        double dot = 0;
        for (long r = 0; r < b.rows(); r++) {
          long at = c + 4 * r * b.cols();
          float d = upstream(b, at, c);
          if (b.masked() != 0) {
            putFloat(b.masked() + at, d);
          }
          sum += d;
          dot += (double) d * ((getFloat(b.x() + at) - m) * rsd);
        }
        if (b.dshift() != 0) {
          putFloat(b.dshift() + c, (float) sum);
        }
        if (b.dscale() != 0) {
          putFloat(b.dscale() + c, (float) dot);
        }
        float factor = getFloat(b.scale() + c) * rsd;
        float meanD = (float) (sum / b.rows());
        float meanDx = (float) (dot / b.rows());
        for (long r = 0; r < b.rows(); r++) {
          long at = c + 4 * r * b.cols();
          float d = b.masked() != 0 ? getFloat(b.masked() + at) : upstream(b, at, c);
          float xhat = (getFloat(b.x() + at) - m) * rsd;
          put(factor * (d - meanD - xhat * meanDx), b.dx(), b.rounded(), at);
        }
      }
    };
  }

  /** Writes element {@code at / 4} of a result and of its rounded copy, where there are such. */
  private static void put(float value, long exact, long rounded, long at) {
    if (exact != 0) {
      putFloat(exact + at, value);
    }
    if (rounded != 0) {
      putShort(rounded + at / 2, Bfloat16.round(value));
    }
  }

  /** The gradient after relu at byte {@code at} of channel byte c. */
  private static float upstream(BatchNormBackward b, long at, long c) {
    float d = getFloat(b.dy() + at) + (b.more() == 0 ? 0 : getFloat(b.more() + at));
    if (b.y() != 0) {
      return getFloat(b.y() + at) > 0 ? d : 0;
    }
    if (b.shift() == 0) {
      return d;
    }
    float factor = getFloat(b.scale() + c) / deviation(b.variance() + c, b.epsilon());
    float y = (getFloat(b.x() + at) - getFloat(b.mean() + c)) * factor + getFloat(b.shift() + c);
    return y > 0 ? d : 0;
  }
}
