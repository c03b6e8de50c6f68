package dev.bellows.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.CatalogueData.Split;
import dev.bellows.engine.Digits.Recipe;
import dev.bellows.engine.LocalTrainer.Samples;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.OptimizerSpec.Kind;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.zoo.ConvNets;
import dev.bellows.engine.zoo.ImageTask;
import dev.bellows.engine.zoo.ResNets;
import dev.bellows.engine.zoo.ResNets.Block;
import dev.bellows.engine.zoo.ResNets.Start;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** Catalogue rows whose networks train for some minutes; with BELLOWS_LONG_TESTS=true. */
@EnabledIfEnvironmentVariable(
    named = "BELLOWS_LONG_TESTS",
    matches = "true",
    disabledReason = "trains for minutes: set BELLOWS_LONG_TESTS=true")
final class ZooLongTest {
  @Test
  @DisplayName("VIS-02 CNN with batch norm on MNIST, 5 epochs: accuracy .99 or more")
  void vis02Mnist() {
    NetworkSpec spec = ConvNets.multiOutput(ImageTask.square(28, 1, 10), Map.of(), 16);
    assertThat(new Recipe(0.003, 5, 0.1).accuracy(spec, CatalogueData.mnist()))
        .isGreaterThanOrEqualTo(0.99);
  }

  @Test
  @DisplayName(
      "VIS-03 AlexNet for small images on digits enlarged four times: accuracy .95 or more")
  void vis03AlexNet() {
    Split digits = Digits.judging();
    Split data = new Split(Digits.enlarged(digits.train(), 4), Digits.enlarged(digits.test(), 4));
    NetworkSpec spec = ConvNets.alexNetSmall(ImageTask.square(32, 1, 10));
    assertThat(new Recipe(0.001, 5, 0.1).accuracy(spec, data)).isGreaterThanOrEqualTo(0.95);
  }

  @Test
  @DisplayName("VIS-07 56 layers: the residual net's training loss is below the plain net's")
  void vis07Depth() {
    Samples rows = Digits.judging().train();
    Recipe recipe = new Recipe(0.003, 6, 0.1);
    NetworkSpec residual = ResNets.small(Digits.TASK, 9, Block.BASIC, Start.PLAIN);
    NetworkSpec plain = ResNets.plain(Digits.TASK, 9);
    try (LocalTrainer with = recipe.train(residual, rows, 1);
        LocalTrainer without = recipe.train(plain, rows, 1)) {
      assertThat(with.evaluate(rows)[0]).isLessThan(without.evaluate(rows)[0]);
    }
  }

  @Test
  @DisplayName("VIS-16 mini-VGG on digits: swish and ReLU both .975 or more")
  void vis16Swish() {
    NetworkSpec relu = ConvNets.vggSmall(Digits.TASK, 2, 16);
    for (NetworkSpec spec : List.of(relu, DigitsBench.swish(relu))) {
      assertThat(new Recipe(0.003, 20, 0.3).accuracy(spec, Digits.judging()))
          .isGreaterThanOrEqualTo(0.975);
    }
  }

  @Test
  @DisplayName("TRN-29 20 blocks that start as their shortcuts, no warm-up: accuracy .97 or more")
  void trn29TwentyBlocks() {
    Split data = Digits.judging();
    NetworkSpec spec = ResNets.stages(Digits.TASK, new int[] {7, 7, 6}, 8, Block.BASIC, Start.ZERO);
    OptimizerSpec adam = OptimizerSpec.of(Kind.ADAMW, 0.005).withWeightDecay(0.3);
    try (LocalTrainer trainer = new LocalTrainer(spec, adam, ScheduleSpec.cosine(0), 0, 32, 1)) {
      assertThat(trainer.epochs(data.train(), 10).accuracy(data.test()))
          .isGreaterThanOrEqualTo(0.97);
    }
  }
}
