package dev.bellows.engine.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.sample.Distribution;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What layers of random numbers and of bent gradients promise. */
final class NoiseLayersTest {
  private static NetworkRun run(InputSpec input, int rows, int outputs, LayerSpec... layers) {
    LossSpec loss = LossSpec.of(LossKind.MSE);
    NetworkSpec spec = new NetworkSpec(input, List.of(layers), loss, outputs);
    float[] flat = Initializers.init(Network.layout(spec), 3);
    return new NetworkRun(spec, rows, Mode.TRAIN, flat).target(new double[rows * outputs]);
  }

  private static LayerSpec layer(String type, Object... options) {
    Map<String, Object> map = new java.util.LinkedHashMap<>();
    for (int i = 0; i < options.length; i += 2) {
      map.put((String) options[i], options[i + 1]);
    }
    return LayerSpec.of(type, map);
  }

  private static double[] column(double value, int n) {
    double[] values = new double[n];
    Arrays.fill(values, value);
    return values;
  }

  /** Mean, variance and lag-one correlation of 40,000 draws; the bounds are 5 standard errors. */
  @Test
  void drawsHaveTheirMoments() {
    double[][] expected = {{0.5, 1 / 12.0}, {0, 1}, {0.5772156649, Math.PI * Math.PI / 6}};
    int n = 40_000;
    for (Distribution each : Distribution.values()) {
      double sum = 0;
      double squares = 0;
      double products = 0;
      double last = 0;
      for (int i = 0; i < n; i++) {
        double x = each.draw(12345, i) - expected[each.code()][0];
        sum += x;
        squares += x * x;
        products += x * last;
        last = x;
      }
      double variance = expected[each.code()][1];
      double error = 5 * Math.sqrt(variance / n);
      assertThat(sum / n).as("mean %s", each).isCloseTo(0, within(error));
      // Kurtosis of the Gumbel distribution, 5.4, is the largest of the three.
      assertThat(squares / n / variance).as("variance %s", each).isCloseTo(1, within(0.055));
      assertThat(products / n / variance).as("correlation %s", each).isCloseTo(0, within(0.025));
    }
  }

  @Test
  @DisplayName(
      "REG-05 LAY-31 DropConnect: a fresh mask per example, mean over masks = the weights within 1 %")
  void reg05DropConnect() {
    int rows = 400;
    NetworkRun run = run(InputSpec.numeric(6), rows, 2, layer("drop_connect", "units", 2));
    double[] one = {0.5, -1, 2, 0.3, 1, -0.7};
    double[] x = new double[6 * rows];
    for (int i = 0; i < x.length; i++) {
      x[i] = one[i % 6];
    }
    run.numeric(x);
    double[] mean = new double[2];
    int steps = 300;
    for (int step = 0; step < steps; step++) {
      run.run.dropout(7, step, 0);
      double[] y = run.output();
      // 64 masks of one output; 400 rows miss more than 20 of them with a chance below 1e-9.
      assertThat(IntStream.range(0, rows).mapToDouble(n -> y[2 * n]).distinct().count())
          .as("rows have masks of their own")
          .isGreaterThan(44);
      for (int i = 0; i < y.length; i++) {
        mean[i % 2] += y[i] / (rows * steps);
      }
    }
    NetworkRun whole =
        new NetworkRun(
            new NetworkSpec(
                InputSpec.numeric(6),
                List.of(layer("drop_connect", "units", 2)),
                LossSpec.of(LossKind.MSE),
                2),
            1,
            Mode.EVALUATE,
            Initializers.init(run.net.layout(), 3));
    double[] expected = whole.numeric(one).output();
    for (int j = 0; j < 2; j++) {
      assertThat(mean[j]).isCloseTo(expected[j], within(0.01 * Math.abs(expected[j])));
    }
  }

  @Test
  void spatialDropoutTakesWholeChannels() {
    int channels = 40;
    NetworkRun run =
        run(InputSpec.shaped("image", 2, 3, channels), 5, 6 * channels, layer("spatial_dropout"));
    run.numeric(column(1, 5 * 6 * channels));
    double[] y = run.output();
    int dropped = 0;
    for (int n = 0; n < 5; n++) {
      for (int c = 0; c < channels; c++) {
        double first = y[n * 6 * channels + c];
        assertThat(first).isIn(0.0, 2.0);
        dropped += first == 0 ? 1 : 0;
        for (int p = 1; p < 6; p++) {
          assertThat(y[(n * 6 + p) * channels + c]).isEqualTo(first);
        }
      }
    }
    assertThat(dropped).isBetween(75, 125); // of 200; 3.5 standard deviations
  }

  @Test
  @DisplayName("REG-10 the deviation of injected noise follows its schedule, kept as a state")
  void reg10NoiseSchedule() {
    int n = 2000;
    LayerSpec noise = layer("gaussian_noise", "sigma", 2, "sigma_end", 0.5, "steps", 4);
    NetworkRun run = run(InputSpec.numeric(1), n, 1, noise);
    run.numeric(column(3, n));
    double[] sigmas = {2, 1.625, 1.25, 0.875, 0.5, 0.5};
    for (int step = 0; step < sigmas.length; step++) {
      run.parameters(new float[] {step});
      run.run.dropout(5, step, 0);
      double squares = 0;
      for (double y : run.output()) {
        squares += (y - 3) * (y - 3) / n;
      }
      assertThat(Math.sqrt(squares)).as("step %d", step).isCloseTo(sigmas[step], within(0.16));
      double[] next = run.run.value(run.net.gradients().get(0));
      assertThat(next[0] / n).as("steps so far").isEqualTo(step + 1);
    }
  }

