package dev.bellows.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.CatalogueData.Split;
import dev.bellows.engine.Digits.Recipe;
import dev.bellows.engine.LocalTrainer.Samples;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.Gallery;
import dev.bellows.engine.nn.Initializers;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.OptimizerSpec.Kind;
import dev.bellows.engine.plan.PlanOptions;
import dev.bellows.engine.plan.Predictor;
import dev.bellows.engine.zoo.Autoencoders;
import dev.bellows.engine.zoo.CapsuleNets;
import dev.bellows.engine.zoo.ConvNets;
import dev.bellows.engine.zoo.HighwayNets;
import dev.bellows.engine.zoo.Inception;
import dev.bellows.engine.zoo.MobileNets;
import dev.bellows.engine.zoo.ResNets;
import dev.bellows.engine.zoo.ResNets.Block;
import dev.bellows.engine.zoo.ResNets.Start;
import dev.bellows.engine.zoo.TokenNets;
import dev.bellows.engine.zoo.Transformers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Catalogue rows of networks of the zoo on the 8 x 8 digits, by the protocol of {@link Digits}. */
final class ZooCatalogueTest {
  private static double accuracy(NetworkSpec spec, Recipe recipe) {
    return recipe.accuracy(spec, Digits.judging());
  }

  @Test
  @DisplayName("VIS-01 pattern with N=2, M=1, k=1 on digits: accuracy .97 or more")
  void vis01Pattern() {
    NetworkSpec spec = ConvNets.pattern(Digits.TASK, 2, 1, 1, 16, 64);
    assertThat(accuracy(spec, new Recipe(0.002, 20, 0.3))).isGreaterThanOrEqualTo(0.97);
  }

  @Test
  @DisplayName("VIS-02 CNN on digits, 20 epochs: accuracy .975 or more")
  void vis02Cnn() {
    NetworkSpec spec = ConvNets.pattern(Digits.TASK, 2, 1, 1, 32, 64);
    assertThat(accuracy(spec, new Recipe(0.002, 20, 0.3))).isGreaterThanOrEqualTo(0.975);
  }

  @Test
  @DisplayName("VIS-04 mini-VGG on digits: accuracy .975 or more")
  void vis04Vgg() {
    NetworkSpec spec = ConvNets.vggSmall(Digits.TASK, 2, 16);
    assertThat(accuracy(spec, new Recipe(0.003, 20, 0.3))).isGreaterThanOrEqualTo(0.975);
  }

  @Test
  @DisplayName("VIS-05 mini-inception on digits: accuracy .975 or more")
  void vis05Inception() {
    NetworkSpec spec = Inception.small(Digits.TASK, 2, 8, false);
    assertThat(accuracy(spec, new Recipe(0.003, 25, 0.01))).isGreaterThanOrEqualTo(0.975);
  }

  @Test
  @DisplayName("VIS-07, VIS-10 residual net of two blocks on digits: accuracy .98 or more")
  void vis07Residual() {
    NetworkSpec spec = ResNets.stages(Digits.TASK, new int[] {1, 1}, 16, Block.BASIC, Start.PLAIN);
    assertThat(accuracy(spec, new Recipe(0.005, 20, 0.3))).isGreaterThanOrEqualTo(0.98);
  }

  @Test
  @DisplayName("VIS-11, LAY-30 20 layers on digits: highway .94 or more, plain sigmoid net .10")
  void vis11Highway() {
    NetworkSpec spec = HighwayNets.dense(64, 50, 20, Activation.RELU, -3, 10);
    Recipe recipe = new Recipe(0.003, 25, 0.3);
    assertThat(accuracy(spec, recipe)).isGreaterThanOrEqualTo(0.94);
    Model.Builder plain = Model.builder().input(64).repeat(20, b -> b.dense(50).sigmoid());
    NetworkSpec stuck = plain.dense(10).loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
    assertThat(accuracy(stuck, new Recipe(0.003, 5, 0.3))).isCloseTo(0.10, within(0.02));
  }

  @Test
  @DisplayName("VIS-12 mini-MobileNet of 8,345 parameters on digits: accuracy .98 or more")
  void vis12MobileNet() {
    NetworkSpec spec = MobileNets.v1(Digits.TASK, 0.48, 1, 3);
    assertThat(Network.layout(spec).trainable()).isEqualTo(8_345);
    assertThat(accuracy(spec, new Recipe(0.01, 60, 0.3))).isGreaterThanOrEqualTo(0.98);
  }

