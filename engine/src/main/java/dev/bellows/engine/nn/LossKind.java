package dev.bellows.engine.nn;

import dev.bellows.engine.nn.loss.CoreLosses;
import dev.bellows.engine.nn.loss.LossType;
import java.util.Locale;

/** The closed set of losses, on raw scores; formulas in {@link dev.bellows.engine.graph.Op}. */
@SuppressWarnings(
    "ImmutableEnumChecker") // A definition has no way to change; its lambdas can't say so.
public enum LossKind {
  /** One class of K; labels int [N]. */
  SOFTMAX_CROSS_ENTROPY(CoreLosses.SOFTMAX_CROSS_ENTROPY),
  /** K independent yes/no outputs; target [N, K] in [0, 1]. */
  SIGMOID_CROSS_ENTROPY(CoreLosses.SIGMOID_CROSS_ENTROPY),
  /** Squared error; target [N, K]. */
  MSE(CoreLosses.MSE),
  /** Absolute error; target [N, K]. */
  MAE(CoreLosses.MAE),
  /** Squared near 0, linear beyond {@code huber_delta} (P. Huber, 1964); target [N, K]. */
  HUBER(CoreLosses.HUBER),
  /** Margin loss of one raw score; target [N, 1] in {0, 1}. */
  HINGE(CoreLosses.HINGE);

  private final LossType type;

  LossKind(LossType type) {
    this.type = type;
  }

  /** The loss's definition. */
  public LossType type() {
    return type;
  }

  /** The name in files, for example {@code mse}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether the truth is {@code labels} int [N]; else it is {@code target} float [N, K]. */
  public boolean usesLabels() {
    return type.truth() == LossType.Truth.LABELS;
  }

  /** Whether the task is a classification. */
  public boolean classifies() {
    return type.classifies();
  }
}
