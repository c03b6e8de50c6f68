package dev.bellows.jobs.study.sampler;

import java.util.Arrays;
import org.apache.commons.math3.util.FastMath;

/**
 * Gaussian-process regression over the unit cube with noise.
 *
 * <pre>
 * k(a, b) = s (1 + r + r^2/3) exp(-r),  r^2 = 5 sum_j l_j d_j,  d_j = (a_j - b_j)^2, for choices 1 where they differ
 * </pre>
 *
 * Matern 5/2 with one inverse squared length scale l_j per axis (C. E. Rasmussen, C. K. I.
 * Williams: Gaussian Processes for Machine Learning, 2006, eq. 4.17). The parameters (l, s, noise)
 * maximise the posterior under Optuna's priors: sum_j -0.1/l_j - 0.1 l_j, gamma(2, 1) of s,
 * gamma(1.1, 30) of the noise variance, which is 1e-6 at least.
 */
final class GaussianProcess {
  private static final double LEAST_NOISE = 1e-6;

  private final boolean[] choice; // [D]
  private final double[][] x; // [N, D]
  private final double[] y; // [N]
  private final double[] inverseSquared; // [D]
  private final double scale;
  private final double noise;
  private final double[][] factor; // lower Cholesky factor of K + noise
  private final double[] weights; // (K + noise)^-1 y

  /** A process with these parameters: {@code logs} = ln l [D], ln s, ln (noise - least). */
  GaussianProcess(boolean[] choice, double[][] x, double[] y, double[] logs) {
    int axes = choice.length;
    this.choice = choice;
    this.x = x;
    this.y = y;
    this.inverseSquared = new double[axes];
    for (int j = 0; j < axes; j++) {
      inverseSquared[j] = FastMath.exp(logs[j]);
    }
    this.scale = FastMath.exp(logs[axes]);
    this.noise = FastMath.exp(logs[axes + 1]) + LEAST_NOISE;
    this.factor = cholesky(covariance());
    this.weights = solve(y);
  }

  /** The process whose parameters fit best, from a given start or (null) the usual one. */
  static GaussianProcess fit(boolean[] choice, double[][] x, double[] y, double[][] starts) {
    double best = Double.POSITIVE_INFINITY;
    double[] found = starts[0];
    for (double[] start : starts) {
      QuasiNewton.Result result =
          QuasiNewton.minimise(
              (at, gradient) -> new GaussianProcess(choice, x, y, at).loss(gradient),
              start,
              lows(choice.length),
              highs(choice.length),
              60);
      if (result.value() < best) {
        best = result.value();
        found = result.at();
      }
    }
    return new GaussianProcess(choice, x, y, found);
  }

  private static double[] lows(int axes) {
    double[] lows = new double[axes + 2];
    Arrays.fill(lows, -10);
    lows[axes + 1] = -16;
    return lows;
  }

  private static double[] highs(int axes) {
    double[] highs = new double[axes + 2];
    Arrays.fill(highs, 10);
    highs[axes + 1] = 2;
    return highs;
  }

  /** Optuna's starting point: length scales and scale 1, noise 0.01. */
  static double[] start(int axes) {
    double[] start = new double[axes + 2];
    start[axes + 1] = FastMath.log(0.01);
    return start;
  }

  private double[][] covariance() {
    int n = x.length;
    double[][] k = new double[n][n];
    for (int a = 0; a < n; a++) {
      for (int b = 0; b <= a; b++) {
        k[a][b] = kernel(x[a], x[b]);
      }
      k[a][a] += noise;
    }
    return k;
  }

  private double squaredDistance(double[] a, double[] b) {
    double sum = 0;
    for (int j = 0; j < a.length; j++) {
      sum += inverseSquared[j] * difference(j, a, b);
    }
    return sum;
  }

  private double difference(int axis, double[] a, double[] b) {
    double d = a[axis] - b[axis];
    return choice[axis] ? (d == 0 ? 0 : 1) : d * d;
  }

  private double kernel(double[] a, double[] b) {
    double r = FastMath.sqrt(5 * squaredDistance(a, b));
    return scale * (1 + r + r * r / 3) * FastMath.exp(-r);
  }

  /** The kernel's derivative by the squared distance. */
  private double slope(double[] a, double[] b) {
    double r = FastMath.sqrt(5 * squaredDistance(a, b));
    return -scale * 5 / 6 * (1 + r) * FastMath.exp(-r);
  }

