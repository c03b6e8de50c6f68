package dev.bellows.engine.optim;

/**
 * An update rule and its constants. With g the mean gradient of the batch, eta the rate of the
 * step, t = 1, 2, ... the number of the update:
 *
 * <pre>
 * SGD       w -= eta g
 * MOMENTUM  m = momentum m + eta g;  w -= m                        B. T. Polyak 1964; m holds the rate
 * NESTEROV  m = momentum m + eta g;  w -= momentum m + eta g       I. Sutskever et al., ICML 2013
 * RMSPROP   v = rho v + (1-rho) g^2;  w -= eta g / (sqrt v + eps)  T. Tieleman, G. Hinton 2012
 * ADADELTA  v = rho v + (1-rho) g^2;  d = sqrt(u + eps) / sqrt(v + eps) g;
 *           u = rho u + (1-rho) d^2;  w -= eta d                   M. D. Zeiler, arXiv 1212.5701 (eta = 1 in the paper)
 * ADAM      m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2;
 *           w -= eta (m / (1-b1^t)) / (sqrt(v / (1-b2^t)) + eps)   D. P. Kingma, J. Ba, ICLR 2015
 * ADAMW     w -= eta weightDecay w, then ADAM                      I. Loshchilov, F. Hutter, ICLR 2019
 * ADAGRAD   v = v + g^2;  w -= eta g / (sqrt v + eps)              J. Duchi, E. Hazan, Y. Singer, JMLR 2011
 * </pre>
 *
 * <p>{@code weightDecay} is decoupled for every kind: w is first multiplied by (1 - eta
 * weightDecay). A penalty that enters the gradient instead is {@link UpdateSpec#l2()}; for SGD the
 * two are equal, for the adaptive rules they are not.
 *
 * <p>MOMENTUM and NESTEROV keep the rate inside m, as in the papers; under a changing rate this
 * differs from frameworks that multiply m by the rate of the current step.
 *
 * @param learningRate base rate before the schedule, unit-free, above 0
 * @param momentum in [0, 1), used by MOMENTUM and NESTEROV
 * @param beta1 in [0, 1), ADAM and ADAMW
 * @param beta2 in [0, 1), ADAM and ADAMW
 * @param rho in [0, 1), RMSPROP and ADADELTA
 * @param epsilon above 0
 * @param weightDecay 0 or more, per unit of rate
 */
public record OptimizerSpec(
    Kind kind,
    double learningRate,
    double momentum,
    double beta1,
    double beta2,
    double rho,
    double epsilon,
    double weightDecay) {

  /** The update rules; the ordinal is never used, {@link #id()} is on the wire. */
  public enum Kind {
    SGD(0, 0),
    MOMENTUM(1, 1),
    NESTEROV(2, 1),
    RMSPROP(3, 1),
    ADADELTA(4, 2),
    ADAM(5, 2),
    ADAMW(6, 2),
    ADAGRAD(7, 1);

    private final int id;
    private final int slots;

    Kind(int id, int slots) {
      this.id = id;
      this.slots = slots;
    }

    /** Stable number of the binary encoding. */
    public int id() {
      return id;
    }

    /** State values per parameter. */
    public int slots() {
      return slots;
    }

    static Kind ofId(int id) {
      for (Kind kind : values()) {
        if (kind.id == id) {
          return kind;
        }
      }
      throw new IllegalArgumentException("update rule: expected an id of 0..7, found " + id);
    }
  }

  /** Checks every range. */
  public OptimizerSpec {
    Checks.positive("learning_rate", learningRate);
    Checks.fraction("momentum", momentum);
    Checks.fraction("beta1", beta1);
    Checks.fraction("beta2", beta2);
    Checks.fraction("rho", rho);
    Checks.positive("epsilon", epsilon);
    Checks.nonNegative("weight_decay", weightDecay);
  }

  /** A rule with the constants of its paper and no weight decay (ADAMW: 0.01). */
  public static OptimizerSpec of(Kind kind, double learningRate) {
    double epsilon =
        switch (kind) {
          case ADADELTA -> 1e-6;
          case ADAGRAD -> 1e-10;
          default -> 1e-8;
        };
    return new OptimizerSpec(
        kind, learningRate, 0.9, 0.9, 0.999, 0.9, epsilon, kind == Kind.ADAMW ? 0.01 : 0.0);
  }

  /** The same with another rate. */
  public OptimizerSpec withLearningRate(double value) {
    return new OptimizerSpec(kind, value, momentum, beta1, beta2, rho, epsilon, weightDecay);
  }

  /** The same with another momentum. */
  public OptimizerSpec withMomentum(double value) {
    return new OptimizerSpec(kind, learningRate, value, beta1, beta2, rho, epsilon, weightDecay);
  }

  /** The same with other decay rates of the two moments. */
  public OptimizerSpec withBetas(double first, double second) {
    return new OptimizerSpec(
        kind, learningRate, momentum, first, second, rho, epsilon, weightDecay);
  }

  /** The same with another decay rate of the squared gradients. */
  public OptimizerSpec withRho(double value) {
    return new OptimizerSpec(
        kind, learningRate, momentum, beta1, beta2, value, epsilon, weightDecay);
  }

  /** The same with another epsilon. */
  public OptimizerSpec withEpsilon(double value) {
    return new OptimizerSpec(kind, learningRate, momentum, beta1, beta2, rho, value, weightDecay);
  }

  /** The same with another decoupled weight decay. */
  public OptimizerSpec withWeightDecay(double value) {
    return new OptimizerSpec(kind, learningRate, momentum, beta1, beta2, rho, epsilon, value);
  }
}
