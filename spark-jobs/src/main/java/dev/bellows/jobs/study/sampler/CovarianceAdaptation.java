package dev.bellows.jobs.study.sampler;

import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.apache.commons.math3.util.FastMath;

/**
 * The state of the evolution strategy: mean m, step size sigma, covariance C and the two paths.
 * Equations and defaults of N. Hansen's tutorial (arXiv 1604.00772, figure 6 and table 1) with
 * positive weights only.
 */
final class CovarianceAdaptation {
  private final int n;
  private final double[] weights; // [mu]
  private final double effective; // mu_eff
  private final double sigmaRate; // c_sigma
  private final double damping; // d_sigma
  private final double pathRate; // c_c
  private final double oneRate; // c_1
  private final double manyRate; // c_mu
  private final double expectedNorm; // E|N(0, I)|
  private final double[] mean;
  private final double[] sigmaPath;
  private final double[] path;
  private final double[][] covariance;
  private double sigma;
  private int generation;
  private double[][] axes; // eigenvectors in columns
  private double[] lengths; // square roots of the eigenvalues

  /** In the middle of the unit cube. */
  CovarianceAdaptation(int dimension, int size, double sigma) {
    this.n = dimension;
    this.sigma = sigma;
    this.weights = weights(size);
    double squares = 0;
    for (double weight : weights) {
      squares += weight * weight;
    }
    this.effective = 1 / squares;
    this.sigmaRate = (effective + 2) / (n + effective + 5);
    this.damping = 1 + 2 * Math.max(0, FastMath.sqrt((effective - 1) / (n + 1)) - 1) + sigmaRate;
    this.pathRate = (4 + effective / n) / (n + 4 + 2 * effective / n);
    this.oneRate = 2 / ((n + 1.3) * (n + 1.3) + effective);
    this.manyRate =
        Math.min(
            1 - oneRate,
            2 * (0.25 + effective + 1 / effective - 2) / ((n + 2) * (n + 2) + effective));
    this.expectedNorm = FastMath.sqrt(n) * (1 - 1 / (4.0 * n) + 1 / (21.0 * n * n));
    this.mean = new double[n];
    this.sigmaPath = new double[n];
    this.path = new double[n];
    this.covariance = new double[n][n];
    this.axes = new double[n][n];
    this.lengths = new double[n];
    for (int j = 0; j < n; j++) {
      mean[j] = 0.5;
      covariance[j][j] = 1;
      axes[j][j] = 1;
      lengths[j] = 1;
    }
  }

  private static double[] weights(int size) {
    double[] weights = new double[size / 2];
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      weights[i] = FastMath.log((size + 1) / 2.0) - FastMath.log(i + 1.0);
      sum += weights[i];
    }
    for (int i = 0; i < weights.length; i++) {
      weights[i] /= sum;
    }
    return weights;
  }

  /** m + sigma B D z. */
  double[] draw(Draws draws) {
    double[] z = new double[n];
    for (int k = 0; k < n; k++) {
      z[k] = lengths[k] * draws.normal();
    }
    double[] point = mean.clone();
    for (int j = 0; j < n; j++) {
      for (int k = 0; k < n; k++) {
        point[j] += sigma * axes[j][k] * z[k];
      }
    }
    return point;
  }

  /** Takes a generation in, best first. */
  void update(double[][] ranked) {
    generation++;
    double[] step = new double[n]; // (new mean - mean) / sigma
    for (int i = 0; i < weights.length; i++) {
      for (int j = 0; j < n; j++) {
        step[j] += weights[i] * (ranked[i][j] - mean[j]) / sigma;
      }
    }
    double[] whitened = whitened(step);
    double pathNorm = 0;
    for (int j = 0; j < n; j++) {
      sigmaPath[j] =
          (1 - sigmaRate) * sigmaPath[j]
              + FastMath.sqrt(sigmaRate * (2 - sigmaRate) * effective) * whitened[j];
      pathNorm += sigmaPath[j] * sigmaPath[j];
    }
    pathNorm = FastMath.sqrt(pathNorm);
    double bias = FastMath.sqrt(1 - FastMath.pow(1 - sigmaRate, 2 * generation));
    boolean moving = pathNorm / bias < (1.4 + 2.0 / (n + 1)) * expectedNorm;
    for (int j = 0; j < n; j++) {
      path[j] =
          (1 - pathRate) * path[j]
              + (moving ? FastMath.sqrt(pathRate * (2 - pathRate) * effective) * step[j] : 0);
    }
    double lost = moving ? 0 : oneRate * pathRate * (2 - pathRate);
    for (int a = 0; a < n; a++) {
      for (int b = 0; b <= a; b++) {
        double many = 0;
        for (int i = 0; i < weights.length; i++) {
          many +=
              weights[i] * ((ranked[i][a] - mean[a]) / sigma) * ((ranked[i][b] - mean[b]) / sigma);
        }
        covariance[a][b] =
            (1 - oneRate - manyRate + lost) * covariance[a][b]
                + oneRate * path[a] * path[b]
                + manyRate * many;
        covariance[b][a] = covariance[a][b];
      }
    }
    for (int j = 0; j < n; j++) {
      mean[j] += sigma * step[j];
    }
    double growth = sigmaRate / damping * (pathNorm / expectedNorm - 1);
    sigma = Math.min(1e3, Math.max(1e-12, sigma * FastMath.exp(Math.min(1, growth))));
    decompose();
  }

  // C^-1/2 step
  private double[] whitened(double[] step) {
    double[] out = new double[n];
    for (int k = 0; k < n; k++) {
      double along = 0;
      for (int j = 0; j < n; j++) {
        along += axes[j][k] * step[j];
      }
      for (int j = 0; j < n; j++) {
        out[j] += axes[j][k] * along / lengths[k];
      }
    }
    return out;
  }

  private void decompose() {
    EigenDecomposition eigen = new EigenDecomposition(new Array2DRowRealMatrix(covariance, true));
    axes = eigen.getV().getData();
    for (int k = 0; k < n; k++) {
      lengths[k] = FastMath.sqrt(Math.max(eigen.getRealEigenvalue(k), 1e-20));
    }
  }
}
