package dev.bellows.engine.nn;

import java.util.Locale;

/** Losses on raw scores; formulas in {@link dev.bellows.engine.graph.Op}. */
public enum LossKind {
  /** One class of K; labels int [N]. */
  SOFTMAX_CROSS_ENTROPY,
  /** K independent yes/no outputs; target [N, K] in [0, 1]. */
  SIGMOID_CROSS_ENTROPY,
  /** Squared error; target [N, K]. */
  MSE,
  /** Absolute error; target [N, K]. */
  MAE,
  /** Squared near 0, linear beyond {@code huberDelta} (P. Huber, 1964); target [N, K]. */
  HUBER,
  /** Margin loss of one raw score; target [N, 1] in {0, 1}. */
  HINGE;

  /** The name in files, for example {@code mse}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether the truth is {@code labels} int [N]; else it is {@code target} float [N, K]. */
  public boolean usesLabels() {
    return this == SOFTMAX_CROSS_ENTROPY;
  }

  /** Whether the task is a classification. */
  public boolean classifies() {
    return this == SOFTMAX_CROSS_ENTROPY || this == SIGMOID_CROSS_ENTROPY || this == HINGE;
  }
}