  @Test
  @DisplayName("VIS-17 capsule net on digits: accuracy .96 or more")
  void vis17Capsules() {
    NetworkSpec spec = CapsuleNets.of(Digits.TASK, 32, 4, 8, 8, 3);
    assertThat(accuracy(spec, new Recipe(0.003, 10))).isGreaterThanOrEqualTo(0.96);
  }

  @Test
  @DisplayName("VIS-18 visual transformer of 16 tokens on digits: accuracy .95 or more")
  void vis18Tokens() {
    NetworkSpec spec =
        TokenNets.classifier(Digits.TASK, 16, new Transformers.Size(1, 32, 4, 64, 0));
    assertThat(accuracy(spec, new Recipe(0.003, 15, 0.01))).isGreaterThanOrEqualTo(0.95);
  }

  @Test
  @DisplayName("VIS-19 ViT of 2 x 2 patches and 2 blocks on digits: accuracy .95 or more")
  void vis19VisionTransformer() {
    Transformers.Size size = new Transformers.Size(2, 32, 4, 64, 0);
    NetworkSpec spec = Transformers.vision(Digits.TASK, 2, size);
    assertThat(accuracy(spec, new Recipe(0.005, 40, 0.3))).isGreaterThanOrEqualTo(0.95);
  }

  @Test
  @DisplayName("VIS-20 one net for digit and parity: accuracies .96 and .94 or more")
  void vis20MultiOutput() {
    NetworkSpec spec = ConvNets.multiOutput(Digits.TASK, Map.of("parity", 2), 16);
    Split digits = Digits.judging();
    Samples test = withParity(digits.test());
    Recipe recipe = new Recipe(0.003, 15, 0.3);
    try (LocalTrainer trainer = recipe.train(spec, withParity(digits.train()), 1)) {
      assertThat(trainer.accuracy(test)).isGreaterThanOrEqualTo(0.96);
      assertThat(trainer.accuracy(test, "parity")).isGreaterThanOrEqualTo(0.94);
    }
  }

  /** Labels [rows, 2]: the digit, and whether it is odd. */
  private static Samples withParity(Samples digits) {
    return digits.withLabels(
        IntStream.of(digits.labels()).flatMap(digit -> IntStream.of(digit, digit % 2)).toArray());
  }

  @Test
  @DisplayName(
      "VIS-23 as many weights: a CNN reaches the MLP or more; shifted digits need more than a CNN")
  void vis23StructuralPriors() {
    NetworkSpec cnn = ConvNets.pattern(Digits.TASK, 2, 1, 1, 16, 64);
    Model.Builder dense = Model.builder().input(64).dense(260).relu().dense(10);
    NetworkSpec mlp = dense.loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
    assertThat(Network.layout(cnn).trainable()).isEqualTo(19_578);
    assertThat(Network.layout(mlp).trainable()).isEqualTo(19_510);
    Split data = Digits.judging();
    Recipe recipe = new Recipe(0.002, 20, 0.3);
    double shifted = 0;
    double plain;
    try (LocalTrainer trainer = recipe.train(cnn, data.train(), 1)) {
      plain = trainer.accuracy(data.test());
      for (int[] by : new int[][] {{1, 0}, {-1, 0}, {0, 1}, {0, -1}}) {
        shifted += trainer.accuracy(Digits.shifted(data.test(), by[0], by[1])) / 4;
      }
    }
    assertThat(plain).isGreaterThanOrEqualTo(recipe.accuracy(mlp, data));
    assertThat(shifted).isLessThan(plain - 0.1);
  }

  @Test
  @DisplayName(
      "VIS-25 embedding and distance: digits 7 to 9, never trained on, are told apart by a net of 0 to 6")
  void vis25Embedding() {
    Split digits = Digits.judging();
    Samples known = CatalogueData.where(digits.train(), row -> digits.train().labels()[row] < 7);
    Samples enrolled = CatalogueData.where(digits.train(), row -> digits.train().labels()[row] > 6);
    Samples asked = CatalogueData.where(digits.test(), row -> digits.test().labels()[row] > 6);
    Model.Builder b = Model.builder().input(8, 8, 1).conv2d(16, 3).relu().maxPool2d(2);
    b.conv2d(32, 3).relu().flatten().dense(32).as("embedding").dense(7);
    NetworkSpec spec = b.loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
    try (LocalTrainer trainer = new Recipe(0.002, 10, 0.3).train(spec, known, 1)) {
      float[] vectors = trainer.activations(asked, "embedding");
      Gallery gallery = new Gallery(32, 2);
      float[] given = trainer.activations(enrolled, "embedding");
      for (int row = 0; row < enrolled.rows(); row++) {
        String identity = String.valueOf(enrolled.labels()[row]);
        gallery.enrol(identity, Arrays.copyOfRange(given, row * 32, row * 32 + 32));
      }
      int right = 0;
      for (int row = 0; row < asked.rows(); row++) {
        float[] vector = Arrays.copyOfRange(vectors, row * 32, row * 32 + 32);
        right +=
            gallery.identify(vector).identity().equals(String.valueOf(asked.labels()[row])) ? 1 : 0;
      }
      assertThat((double) right / asked.rows()).isGreaterThanOrEqualTo(0.85);
      assertThat(sameIsNearer(vectors, asked.labels())).isGreaterThanOrEqualTo(0.8);
    }
  }

