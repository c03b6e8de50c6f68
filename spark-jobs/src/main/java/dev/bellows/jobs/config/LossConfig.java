package dev.bellows.jobs.config;

import java.io.Serializable;
import java.util.List;

/**
 * What is minimised.
 *
 * @param kind loss; AUTO: softmax cross-entropy for classes, sigmoid cross-entropy for one output
 *     unit of two classes, mse for numbers
 * @param labelSmoothing share of the target spread over all classes, in [0, 1)
 * @param balanced class weights n / (classes * n_class)
 * @param classWeights one weight per class; empty: all 1
 * @param huberDelta where Huber turns from square to line
 */
public record LossConfig(
    Kind kind,
    double labelSmoothing,
    boolean balanced,
    List<Double> classWeights,
    double huberDelta)
    implements Serializable {

  /** Losses. */
  public enum Kind {
    AUTO,
    SOFTMAX_CROSS_ENTROPY,
    SIGMOID_CROSS_ENTROPY,
    MSE,
    MAE,
    HUBER,
    HINGE
  }
}
