package dev.bellows.engine.nn.loss;

import dev.bellows.engine.nn.layer.Option;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Cross-entropies, squared, absolute and Huber's error, and the hinge. */
public final class CoreLosses {
  /** One class of K. */
  public static final LossType SOFTMAX_CROSS_ENTROPY =
      LossType.named("-log of the softmax of the true class.", LossType.Truth.LABELS)
          .option(smoothing())
          .option(classWeights())
          .classifies(LossType.Prediction.SOFTMAX)
          .check(
              (outputs, options) ->
                  outputs < 2
                      ? "loss softmax_cross_entropy needs 2 or more outputs (one per class), the"
                          + " network has "
                          + outputs
                          + ": for one output use sigmoid_cross_entropy"
                      : weights("softmax_cross_entropy", options, outputs))
          .body(
              c ->
                  c.named()
                      .softmaxCrossEntropy(
                          c.output(), c.truth(), c.weights(), c.number("label_smoothing")));

  /** K independent yes/no outputs. */
  public static final LossType SIGMOID_CROSS_ENTROPY =
      LossType.named("Binary cross-entropy on raw outputs.", LossType.Truth.TARGET)
          .option(smoothing())
          .option(classWeights())
          .classifies(LossType.Prediction.SIGMOID)
          .check(
              (outputs, options) ->
                  options.containsKey("class_weights") && outputs != 1
                      ? "loss.class_weights with sigmoid_cross_entropy needs 1 output, the network"
                          + " has "
                          + outputs
                      : weights("sigmoid_cross_entropy", options, 2))
          .body(
              c ->
                  c.named()
                      .sigmoidCrossEntropy(
                          c.output(), c.truth(), c.weights(), c.number("label_smoothing")));

  /** Squared error. */
  public static final LossType MSE =
      LossType.named("Mean squared error.", LossType.Truth.TARGET)
          .body(c -> c.named().mse(c.output(), c.truth(), c.weights()));

  /** Absolute error. */
  public static final LossType MAE =
      LossType.named("Mean absolute error.", LossType.Truth.TARGET)
          .body(c -> c.named().mae(c.output(), c.truth(), c.weights()));

  /** Squared near 0, linear beyond huber_delta (P. Huber, 1964). */
  public static final LossType HUBER =
      LossType.named("Square near 0, line beyond delta (Huber, 1964).", LossType.Truth.TARGET)
          .option(
              Option.real("huber_delta", "Where the square turns into a line.")
                  .in(Option.Range.POSITIVE)
                  .or(1))
          .body(c -> c.named().huber(c.output(), c.truth(), c.weights(), c.number("huber_delta")));

  /** Margin loss of one raw score. */
  public static final LossType HINGE =
      LossType.named("max(0, 1 - y s), y = -1 or +1.", LossType.Truth.TARGET)
          .option(classWeights())
          .classifies(LossType.Prediction.SCORES)
          .check(
              (outputs, options) ->
                  outputs != 1
                      ? "loss hinge needs 1 output, the network has "
                          + outputs
                          + ": for more classes use softmax_cross_entropy"
                      : weights("hinge", options, 2))
          .body(c -> c.named().hinge(c.output(), c.truth(), c.weights()));

  private CoreLosses() {}

  private static Option smoothing() {
    return Option.share("label_smoothing", "Share of the target spread over all classes.").or(0);
  }

  static Option classWeights() {
    return Option.reals("class_weights", "Factor on the weight of a row by its class.")
        .in(Option.Range.NOT_NEGATIVE)
        .optional();
  }

  static @Nullable String weights(String loss, Map<String, Object> options, int expected) {
    return options.get("class_weights") instanceof List<?> list && list.size() != expected
        ? "loss.class_weights of " + loss + " must hold " + expected + " values, got " + list.size()
        : null;
  }
}
