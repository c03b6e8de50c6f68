package dev.bellows.engine.sample;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PhiloxTest {
  // Known answers of Random123 1.14 (kat_vectors, "philox4x32 10").
  @Test
  void gives_the_known_answers_of_random123() {
    assertThat(block(0, 0, 0)).containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
    assertThat(block(-1, -1, -1)).containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
    assertThat(block(0x299f31d0a4093822L, 0x85a308d3243f6a88L, 0x0370734413198a2eL))
        .containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
  }

  private static int[] block(long key, long low, long high) {
    int[] out = new int[4];
    Philox.block(key, low, high, out, 0);
    return out;
  }

  @Test
  void fills_equal_single_draws_from_any_start() {
    for (long from : new long[] {0, 1, 2, 3, 5, 1023, (1L << 34) - 1}) {
      float[] uniform = new float[37];
      float[] normal = new float[37];
      Philox.fillUniform(42, from, uniform, 2, 35);
      Philox.fillNormal(42, from, normal, 2, 35);
      for (int i = 0; i < 35; i++) {
        assertThat(uniform[i + 2]).isEqualTo(Philox.uniform(42, from + i));
        assertThat(normal[i + 2]).isEqualTo(Philox.normal(42, from + i));
      }
      assertThat(uniform[0]).isZero();
    }
  }

  @Test
  void uniform_values_are_uniform() {
    int n = 1 << 18;
    float[] values = new float[n];
    Philox.fillUniform(Mix64.mix(7, Purpose.DROPOUT), 0, values, 0, n);
    int bins = 64;
    int[] counts = new int[bins];
    for (float v : values) {
      assertThat(v).isBetween(0f, Math.nextDown(1f));
      counts[(int) (v * bins)]++;
    }
    // Chi-square with 63 degrees of freedom: mean 63, sd 11.2; 120 is five sd above.
    double expected = (double) n / bins;
    double chi =
        Arrays.stream(counts).mapToDouble(c -> (c - expected) * (c - expected) / expected).sum();
    assertThat(chi).isBetween(20.0, 120.0);
  }

  @Test
  void normal_values_have_the_moments_of_a_normal() {
    int n = 1 << 18;
    float[] values = new float[n];
    Philox.fillNormal(Mix64.mix(7, Purpose.INIT), 0, values, 0, n);
    double mean = 0;
    double square = 0;
    double fourth = 0;
    double lag = 0;
    for (int i = 0; i < n; i++) {
      double v = values[i];
      mean += v / n;
      square += v * v / n;
      fourth += v * v * v * v / n;
      lag += i == 0 ? 0 : v * values[i - 1] / n;
    }
    // sd of the estimates: 0.002, 0.0028, 0.019, 0.002
    assertThat(mean).isBetween(-0.01, 0.01);
    assertThat(square).isBetween(0.985, 1.015);
    assertThat(fourth).isBetween(2.9, 3.1);
    assertThat(lag).isBetween(-0.01, 0.01);
  }

  @Test
  void streams_of_different_purposes_seeds_and_keys_are_uncorrelated() {
    int n = 1 << 16;
    float[] base = new float[n];
    Philox.fillUniform(Mix64.mix(1, Purpose.INIT, 0), 0, base, 0, n);
    long[] others = {
      Mix64.mix(1, Purpose.DROPOUT, 0), Mix64.mix(2, Purpose.INIT, 0), Mix64.mix(1, Purpose.INIT, 1)
    };
    for (long key : others) {
      float[] other = new float[n];
      Philox.fillUniform(key, 0, other, 0, n);
      double covariance = 0;
      for (int i = 0; i < n; i++) {
        covariance += (base[i] - 0.5) * (other[i] - 0.5) / n;
      }
      // sd of the correlation 1/sqrt(n) = 0.004; variance of a uniform 1/12
      assertThat(covariance * 12).isBetween(-0.02, 0.02);
    }
  }
}
