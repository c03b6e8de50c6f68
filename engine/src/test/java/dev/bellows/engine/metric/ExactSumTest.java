package dev.bellows.engine.metric;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ExactSumTest {
  @Test
  void equals_the_sum_in_arbitrary_precision_for_values_of_all_sizes() {
    for (long seed = 0; seed < 200; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      ExactSum sum = new ExactSum();
      BigDecimal exact = BigDecimal.ZERO;
      for (int i = 0; i < 200; i++) {
        double x = value(random);
        sum.add(x);
        exact = exact.add(new BigDecimal(x));
      }
      assertThat(sum.exact().compareTo(exact)).as("seed %d", seed).isZero();
      assertThat(sum.value()).as("seed %d", seed).isEqualTo(exact.doubleValue());
    }
  }

  // Any finite double pattern, so that cancellation, subnormals and the largest values all occur.
  private static double value(SplittableRandom random) {
    double x = Double.longBitsToDouble(random.nextLong());
    if (Double.isFinite(x) && Math.abs(x) < 1e300) {
      return x;
    }
    return (random.nextDouble() - 0.5) * Math.scalb(1.0, random.nextInt(200) - 100);
  }

  @Test
  void order_and_grouping_do_not_matter() {
    SplittableRandom random = new SplittableRandom(3);
    double[] values = random.doubles(10_000, -1, 1).map(v -> v * v * v * 1e10).toArray();
    ExactSum whole = new ExactSum();
    for (double v : values) {
      whole.add(v);
    }
    ExactSum merged = new ExactSum();
    for (int part = 0; part < 7; part++) {
      ExactSum some = new ExactSum();
      for (int i = values.length - 1 - part; i >= 0; i -= 7) {
        some.add(values[i]);
      }
      some.merge(new ExactSum());
      merged.merge(some);
    }
    assertThat(merged).isEqualTo(whole);
    assertThat(merged.hashCode()).isEqualTo(whole.hashCode());
  }

  @Test
  void cancellation_leaves_the_small_part() {
    ExactSum sum = new ExactSum();
    for (double v : new double[] {1e300, 1, Double.MIN_VALUE, -1e300, -1}) {
      sum.add(v);
    }
    assertThat(sum.value()).isEqualTo(Double.MIN_VALUE);
  }

  @Test
  void extremes() {
    ExactSum sum = new ExactSum();
    sum.add(Double.MAX_VALUE);
    sum.add(Double.MAX_VALUE);
    assertThat(sum.value()).isEqualTo(Double.POSITIVE_INFINITY);
    sum.add(-Double.MAX_VALUE);
    assertThat(sum.value()).isEqualTo(Double.MAX_VALUE);
    assertThat(new ExactSum().value()).isZero();
  }

  @Test
  void products_are_exact() {
    ExactSum sum = new ExactSum();
    sum.addProduct(1 + 0x1.0p-30, 1 + 0x1.0p-40);
    sum.addProduct(-1, 1);
    assertThat(sum.exact())
        .isEqualByComparingTo(
            new BigDecimal(0x1.0p-30)
                .add(new BigDecimal(0x1.0p-40))
                .add(new BigDecimal(0x1.0p-70)));
  }

  @Test
  void infinities_and_nan_are_kept_apart_from_the_sum() {
    ExactSum sum = new ExactSum();
    sum.add(Double.POSITIVE_INFINITY);
    assertThat(sum.value()).isEqualTo(Double.POSITIVE_INFINITY);
    ExactSum other = new ExactSum();
    other.add(Double.NEGATIVE_INFINITY);
    sum.merge(other);
    assertThat(sum.value()).isNaN();
    assertThat(sum.finite()).isFalse();
  }
}
