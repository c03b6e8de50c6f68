package dev.bellows.engine.kernel;

/** Elementwise functions of one input with constants p and q. NaN in gives NaN out. */
public enum UnaryOp {
  /** x. */
  IDENTITY(0),
  /** -x. */
  NEG(1),
  /** e^x. */
  EXP(2),
  /** ln x. */
  LOG(3),
  /** Square root. */
  SQRT(4),
  /** x^p. */
  POW(5),
  /** |x|. */
  ABS(6),
  /** -1, 0 or 1. */
  SIGN(7),
  /** x limited to [p, q]. */
  CLAMP(8),
  /** max(0, x). */
  RELU(9),
  /** x where x > 0, else p x. */
  LEAKY_RELU(10),
  /** x where x > 0, else p (e^x - 1). */
  ELU(11),
  /** 1 / (1 + e^-x). */
  SIGMOID(12),
  /** Hyperbolic tangent. */
  TANH(13),
  /** ln(1 + e^x). */
  SOFTPLUS(14),
  /** x sigmoid(p x). */
  SWISH(15),
  /** x tanh(softplus(x)). */
  MISH(16),
  /** x Phi(x), Phi the normal distribution function. */
  GELU(17),
  /** 1 where x >= 0, else 0. */
  STEP(18),
  /** p x + q. */
  AFFINE(19),
  /** Phi(x) + x phi(x): the derivative of GELU. */
  GELU_SLOPE(20);

  private final int code;

  UnaryOp(int code) {
    this.code = code;
  }

  /** The number that native code knows the function by. */
  public int code() {
    return code;
  }
}
