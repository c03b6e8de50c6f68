package dev.bellows.jobs.config;

import java.io.Serializable;

/**
 * The update rule with every constant; constants of other rules hold their defaults.
 *
 * @param kind rule
 * @param learningRate step size before the schedule
 * @param momentum decay of the velocity (sgd); 0: plain
 * @param nesterov look-ahead form of momentum (sgd)
 * @param rho decay of squared gradients (rmsprop, adadelta)
 * @param beta1 decay of the first moment (adam, adamw)
 * @param beta2 decay of the second moment (adam, adamw)
 * @param epsilon added to the denominator
 * @param weightDecay decoupled weight decay, per unit of rate
 */
public record OptimizerConfig(
    Kind kind,
    double learningRate,
    double momentum,
    boolean nesterov,
    double rho,
    double beta1,
    double beta2,
    double epsilon,
    double weightDecay)
    implements Serializable {

  /** Update rules. */
  public enum Kind {
    SGD,
    RMSPROP,
    ADADELTA,
    ADAM,
    ADAMW,
    ADAGRAD
  }
}
