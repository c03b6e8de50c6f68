package dev.bellows.engine.kernel;

/**
 * Elementwise functions of two inputs a and b with a constant p. The arithmetic ones broadcast; the
 * gradient ones take dy as a and the saved tensor as b, both of the result's shape.
 */
public enum BinaryOp {
  /** a + b. */
  ADD(0),
  /** a - b. */
  SUB(1),
  /** a b. */
  MUL(2),
  /** a / b. */
  DIV(3),
  /** max(a, b). */
  MAX(4),
  /** min(a, b). */
  MIN(5),
  /** 1 where a > b, else 0. */
  GREATER(6),
  /** dy where y > 0, else 0. */
  RELU_GRAD(7),
  /** dy where y > 0, else p dy. */
  LEAKY_RELU_GRAD(8),
  /** dy where y > 0, else dy (y + p). */
  ELU_GRAD(9),
  /** dy y (1 - y). */
  SIGMOID_GRAD(10),
  /** dy (1 - y^2). */
  TANH_GRAD(11),
  /** dy (s + p x s (1 - s)), s = sigmoid(p x). */
  SWISH_GRAD(12),
  /** dy (t + x (1 - t^2) sigmoid(x)), t = tanh(softplus(x)). */
  MISH_GRAD(13);

  private final int code;

  BinaryOp(int code) {
    this.code = code;
  }

  /** The number that native code knows the function by. */
  public int code() {
    return code;
  }

  /** Whether the operands may be broadcast; the gradients' may not. */
  public boolean broadcasts() {
    return code <= 6;
  }
}
