package dev.bellows.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.Digits.Recipe;
import dev.bellows.engine.nn.LayerCost;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.zoo.ImageTask;
import dev.bellows.engine.zoo.PixelNets;
import dev.bellows.engine.zoo.PixelNets.Skips;
import dev.bellows.engine.zoo.Stdc;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** Catalogue rows of networks that label pixels, on digit scenes: mean IoU of 200 test scenes. */
final class SegmentationCatalogueTest {
  private static final ImageTask TASK = ImageTask.square(DigitScenes.SIDE, 1, 2);

  static double meanIou(NetworkSpec spec, CatalogueData.Split digits, Recipe recipe) {
    DigitScenes[] scenes = DigitScenes.of(digits);
    try (LocalTrainer trainer = recipe.train(spec, scenes[0].images(), 1)) {
      return scenes[1].meanIntersectionOverUnion(trainer);
    }
  }

  @Test
  @EnabledIfEnvironmentVariable(
      named = "BELLOWS_LONG_TESTS",
      matches = "true",
      disabledReason = "trains for minutes: set BELLOWS_LONG_TESTS=true")
  @DisplayName(
      "SEG-05, LAY-29 U-Net on DS: mean IoU .91 or more, with short skips too; without long skips .02 or more below")
  void seg05Skips() {
    Recipe recipe = new Recipe(0.003, 8, 0.01);
    double[] found = new double[3];
    for (Skips skips : Skips.values()) {
      NetworkSpec spec = PixelNets.uNet(TASK, 3, 8, true, skips);
      found[skips == Skips.NONE ? 0 : skips == Skips.LONG ? 1 : 2] =
          meanIou(spec, Digits.judging(), recipe);
    }
    assertThat(found[1]).isGreaterThanOrEqualTo(0.91).isGreaterThanOrEqualTo(found[0] + 0.02);
    assertThat(found[2]).isGreaterThanOrEqualTo(0.91);
  }

  @Test
  @EnabledIfEnvironmentVariable(
      named = "BELLOWS_LONG_TESTS",
      matches = "true",
      disabledReason = "trains for minutes: set BELLOWS_LONG_TESTS=true")
  @DisplayName("VIS-21 STDC modules with refined features on DS: mean IoU .85 or more")
  void vis21Segmenter() {
    NetworkSpec spec = Stdc.segmenter(TASK, 16);
    assertThat(meanIou(spec, Digits.judging(), new Recipe(0.005, 8, 0.01)))
        .isGreaterThanOrEqualTo(0.85);
  }

  @Test
  @DisplayName("SEQ-25, SEG-12 attention refinement: below 1 % of the multiply-adds")
  void seg12Refinement() {
    List<LayerCost> costs = Network.costs(Stdc.segmenter(TASK, 16));
    long all = costs.stream().mapToLong(LayerCost::multiplyAdds).sum();
    long refining =
        costs.stream()
            .filter(cost -> cost.name().contains(".refined"))
            .mapToLong(LayerCost::multiplyAdds)
            .sum();
    assertThat(refining).isPositive().isLessThan(all / 100);
  }
}
