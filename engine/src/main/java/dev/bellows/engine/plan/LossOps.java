package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Attributes;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.kernel.LossOp;
import dev.bellows.engine.kernel.MetricOp;

/** Which kernel computes which loss or metric op. */
final class LossOps {
  private LossOps() {}

  static boolean isLoss(Op op) {
    return switch (op) {
      case SOFTMAX_CROSS_ENTROPY, SIGMOID_CROSS_ENTROPY, MSE, MAE, HUBER, HINGE -> true;
      default -> false;
    };
  }

  static boolean isGradient(Op op) {
    return switch (op) {
      case SOFTMAX_CROSS_ENTROPY_GRAD,
          SIGMOID_CROSS_ENTROPY_GRAD,
          MSE_GRAD,
          MAE_GRAD,
          HUBER_GRAD,
          HINGE_GRAD ->
          true;
      default -> false;
    };
  }

  /**
   * Whether the op's value is a sum that its kernel also gives as a double, 8 bytes after the
   * float.
   */
  static boolean isScalarSum(Op op) {
    return isLoss(op)
        || op == Op.METRIC_CORRECT
        || op == Op.METRIC_CORRECT_BINARY
        || op == Op.METRIC_ABSOLUTE_ERROR;
  }

  /** The loss that a gradient op belongs to. */
  static Op lossOf(Op gradient) {
    return Op.valueOf(gradient.name().substring(0, gradient.name().length() - "_GRAD".length()));
  }

  static LossOp kernel(Op loss) {
    return LossOp.valueOf(loss.name());
  }

  static float constant(LossOp op, Attributes attributes) {
    return switch (op) {
      case SOFTMAX_CROSS_ENTROPY, SIGMOID_CROSS_ENTROPY -> (float) attributes.number("smoothing");
      case HUBER -> (float) attributes.number("delta");
      default -> 0;
    };
  }

  static MetricOp metric(Op op) {
    return MetricOp.valueOf(op.name().substring("METRIC_".length()));
  }
}
