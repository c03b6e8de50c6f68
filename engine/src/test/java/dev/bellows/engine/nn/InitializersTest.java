package dev.bellows.engine.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Catalogue rows TRN-25 to TRN-28: the formulas. Their effect on ten layers is in
 * CatalogueTrainingTest.
 */
final class InitializersTest {
  private static float[] weight(Initializer init, int fanIn, int fanOut) {
    NetworkSpec spec =
        new NetworkSpec(
            InputSpec.numeric(fanIn),
            List.of(LayerSpec.dense(fanOut, Activation.LINEAR, init)),
            LossSpec.of(LossKind.MSE),
            fanOut);
    return Arrays.copyOf(Initializers.init(Network.layout(spec), 5), fanIn * fanOut);
  }

  private static double mean(float[] x) {
    double sum = 0;
    for (float v : x) {
      sum += v;
    }
    return sum / x.length;
  }

  private static double deviation(float[] x) {
    double sum = 0;
    double mean = mean(x);
    for (float v : x) {
      sum += (v - mean) * (v - mean);
    }
    return Math.sqrt(sum / x.length);
  }

  @Test
  @DisplayName(
      "TRN-25 zero, TRN-26 small random, TRN-27 Xavier and Glorot, TRN-28 He: moments of 128,000 draws")
  void moments() {
    assertThat(weight(Initializer.ZERO, 400, 320)).containsOnly(0);
    assertThat(weight(Initializer.ONE, 4, 3)).containsOnly(1);
    // 128,000 draws: the deviation's own standard error is 0.2 %, the mean's 0.28 % of a deviation;
    // 1.5 % is over 5 of them.
    double[][] normal = {
      {Initializer.SMALL_RANDOM.ordinal(), 0.01},
      {Initializer.XAVIER.ordinal(), Math.sqrt(1 / 400.0)},
      {Initializer.HE.ordinal(), Math.sqrt(2 / 400.0)}
    };
    for (double[] expected : normal) {
      float[] w = weight(Initializer.values()[(int) expected[0]], 400, 320);
      assertThat(deviation(w)).isCloseTo(expected[1], within(0.015 * expected[1]));
      assertThat(mean(w)).isCloseTo(0, within(0.015 * expected[1]));
    }
    float[] glorot = weight(Initializer.GLOROT, 400, 320);
    double limit = Math.sqrt(6 / 720.0);
    assertThat(deviation(glorot))
        .isCloseTo(Math.sqrt(2 / 720.0), within(0.015 * Math.sqrt(2 / 720.0)));
    for (float v : glorot) {
      assertThat(Math.abs(v)).isLessThanOrEqualTo((float) limit);
    }
  }

  @Test
  void valuesDependOnSeedAndNameOnly() {
    List<LayerSpec> layers =
        new ArrayList<>(
            List.of(LayerSpec.dense(7, Activation.RELU), LayerSpec.dense(2, Activation.LINEAR)));
    NetworkSpec small = new NetworkSpec(InputSpec.numeric(3), layers, LossSpec.of(LossKind.MSE), 2);
    layers.add(1, LayerSpec.dense(5, Activation.RELU));
    NetworkSpec large = new NetworkSpec(InputSpec.numeric(3), layers, LossSpec.of(LossKind.MSE), 2);
    float[] first = Initializers.init(Network.layout(small), 1);
    assertThat(Initializers.init(Network.layout(small), 1)).containsExactly(first);
    assertThat(Initializers.init(Network.layout(small), 2)).isNotEqualTo(first);
    assertThat(Arrays.copyOf(Initializers.init(Network.layout(large), 1), 21))
        .containsExactly(Arrays.copyOf(first, 21));
    assertThat(Arrays.copyOfRange(first, 28, 35))
        .as("segments have their own streams")
        .isNotEqualTo(Arrays.copyOf(first, 7));
  }
}