  @Test
  void hardGumbelDrawsBySoftmax() {
    int n = 20_000;
    NetworkRun run =
        run(InputSpec.numeric(3), n, 3, layer("gumbel_softmax", "hard", true, "temperature", 0.5));
    double[] x = new double[3 * n];
    for (int i = 0; i < x.length; i++) {
      x[i] = Math.log(1 + i % 3); // shares 1/6, 2/6, 3/6
    }
    double[] y = run.numeric(x).output();
    double[] share = new double[3];
    for (int i = 0; i < y.length; i++) {
      share[i % 3] += y[i] / n;
    }
    for (int k = 0; k < 3; k++) {
      assertThat(share[k]).isCloseTo((1 + k) / 6.0, within(0.02)); // 5 standard errors
    }
  }

  @Test
  void samplingDrawsAroundTheMean() {
    int n = 20_000;
    NetworkRun run = run(InputSpec.numeric(2), n, 1, layer("sampling"));
    double[] x = new double[2 * n];
    for (int i = 0; i < n; i++) {
      x[2 * i] = 1.5;
      x[2 * i + 1] = Math.log(4);
    }
    double[] y = run.numeric(x).output();
    double mean = Arrays.stream(y).average().orElseThrow();
    double variance = Arrays.stream(y).map(v -> (v - mean) * (v - mean)).sum() / n;
    assertThat(mean).isCloseTo(1.5, within(0.07));
    assertThat(variance).isCloseTo(4, within(0.2));
  }

  @Test
  void topKKeepsTheLargest() {
    NetworkRun run = run(InputSpec.numeric(5), 2, 5, layer("top_k", "k", 2, "rest", -9));
    double[] y = run.numeric(3, 1, 4, 1, 5, 2, 2, 2, 2, 2).output();
    assertThat(y).containsExactly(-9, -9, 4, -9, 5, 2, 2, -9, -9, -9);
  }

  /** Loss of y = 2 x w is y^2: slope 2 y x reversed and shrunk by tanh(5 / 4). */
  @Test
  void reversalGrowsWithTheSteps() {
    NetworkRun run =
        run(
            InputSpec.numeric(1),
            1,
            1,
            layer("dense", "units", 1, "bias", false),
            layer("gradient_reversal", "factor", 0.5, "steps", 4));
    run.parameters(new float[] {3, 1});
    run.numeric(2);
    assertThat(run.output()).containsExactly(6);
    assertThat(run.run.value(run.net.gradients().get(0))[0])
        .isCloseTo(-0.5 * Math.tanh(1.25) * 2 * 6 * 2, within(1e-9));
  }

  @Test
  void weightNormGivesColumnsOfLengthScale() {
    NetworkRun run =
        run(
            InputSpec.numeric(2),
            1,
            2,
            layer("dense", "units", 2, "bias", false, "weight_norm", "weight"));
    run.parameters(new float[] {3, 0, 4, -5, 2, 0.5f}); // columns (3, 4) and (0, -5); scales
    assertThat(run.numeric(1, 1).output()[0]).isCloseTo(2 * 7 / 5.0, within(1e-9));
    assertThat(run.output()[1]).isCloseTo(-0.5, within(1e-9));
  }

  /** Power iteration through the state: after some steps the largest singular value is 1. */
  @Test
  void spectralNormConvergesOverSteps() {
    NetworkRun run =
        run(
            InputSpec.numeric(2),
            1,
            2,
            layer("dense", "units", 2, "bias", false, "weight_norm", "spectral"));
    float[] flat = {3, 0, 0, 2, 0.6f, 0.8f};
    for (int step = 0; step < 30; step++) {
      run.parameters(flat);
      double[] next = run.numeric(1, 1).run.value(run.net.gradients().get(1));
      flat[4] = (float) next[0];
      flat[5] = (float) next[1];
    }
    run.parameters(flat);
    assertThat(run.output()[0]).isCloseTo(1, within(1e-5));
    assertThat(run.output()[1]).isCloseTo(2 / 3.0, within(1e-5));
  }

  @Test
  void whatDoesNotFitIsNamed() {
    assertThatThrownBy(() -> run(InputSpec.numeric(3), 1, 3, layer("sampling")))
        .isInstanceOf(NetworkException.class)
        .hasMessageContaining("side by side [N, ..., 2 D], found [N, 3]");
    assertThatThrownBy(() -> run(InputSpec.numeric(3), 1, 3, layer("top_k", "k", 4)))
        .hasMessageContaining("k is 4, but the last axis has 3 values");
    assertThatThrownBy(() -> run(InputSpec.numeric(3), 1, 3, layer("spatial_dropout")))
        .hasMessageContaining("found [N, 3]: use dropout");
    assertThatThrownBy(
            () ->
                run(
                    InputSpec.numeric(3),
                    1,
                    3,
                    layer("dense", "units", 3, "name", "a", "weight_norm", "spectral"),
                    layer("dense", "units", 3, "weights_of", "a")))
        .hasMessageContaining("layer 'a' has weight_norm");
  }
}
