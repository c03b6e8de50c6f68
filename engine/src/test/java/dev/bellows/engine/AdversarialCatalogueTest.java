package dev.bellows.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.CatalogueData.Split;
import dev.bellows.engine.Digits.Recipe;
import dev.bellows.engine.LocalTrainer.Samples;
import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.OptimizerSpec.Kind;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.zoo.AdversarialNets;
import dev.bellows.engine.zoo.AdversarialNets.Blur;
import dev.bellows.engine.zoo.ConvNets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Catalogue rows of adversarial training, on the 8 x 8 digits. */
final class AdversarialCatalogueTest {
  private static final int NOISE = 16;

  private static final Blur BLUR = new Blur(0.3, 3000);

  private static final NetworkSpec CNN = ConvNets.pattern(Digits.TASK, 2, 1, 1, 16, 64);

  private static NetworkSpec gan() {
    List<LayerSpec> generator =
        List.of(
            LayerSpec.dense(128, Activation.RELU),
            LayerSpec.dense(128, Activation.RELU),
            LayerSpec.dense(64, Activation.SIGMOID));
    List<LayerSpec> judge =
        List.of(
            LayerSpec.dense(128, Activation.LEAKY_RELU),
            LayerSpec.dense(128, Activation.LEAKY_RELU),
            LayerSpec.dense(1, Activation.LINEAR));
    return AdversarialNets.gan(new int[] {64}, NOISE, generator, judge, "logistic", BLUR);
  }

  /** Real rows with places for the noise, which stay 0. */
  private static Samples withNoise(Samples rows) {
    float[] x = new float[rows.rows() * (64 + NOISE)];
    for (int row = 0; row < rows.rows(); row++) {
      System.arraycopy(rows.x(), row * 64, x, row * (64 + NOISE), 64);
    }
    return new Samples(64 + NOISE, x, new int[0], 0, new float[0]);
  }

  /** Made of the same noise each time. */
  private static Samples made(LocalTrainer trainer, int rows) {
    float[] x = new float[rows * (64 + NOISE)];
    for (int i = 0; i < rows * NOISE; i++) {
      x[i / NOISE * (64 + NOISE) + 64 + i % NOISE] = Philox.normal(5, i);
    }
    Samples given = new Samples(64 + NOISE, x, new int[0], 0, new float[0]);
    return new Samples(64, trainer.activations(given, "made"), new int[rows], 0, new float[0]);
  }

  /** {inception score, smallest share of a class} by a classifier of digits. */
  private static double[] score(LocalTrainer classifier, Samples rows) {
    float[] scores = classifier.outputs(rows, 10);
    double[] mean = new double[10];
    double[] shares = new double[10];
    double entropies = 0;
    for (int row = 0; row < rows.rows(); row++) {
      double sum = 0;
      int best = 0;
      for (int k = 0; k < 10; k++) {
        sum += Math.exp(scores[row * 10 + k]);
        best = scores[row * 10 + k] > scores[row * 10 + best] ? k : best;
      }
      shares[best] += 1.0 / rows.rows();
      for (int k = 0; k < 10; k++) {
        double p = Math.exp(scores[row * 10 + k]) / sum;
        mean[k] += p / rows.rows();
        entropies += p > 0 ? p * Math.log(p) / rows.rows() : 0;
      }
    }
    double entropy = Arrays.stream(mean).map(p -> p > 0 ? -p * Math.log(p) : 0).sum();
    return new double[] {Math.exp(entropy + entropies), Arrays.stream(shares).min().orElse(0)};
  }

