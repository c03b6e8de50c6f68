package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Attributes;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.kernel.BinaryOp;
import dev.bellows.engine.kernel.UnaryOp;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/** Which elementwise kernel computes which op: those of the same name. */
final class ElementwiseOps {
  private static final Set<Op> UNARY =
      EnumSet.of(
          Op.NEG,
          Op.EXP,
          Op.LOG,
          Op.SQRT,
          Op.POW,
          Op.ABS,
          Op.SIGN,
          Op.CLAMP,
          Op.RELU,
          Op.LEAKY_RELU,
          Op.ELU,
          Op.SIGMOID,
          Op.TANH,
          Op.SOFTPLUS,
          Op.SWISH,
          Op.MISH,
          Op.GELU,
          Op.GELU_SLOPE,
          Op.STEP);
  private static final Set<Op> ARITHMETIC =
      EnumSet.of(Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.MAX, Op.MIN, Op.GREATER);
  private static final Set<Op> GRADIENTS =
      EnumSet.of(
          Op.RELU_GRAD,
          Op.LEAKY_RELU_GRAD,
          Op.ELU_GRAD,
          Op.SIGMOID_GRAD,
          Op.TANH_GRAD,
          Op.SWISH_GRAD,
          Op.MISH_GRAD);

  /** The attribute that is the constant p of a kernel. */
  private static final Map<Op, String> CONSTANTS =
      new EnumMap<>(
          Map.of(
              Op.POW, "exponent",
              Op.CLAMP, "min",
              Op.LEAKY_RELU, "alpha",
              Op.LEAKY_RELU_GRAD, "alpha",
              Op.ELU, "alpha",
              Op.ELU_GRAD, "alpha",
              Op.SWISH, "beta",
              Op.SWISH_GRAD, "beta"));

  private ElementwiseOps() {}

  static boolean isUnary(Op op) {
    return UNARY.contains(op);
  }

  /** Two operands that broadcast. */
  static boolean isArithmetic(Op op) {
    return ARITHMETIC.contains(op);
  }

  /** dy and a saved tensor of one shape. */
  static boolean isGradient(Op op) {
    return GRADIENTS.contains(op);
  }

  static UnaryOp unary(Op op) {
    return UnaryOp.valueOf(op.name());
  }

  static BinaryOp binary(Op op) {
    return BinaryOp.valueOf(op.name());
  }

  static float p(Op op, Attributes attributes) {
    String name = CONSTANTS.get(op);
    return name == null ? 0 : (float) attributes.number(name);
  }

  static float q(Op op, Attributes attributes) {
    return op == Op.CLAMP ? (float) attributes.number("max") : 0;
  }
}