  /** Negative log posterior of the parameters, and its gradient by their logarithms. */
  double loss(double[] gradient) {
    int n = x.length;
    int axes = choice.length;
    double loss = 0;
    for (int i = 0; i < n; i++) {
      loss += FastMath.log(factor[i][i]) + 0.5 * y[i] * weights[i];
    }
    Arrays.fill(gradient, 0);
    double[][] inverse = inverse();
    for (int a = 0; a < n; a++) {
      for (int b = 0; b <= a; b++) {
        double outer = 0.5 * (inverse[a][b] - weights[a] * weights[b]) * (a == b ? 1 : 2);
        gradient[axes] += outer * kernel(x[a], x[b]);
        double bySquare = outer * slope(x[a], x[b]);
        for (int j = 0; j < axes && a != b; j++) {
          gradient[j] += bySquare * difference(j, x[a], x[b]) * inverseSquared[j];
        }
        if (a == b) {
          gradient[axes + 1] += outer * (noise - LEAST_NOISE);
        }
      }
    }
    for (int j = 0; j < axes; j++) {
      double l = inverseSquared[j];
      loss += 0.1 / l + 0.1 * l;
      gradient[j] += -0.1 / l + 0.1 * l;
    }
    loss += -FastMath.log(scale) + scale - 0.1 * FastMath.log(noise) + 30 * noise;
    gradient[axes] += -1 + scale;
    gradient[axes + 1] += (-0.1 / noise + 30) * (noise - LEAST_NOISE);
    return loss;
  }

  /**
   * Mean and variance at a point and, where asked, their gradients.
   *
   * @param byMean [D] receives the mean's gradient, or null
   * @param byVariance [D] receives the variance's gradient, or null
   * @return {mean, variance}
   */
  double[] predict(
      double[] at,
      double @org.jspecify.annotations.Nullable [] byMean,
      double @org.jspecify.annotations.Nullable [] byVariance) {
    int n = x.length;
    double[] k = new double[n];
    for (int i = 0; i < n; i++) {
      k[i] = kernel(at, x[i]);
    }
    double[] v = forward(k);
    double mean = 0;
    double variance = scale;
    for (int i = 0; i < n; i++) {
      mean += k[i] * weights[i];
      variance -= v[i] * v[i];
    }
    if (byMean != null && byVariance != null) {
      double[] solved = backward(v);
      Arrays.fill(byMean, 0);
      Arrays.fill(byVariance, 0);
      for (int i = 0; i < n; i++) {
        double slope = slope(at, x[i]);
        for (int j = 0; j < at.length; j++) {
          if (!choice[j]) {
            double by = slope * 2 * inverseSquared[j] * (at[j] - x[i][j]);
            byMean[j] += by * weights[i];
            byVariance[j] -= 2 * by * solved[i];
          }
        }
      }
    }
    return new double[] {mean, Math.max(variance, 1e-12)};
  }

  /** The same process with one more point, whose value is what it expects there. */
  GaussianProcess believing(double[] point) {
    double[][] more = Arrays.copyOf(x, x.length + 1);
    more[x.length] = point;
    double[] values = Arrays.copyOf(y, y.length + 1);
    values[y.length] = predict(point, null, null)[0];
    return new GaussianProcess(choice, more, values, logs());
  }

  /** The logarithms of the parameters. */
  double[] logs() {
    double[] logs = new double[choice.length + 2];
    for (int j = 0; j < choice.length; j++) {
      logs[j] = FastMath.log(inverseSquared[j]);
    }
    logs[choice.length] = FastMath.log(scale);
    logs[choice.length + 1] = FastMath.log(Math.max(noise - LEAST_NOISE, 1e-300));
    return logs;
  }

  private static double[][] cholesky(double[][] k) {
    int n = k.length;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        double sum = k[i][j];
        for (int m = 0; m < j; m++) {
          sum -= k[i][m] * k[j][m];
        }
        // Rounding may leave a diagonal of 0 where points coincide: the noise is their distance.
        k[i][j] = i == j ? FastMath.sqrt(Math.max(sum, 1e-12)) : sum / k[j][j];
      }
    }
    return k;
  }

  private double[] solve(double[] right) {
    return backward(forward(right));
  }

  private double[] forward(double[] right) {
    double[] v = new double[right.length];
    for (int i = 0; i < v.length; i++) {
      double sum = right[i];
      for (int m = 0; m < i; m++) {
        sum -= factor[i][m] * v[m];
      }
      v[i] = sum / factor[i][i];
    }
    return v;
  }

  private double[] backward(double[] right) {
    double[] v = new double[right.length];
    for (int i = v.length - 1; i >= 0; i--) {
      double sum = right[i];
      for (int m = i + 1; m < v.length; m++) {
        sum -= factor[m][i] * v[m];
      }
      v[i] = sum / factor[i][i];
    }
    return v;
  }

  private double[][] inverse() {
    int n = x.length;
    double[][] inverse = new double[n][];
    for (int i = 0; i < n; i++) {
      double[] unit = new double[n];
      unit[i] = 1;
      inverse[i] = solve(unit);
    }
    return inverse;
  }
}