  /** Share of (same, different) pairs in which the same class is nearer: the ROC AUC of 1 - d. */
  private static double sameIsNearer(float[] vectors, int[] labels) {
    List<Double> same = new ArrayList<>();
    List<Double> different = new ArrayList<>();
    for (int i = 0; i < labels.length; i++) {
      for (int j = 0; j < i; j++) {
        double distance = Gallery.distance(vectors, i * 32, vectors, j * 32, 32);
        (labels[i] == labels[j] ? same : different).add(distance);
      }
    }
    different.sort(null);
    double wins = 0;
    for (double distance : same) {
      int at = Collections.binarySearch(different, distance);
      wins += different.size() - (at < 0 ? -at - 1 : at);
    }
    return wins / ((double) same.size() * different.size());
  }

  /** Mean squared error of a network that gives its input back. */
  private static double reconstruction(NetworkSpec spec, double rate, int epochs) {
    Split data = Digits.judging();
    OptimizerSpec adam = OptimizerSpec.of(Kind.ADAM, rate);
    Samples train = new Samples(64, data.train().x(), new int[0], 64, new float[0]);
    Samples test = new Samples(64, data.test().x(), new int[0], 64, new float[0]);
    try (LocalTrainer trainer = new LocalTrainer(spec, adam, 32, 1)) {
      float[] outputs = trainer.epochs(train, epochs).outputs(test, 64);
      double squares = 0;
      for (int i = 0; i < outputs.length; i++) {
        squares += Math.pow(outputs[i] - test.x()[i], 2);
      }
      return squares / outputs.length;
    }
  }

  @Test
  @DisplayName("GEN-01 autoencoder with a code of 8 on digits: test MSE .018 or less")
  void gen01Autoencoder() {
    NetworkSpec spec = Autoencoders.dense(64, List.of(128, 64), 8, Activation.RELU);
    assertThat(reconstruction(spec, 0.002, 60)).isLessThanOrEqualTo(0.018);
  }

  @Test
  @DisplayName("GEN-02 tied autoencoder with a code of 8: half the weights, test MSE .026 or less")
  void gen02TiedAutoencoder() {
    NetworkSpec spec = Autoencoders.tied(64, 8, Activation.LINEAR);
    assertThat(Network.layout(spec).trainable()).isEqualTo(64 * 8 + 8 + 64);
    assertThat(reconstruction(spec, 0.005, 60)).isLessThanOrEqualTo(0.026);
  }

  @Test
  @DisplayName(
      "TRN-29 residual blocks start as ReLU of their shortcut where the last scale is zero")
  void trn29ZeroStart() {
    NetworkSpec spec = ResNets.small(Digits.TASK, 2, Block.BASIC, Start.ZERO);
    List<String> watched =
        List.of("stage1.block1", "stage1.block2", "stage2.block1", "stage2.block2");
    Samples rows = Digits.judging().test().take(Samples.identity(32));
    KernelProvider kernels = KernelProvider.choose(KernelProvider.Preference.AUTO);
    try (Predictor predictor = new Predictor(spec, 32, kernels, PlanOptions.DEFAULT, watched)) {
      predictor.setParameters(Initializers.init(Network.layout(spec), 1));
      rows.fill(predictor.batch(), Samples.identity(32), 0, 32);
      predictor.run();
      for (int stage = 1; stage <= 2; stage++) {
        float[] first = predictor.activation("stage" + stage + ".block1");
        assertThat(first).isNotEqualTo(new float[first.length]);
        // The input is a block's output, so it equals its own ReLU.
        assertThat(predictor.activation("stage" + stage + ".block2")).isEqualTo(first);
      }
    }
  }
}
