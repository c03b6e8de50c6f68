package dev.bellows.engine.kernel.reference;

import dev.bellows.engine.tensor.Bfloat16;
import org.apache.commons.math3.special.Erf;

/** Scalar functions in double precision, written so that no finite argument overflows. */
final class Scalars {
  private static final double SQRT_HALF = Math.sqrt(0.5);
  private static final double INV_SQRT_2PI = 1 / Math.sqrt(2 * Math.PI);

  private Scalars() {}

  static double sigmoid(double x) {
    if (x >= 0) {
      return 1 / (1 + Math.exp(-x));
    }
    double e = Math.exp(x);
    return e / (1 + e);
  }

  static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }

  static double swish(double x, double beta) {
    return x * sigmoid(beta * x);
  }

  static double swishGrad(double x, double beta) {
    double s = sigmoid(beta * x);
    return s + beta * x * s * (1 - s);
  }

  static double mish(double x) {
    return x * Math.tanh(softplus(x));
  }

  static double mishGrad(double x) {
    double t = Math.tanh(softplus(x));
    return t + x * (1 - t * t) * sigmoid(x);
  }

  /** The nearest bfloat16, to even at a tie. */
  static double bfloat16(double x) {
    return Bfloat16.value(Bfloat16.round((float) x));
  }

  /** Normal distribution function; erfc keeps the left tail. */
  static double normalCdf(double x) {
    return 0.5 * Erf.erfc(-x * SQRT_HALF);
  }

  static double gelu(double x) {
    return x * normalCdf(x);
  }

  static double geluGrad(double x) {
    return normalCdf(x) + x * INV_SQRT_2PI * Math.exp(-0.5 * x * x);
  }
}
