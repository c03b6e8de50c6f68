package dev.bellows.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.CatalogueData.Split;
import dev.bellows.engine.LocalTrainer.Samples;
import dev.bellows.engine.classic.OrientedGradients;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.OptimizerSpec.Kind;
import dev.bellows.engine.optim.ScheduleSpec;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Histograms of oriented gradients, and digits recognised by them. */
final class OrientedGradientsTest {
  private static final OrientedGradients HOG = OrientedGradients.standard();

  @Test
  @DisplayName("PRE-35 64 x 128 pixels give 3,780 numbers; edges vote for their own direction")
  void pre35Descriptor() {
    float[] image = new float[128 * 64];
    assertThat(HOG.of(image, 0, 128, 64)).hasSize(3780).containsOnly(0);
    // Brightness rises by 1 per pixel to the right: direction 0, between the last bin and the
    // first.
    for (int i = 0; i < image.length; i++) {
      image[i] = i % 64;
    }
    float[] right = HOG.of(image, 0, 128, 64);
    // All four cells alike: each of 8 values is 1 / sqrt(8) = .354, clipped to .2, scaled again.
    for (int i = 0; i < 36; i++) {
      boolean votes = i % 9 == 0 || i % 9 == 8;
      assertThat(right[36 * 8 + i]).isCloseTo(votes ? 0.35355f : 0, within(1e-4f));
    }
    for (int i = 0; i < image.length; i++) {
      image[i] = i / 64;
    }
    // Downwards: 90 degrees, the middle of bin 4 of 9; 4 values of 1 / 2.
    float[] down = HOG.of(image, 0, 128, 64);
    for (int i = 0; i < 36; i++) {
      assertThat(down[36 * 8 + i]).isCloseTo(i % 9 == 4 ? 0.5f : 0, within(1e-4f));
    }
    assertThatThrownBy(() -> HOG.of(image, 0, 8, 64))
        .hasMessageContaining("at least 16 x 16 pixels")
        .hasMessageContaining("got 8 x 64");
  }

  /** A linear SVM per class (one against the rest), all on the same features. */
  private static NetworkSpec svm(int features) {
    Model.Builder b = Model.builder().input(features).dense(10).as("scores");
    LossSpec hinge = LossSpec.of(LossKind.HINGE);
    for (int k = 1; k < 10; k++) {
      b.layer("slice", "axis", 0, "from", k, "to", k + 1).as("class" + k).from("scores");
      b.head("class" + k, "class" + k, hinge);
    }
    b.layer("slice", "axis", 0, "from", 0, "to", 1).from("scores");
    return b.loss(hinge).build();
  }

  private static Samples described(Samples digits) {
    Samples large = Digits.enlarged(digits, 4);
    float[] x = new float[digits.rows() * 324];
    float[] target = new float[digits.rows() * 10];
    for (int row = 0; row < digits.rows(); row++) {
      System.arraycopy(HOG.of(large.x(), row * 1024, 32, 32), 0, x, row * 324, 324);
      target[row * 10 + digits.labels()[row]] = 1;
    }
    return new Samples(324, x, digits.labels(), 10, target);
  }

  static double accuracy(Split data, double rate, double l2, int epochs) {
    OptimizerSpec adam = OptimizerSpec.of(Kind.ADAM, rate);
    try (LocalTrainer trainer =
        new LocalTrainer(svm(324), adam, ScheduleSpec.cosine(0), l2, 32, 1)) {
      trainer.epochs(described(data.train()), epochs);
      float[] scores = trainer.activations(described(data.test()), "scores");
      int right = 0;
      for (int row = 0; row < data.test().rows(); row++) {
        int best = 0;
        for (int k = 1; k < 10; k++) {
          best = scores[row * 10 + k] > scores[row * 10 + best] ? k : best;
        }
        right += best == data.test().labels()[row] ? 1 : 0;
      }
      return (double) right / data.test().rows();
    }
  }

  @Test
  @DisplayName(
      "VIS-22, VIS-27, PRE-35 HOG and linear SVMs on digits enlarged four times, 5 folds: .97 or more")
  void vis22Recognition() {
    double sum = 0;
    for (int fold = 0; fold < 5; fold++) {
      sum += accuracy(CatalogueData.fold(CatalogueData.digits(), fold, false), 0.05, 1e-4, 20);
    }
    assertThat(sum / 5).isGreaterThanOrEqualTo(0.97);
  }
}
