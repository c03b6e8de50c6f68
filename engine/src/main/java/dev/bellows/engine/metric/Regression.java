package dev.bellows.engine.metric;

import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.math.BigDecimal;
import java.math.MathContext;

/** Exact sums for one regression output: errors, and the target's first two moments. */
final class Regression {
  private static final MathContext DIGITS = new MathContext(60);

  private ExactSum weights = new ExactSum();
  private ExactSum absolute = new ExactSum();
  private ExactSum squared = new ExactSum();
  private ExactSum target = new ExactSum();
  private ExactSum targetSquared = new ExactSum();

  void add(float predicted, float actual, float weight) {
    double error = (double) actual - predicted;
    weights.add(weight);
    absolute.add(Math.abs(error) * weight);
    squared.add(error * error * weight);
    target.add((double) actual * weight);
    targetSquared.addProduct((double) actual * actual, weight);
  }

  void merge(Regression other) {
    weights.merge(other.weights);
    absolute.merge(other.absolute);
    squared.merge(other.squared);
    target.merge(other.target);
    targetSquared.merge(other.targetSquared);
  }

  double meanAbsolute() {
    return absolute.value() / weights.value();
  }

  double meanSquared() {
    return squared.value() / weights.value();
  }

  /**
   * 1 - residual / total sum of squares; NaN when the target is constant or a value is not finite.
   */
  double determination() {
    if (!targetSquared.finite() || !squared.finite() || weights.value() == 0) {
      return Double.NaN;
    }
    BigDecimal sum = target.exact();
    BigDecimal total =
        targetSquared.exact().subtract(sum.multiply(sum).divide(weights.exact(), DIGITS), DIGITS);
    // The division leaves about 1e-58 of the square sum; a real spread of float32 targets is far
    // above it.
    BigDecimal noise = targetSquared.exact().multiply(new BigDecimal("1e-50"));
    if (total.compareTo(noise) <= 0) {
      return Double.NaN;
    }
    return BigDecimal.ONE.subtract(squared.exact().divide(total, DIGITS)).doubleValue();
  }

  void write(ObjectOutput out) throws IOException {
    weights.write(out);
    absolute.write(out);
    squared.write(out);
    target.write(out);
    targetSquared.write(out);
  }

  void read(ObjectInput in) throws IOException {
    weights = ExactSum.read(in);
    absolute = ExactSum.read(in);
    squared = ExactSum.read(in);
    target = ExactSum.read(in);
    targetSquared = ExactSum.read(in);
  }
}
