package dev.bellows.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.CatalogueData.Split;
import dev.bellows.engine.LocalTrainer.Samples;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.OptimizerSpec.Kind;
import dev.bellows.engine.sample.Augmentation;
import dev.bellows.engine.sample.Augmentation.Fill;
import dev.bellows.engine.sample.ImageChange;
import dev.bellows.engine.zoo.ConvNets;
import dev.bellows.engine.zoo.ImageTask;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What augmentation is for, on the 8 x 8 digits: fold 0 of five is the test set. */
class AugmentationCatalogueTest {
  static final Augmentation SHIFT =
      new Augmentation(false, false, false, 0, 1, Fill.ZERO, 0, 0, 0, 0);
  private static final int EPOCHS = 20;

  /** The rows with each image changed as it is in one epoch. */
  static Samples changed(Samples data, Augmentation kind, long seed, long epoch) {
    ImageChange change = new ImageChange(kind, 8, 8, 1);
    byte[] image = new byte[64];
    byte[] out = new byte[64];
    float[] x = new float[data.x().length];
    for (int row = 0; row < data.rows(); row++) {
      for (int i = 0; i < 64; i++) {
        image[i] = (byte) Math.round(data.x()[row * 64 + i] * 240);
      }
      change.draw(seed, epoch, row);
      change.apply(image, 0, out, 0);
      for (int i = 0; i < 64; i++) {
        x[row * 64 + i] = (out[i] & 0xff) / 240f;
      }
    }
    return new Samples(64, x, data.labels(), 0, data.target());
  }

  /** Accuracy on changed test digits of a CNN trained on digits changed so, or as they are. */
  private static double accuracy(Augmentation kind, boolean trained) {
    Split data = CatalogueData.fold(CatalogueData.digits(), 0, false);
    Samples test = changed(data.test(), kind, 77, 0);
    OptimizerSpec adam = OptimizerSpec.of(Kind.ADAM, 0.002);
    try (LocalTrainer trainer =
        new LocalTrainer(
            ConvNets.pattern(ImageTask.square(8, 1, 10), 2, 1, 1, 16, 64), adam, 32, 1)) {
      for (int epoch = 0; epoch < EPOCHS; epoch++) {
        trainer.epoch(trained ? changed(data.train(), kind, 5, epoch) : data.train());
      }
      return trainer.accuracy(test);
    }
  }

  @Test
  @DisplayName(
      "REG-09, PRE-31 digits shifted by a pixel: .93 or more with shifts in training, .60 or less without")
  void reg09Shift() {
    assertThat(accuracy(SHIFT, true)).isGreaterThanOrEqualTo(0.93);
    assertThat(accuracy(SHIFT, false)).isLessThanOrEqualTo(0.60);
  }
}
