package dev.bellows.engine.optim;

/**
 * The formulas of {@link OptimizerSpec} in double, one element at a time: the oracle for {@link
 * UpdateRule}.
 */
final class ReferenceUpdate {
  private final OptimizerSpec o;
  private final double l1;
  private final double l2;
  private final double[] first;
  private final double[] second;
  private long t;

  ReferenceUpdate(OptimizerSpec o, double l1, double l2, int length) {
    this.o = o;
    this.l1 = l1;
    this.l2 = l2;
    this.first = new double[length];
    this.second = new double[length];
  }

  /** One update of all elements with mean gradients g. */
  void step(double[] w, double[] g, double eta) {
    t++;
    for (int i = 0; i < w.length; i++) {
      double gradient = g[i] + l2 * w[i];
      w[i] *= 1 - eta * o.weightDecay();
      w[i] -= delta(i, gradient, eta);
      w[i] = Math.signum(w[i]) * Math.max(Math.abs(w[i]) - eta * l1, 0);
    }
  }

  private double delta(int i, double g, double eta) {
    switch (o.kind()) {
      case SGD:
        return eta * g;
      case MOMENTUM:
        first[i] = o.momentum() * first[i] + eta * g;
        return first[i];
      case NESTEROV:
        first[i] = o.momentum() * first[i] + eta * g;
        return o.momentum() * first[i] + eta * g;
      case RMSPROP:
        first[i] = o.rho() * first[i] + (1 - o.rho()) * g * g;
        return eta * g / (Math.sqrt(first[i]) + o.epsilon());
      case ADADELTA:
        first[i] = o.rho() * first[i] + (1 - o.rho()) * g * g;
        double d = Math.sqrt(second[i] + o.epsilon()) / Math.sqrt(first[i] + o.epsilon()) * g;
        second[i] = o.rho() * second[i] + (1 - o.rho()) * d * d;
        return eta * d;
      case ADAGRAD:
        first[i] += g * g;
        return eta * g / (Math.sqrt(first[i]) + o.epsilon());
      default:
        first[i] = o.beta1() * first[i] + (1 - o.beta1()) * g;
        second[i] = o.beta2() * second[i] + (1 - o.beta2()) * g * g;
        double m = first[i] / (1 - Math.pow(o.beta1(), t));
        double v = second[i] / (1 - Math.pow(o.beta2(), t));
        return eta * m / (Math.sqrt(v) + o.epsilon());
    }
  }
}