  @Test
  @DisplayName(
      "GEN-05, LOS-13, REG-10 GAN on digits, noise on what the judge reads falling to 0: inception score 4.5 or more, 2 % or more of each digit")
  void gen05Gan() {
    Split data = Digits.judging();
    OptimizerSpec adam = OptimizerSpec.of(Kind.ADAM, 5e-4).withBetas(0.5, 0.999);
    try (LocalTrainer trainer = new LocalTrainer(gan(), adam, 32, 1)) {
      trainer.epoch(withNoise(data.train()));
      float[] early = trainer.weights.clone();
      trainer.epochs(withNoise(data.train()), 99);
      // The schedule's state counts the steps: half of the noise was left in the middle.
      assertThat(early[trainer.layout.segment("real_seen.steps").offset()]).isEqualTo(45);
      assertThat(trainer.weights[trainer.layout.segment("real_seen.steps").offset()])
          .isEqualTo(4500)
          .isGreaterThan(BLUR.steps());
      try (LocalTrainer classifier = new Recipe(0.002, 20, 0.3).train(CNN, data.train(), 1)) {
        double[] score = score(classifier, made(trainer, 1000));
        assertThat(score[0]).isGreaterThanOrEqualTo(4.5);
        assertThat(score[1]).isGreaterThanOrEqualTo(0.02);
      }
    }
  }

  private static LayerSpec conv(int filters, String activation) {
    return LayerSpec.of(
        "conv2d", Map.of("filters", filters, "kernel", 3, "activation", activation));
  }

  /** Rows [x, 1 - y] of digits x and y; y is another row than x, or the same when {@code same}. */
  private static Samples inverted(Samples digits, boolean same) {
    int rows = same ? digits.rows() : digits.rows() / 2;
    float[] x = new float[rows * 128];
    for (int i = 0; i < x.length; i++) {
      int row = i / 128;
      int left = same ? row : 2 * row;
      x[i] =
          i % 128 < 64
              ? digits.x()[left * 64 + i % 64]
              : 1 - digits.x()[(same ? row : 2 * row + 1) * 64 + i % 64];
    }
    return new Samples(128, x, new int[0], 0, new float[0]);
  }

  @Test
  @DisplayName(
      "DOM-11, LOS-15 CycleGAN, digits and inverted digits without pairs: .8 or more of the translated are classified right, .1 or less of the raw")
  void dom11CycleGan() {
    List<LayerSpec> maker = List.of(conv(16, "relu"), conv(16, "relu"), conv(1, "sigmoid"));
    List<LayerSpec> judge =
        List.of(
            conv(16, "leaky_relu"),
            LayerSpec.of("maxpool2d", Map.of("size", 2)),
            conv(32, "leaky_relu"),
            LayerSpec.of("flatten", Map.of()),
            LayerSpec.dense(1, Activation.LINEAR));
    NetworkSpec spec = AdversarialNets.cycle(new int[] {8, 8, 1}, maker, maker, judge, 10);
    Split data = Digits.judging();
    OptimizerSpec adam = OptimizerSpec.of(Kind.ADAM, 1e-3).withBetas(0.5, 0.999);
    try (LocalTrainer trainer = new LocalTrainer(spec, adam, 32, 1);
        LocalTrainer classifier = new Recipe(0.002, 20, 0.3).train(CNN, data.train(), 1)) {
      trainer.epochs(inverted(data.train(), false), 10);
      Samples both = inverted(data.test(), true);
      float[] raw = new float[data.test().x().length];
      for (int i = 0; i < raw.length; i++) {
        raw[i] = 1 - data.test().x()[i];
      }
      float[] translated = trainer.activations(both, "made_x");
      assertThat(classifier.accuracy(data.test().withX(64, raw))).isLessThanOrEqualTo(0.1);
      assertThat(classifier.accuracy(data.test().withX(64, translated)))
          .isGreaterThanOrEqualTo(0.8);
      float[] back = trainer.activations(both, "back_y");
      double distance = 0;
      for (int i = 0; i < back.length; i++) {
        distance += Math.abs(back[i] - raw[i]) / back.length;
      }
      assertThat(distance).as("mean |y - G(F(y))|").isLessThanOrEqualTo(0.08);
    }
  }
}
