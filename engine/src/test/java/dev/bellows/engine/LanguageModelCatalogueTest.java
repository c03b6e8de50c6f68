package dev.bellows.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.tensor.Memory;
import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** Catalogue rows of character models on the note corpus; its last tenth is held out. */
final class LanguageModelCatalogueTest {
  private static final int EPOCHS = 6;

  private static CharacterText notes() {
    return CharacterText.of(RealData.texts(TokenPairs.NOTES));
  }

  private static double trained(CharacterText text, int rows, int steps, boolean carry) {
    try (ChunkedTrainer trainer = new ChunkedTrainer(text.vocabulary(), 128, rows, steps, 4e-3)) {
      for (int epoch = 0; epoch < EPOCHS; epoch++) {
        trainer.epoch(text.part(0, 0.9), carry, Math.pow(0.6, Math.max(0, epoch - 1)));
      }
      return trainer.bits(text.part(0.9, 1));
    }
  }

  @Test
  @EnabledIfEnvironmentVariable(
      named = "BELLOWS_LONG_TESTS",
      matches = "true",
      disabledReason = "trains for minutes: set BELLOWS_LONG_TESTS=true")
  @DisplayName("TRN-32, SEQ-18 chunks of 32 with carried state against chunks of 128, bits/char")
  void truncatedBackPropagationLearnsAsMuch() {
    CharacterText text = notes();
    double chunked = trained(text, 16, 32, true);
    double full = trained(text, 4, 128, false);
    assertThat(chunked).isLessThanOrEqualTo(3.10).isCloseTo(full, within(0.1));
  }

  @Test
  @DisplayName("TRN-32 memory of truncated back-propagation does not grow with the sequence")
  void memoryDoesNotGrowWithTheSequence() {
    assertThat(peak(10_000)).isCloseTo(peak(1_000), within(peak(1_000) / 10));
  }

  /** Native bytes while the chunks of one sequence are trained on. */
  private static long peak(int characters) {
    int[] codes = new int[characters + 1];
    Arrays.setAll(codes, i -> i * i % 50);
    try (ChunkedTrainer trainer = new ChunkedTrainer(50, 16, 1, 32, 1e-3)) {
      trainer.epoch(new CharacterText(codes, 50), true, 1);
      return Memory.allocatedBytes();
    }
  }
}
