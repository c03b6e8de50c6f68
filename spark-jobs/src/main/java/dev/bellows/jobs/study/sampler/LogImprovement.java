package dev.bellows.jobs.study.sampler;

import org.apache.commons.math3.util.FastMath;

/**
 * The logarithm of the expected improvement, whose gradient does not vanish where the improvement
 * is tiny (S. Ament et al.: Unexpected Improvements to Expected Improvement for Bayesian
 * Optimization, NeurIPS 2023, arXiv 2310.20708, eq. 9).
 */
final class LogImprovement {
  private LogImprovement() {}

  /** ln E[max(0, Z + z)] of a standard normal Z. */
  static double standard(double z) {
    if (z > -25) {
      return FastMath.log(z * Normal.below(z) + FastMath.exp(Normal.logDensity(z)));
    }
    // density(z) (1 - |z| mills(|z|)) with the tail's asymptotic series
    double s = 1 / (z * z);
    return Normal.logDensity(z) + FastMath.log(s * (1 - 3 * s * (1 - 5 * s * (1 - 7 * s))));
  }

  /** The derivative of {@link #standard}: below(z) / E. */
  static double slope(double z) {
    double below = Normal.below(z);
    double log = z > -25 ? FastMath.log(below) : Normal.logDensity(z) + logMills(-z);
    return FastMath.exp(log - standard(z));
  }

  // ln of the Mills ratio, the tail over the density, far out
  private static double logMills(double z) {
    double s = 1 / (z * z);
    return FastMath.log((1 - s * (1 - 3 * s * (1 - 5 * s))) / z);
  }

  /**
   * ln EI over {@code best} at a point of a process that is maximised.
   *
   * @param gradient [D] receives the gradient, zeros for choices; null for none
   */
  static double at(
      GaussianProcess process,
      double[] point,
      double best,
      double @org.jspecify.annotations.Nullable [] gradient) {
    double[] byVariance = gradient == null ? null : new double[point.length];
    double[] moments = process.predict(point, gradient, byVariance);
    double sigma = FastMath.sqrt(moments[1]);
    double z = (moments[0] - best) / sigma;
    if (gradient != null && byVariance != null) {
      double slope = slope(z);
      for (int j = 0; j < point.length; j++) {
        double bySigma = byVariance[j] / (2 * sigma);
        gradient[j] = slope * (gradient[j] - z * bySigma) / sigma + bySigma / sigma;
      }
    }
    return standard(z) + FastMath.log(sigma);
  }
}
