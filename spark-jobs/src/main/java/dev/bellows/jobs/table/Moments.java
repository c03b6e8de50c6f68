package dev.bellows.jobs.table;

import dev.bellows.engine.metric.ExactSum;
import java.math.BigDecimal;
import java.math.MathContext;

/**
 * Mean and population standard deviation from exact sums: no cancellation, one rounding each.
 *
 * @param mean NaN without numbers
 * @param std NaN without numbers
 */
record Moments(double mean, double std) {
  private static final MathContext DIGITS = new MathContext(60);

  static Moments of(ExactSum sum, ExactSum squares, long n) {
    if (n == 0) {
      return new Moments(Double.NaN, Double.NaN);
    }
    BigDecimal count = BigDecimal.valueOf(n);
    BigDecimal total = sum.exact();
    BigDecimal mean = total.divide(count, DIGITS);
    // n * sum(x^2) - sum(x)^2 is exact, so that it is exactly 0 for a constant.
    BigDecimal spread = squares.exact().multiply(count).subtract(total.multiply(total));
    if (spread.signum() <= 0) {
      return new Moments(mean.doubleValue(), 0);
    }
    BigDecimal variance = spread.divide(count.multiply(count), DIGITS);
    return new Moments(mean.doubleValue(), variance.sqrt(DIGITS).doubleValue());
  }
}
