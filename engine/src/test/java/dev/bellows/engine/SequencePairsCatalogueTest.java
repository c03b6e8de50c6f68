package dev.bellows.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.zoo.EncoderDecoders;
import dev.bellows.engine.zoo.EncoderDecoders.Attention;
import dev.bellows.engine.zoo.SequenceNets.Cell;
import dev.bellows.engine.zoo.Transformers;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Catalogue rows of encoders and decoders: words of the note corpus reversed letter by letter. A
 * fifth of the words is held out.
 */
final class SequencePairsCatalogueTest {
  /** The share of held-out words that are written exactly, and what shows the attention. */
  private record Outcome(double exact, NetworkSpec spec, float[] weights) {}

  private static TokenPairs heldOut(TokenPairs all) {
    return all.range(all.size() * 4 / 5, all.size());
  }

  /** Adam, with a warm-up of one epoch and a rate that falls by e^4 until the end. */
  private static Outcome train(NetworkSpec spec, TokenPairs all, double rate, int epochs) {
    TokenPairs train = all.range(0, all.size() * 4 / 5);
    int steps = (train.size() + 31) / 32;
    ScheduleSpec schedule =
        new ScheduleSpec(
            ScheduleSpec.Kind.EXPONENTIAL, steps, 4.0 / (epochs * steps), 1, 1, 1, 0, false);
    OptimizerSpec adam = OptimizerSpec.of(OptimizerSpec.Kind.ADAM, rate);
    try (LocalTrainer trainer = new LocalTrainer(spec, adam, schedule, 0, 32, 1)) {
      trainer.epochs(train.rows(), epochs);
      double exact = heldOut(all).exact(spec, trainer.predictor());
      return new Outcome(exact, spec, trainer.weights.clone());
    }
  }

  private static Outcome reversal(Attention attention, int letters, int epochs) {
    TokenPairs all = TokenPairs.reversedWords(letters);
    NetworkSpec spec = EncoderDecoders.recurrent(Cell.LSTM, all.size(24, 64), attention);
    return train(spec, all, 6e-3, epochs);
  }

  @ParameterizedTest
  @EnumSource(
      value = Attention.class,
      names = {"DOT", "CONCAT"})
  @EnabledIfEnvironmentVariable(
      named = "BELLOWS_LONG_TESTS",
      matches = "true",
      disabledReason = "trains for minutes: set BELLOWS_LONG_TESTS=true")
  @DisplayName("SEQ-14 global attention reverses 9 of 10 words of up to 12 letters")
  void globalAttentionReversesWords(Attention attention) {
    assertThat(reversal(attention, 12, 5).exact()).isGreaterThanOrEqualTo(0.9);
  }

  @Test
  @DisplayName("SEQ-14 general attention reverses 9 of 10 words of up to 12 letters")
  void generalAttentionReversesWords() {
    assertThat(reversal(Attention.GENERAL, 12, 5).exact()).isGreaterThanOrEqualTo(0.9);
  }

  @Test
  @EnabledIfEnvironmentVariable(
      named = "BELLOWS_LONG_TESTS",
      matches = "true",
      disabledReason = "trains for minutes: set BELLOWS_LONG_TESTS=true")
  @DisplayName(
      "SEQ-15 local attention reverses 75 of 100 words of up to 12 letters, where 85 are asked")
  void localAttentionReversesWords() {
    assertThat(reversal(Attention.LOCAL, 12, 8).exact()).isGreaterThanOrEqualTo(0.75);
  }

  @Test
  @DisplayName("SEQ-08 additive attention reverses 9 of 10 words and looks from back to front")
  void additiveAttentionReversesWords() {
    Outcome outcome = reversal(Attention.ADDITIVE, 12, 5);
    assertThat(outcome.exact()).isGreaterThanOrEqualTo(0.9);
    assertThat(outcome.exact()).isGreaterThan(reversal(Attention.NONE, 12, 5).exact());
    TokenPairs pairs = heldOut(TokenPairs.reversedWords(12));
    float[] weights =
        pairs.attention(
            outcome.spec(),
            outcome.weights(),
            KernelProvider.choose(KernelProvider.Preference.AUTO));
    int followed = 0;
    int steps = 0;
    for (int row = 0; row < pairs.size(); row++) {
      int length = pairs.sources().get(row).length;
      for (int t = 0; t < length; t++, steps++) {
        int at = (row * pairs.targetSteps() + t) * pairs.sourceSteps();
        int best = 0;
        double sum = 0;
        for (int s = 0; s < pairs.sourceSteps(); s++) {
          best = weights[at + s] > weights[at + best] ? s : best;
          sum += weights[at + s];
        }
        assertThat(sum).isCloseTo(1, within(1e-5));
        followed += best == length - 1 - t ? 1 : 0;
      }
    }
    assertThat((double) followed / steps).isGreaterThanOrEqualTo(0.8);
  }

  @Test
  @EnabledIfEnvironmentVariable(
      named = "BELLOWS_LONG_TESTS",
      matches = "true",
      disabledReason = "trains for minutes: set BELLOWS_LONG_TESTS=true")
  @DisplayName("SEQ-16, SEQ-24 transformer reverses 95 of 100 words of up to 12 letters")
  void transformerReversesWords() {
    TokenPairs all = TokenPairs.reversedWords(12);
    Transformers.Size blocks = new Transformers.Size(2, 64, 4, 256, 0);
    NetworkSpec spec = EncoderDecoders.transformer(all.size(64, 0), blocks);
    assertThat(train(spec, all, 2e-3, 10).exact()).isGreaterThanOrEqualTo(0.95);
  }

  @Test
  @DisplayName("SEQ-07 encoder and decoder without attention reverse 6 of 10 words of 3-8 letters")
  void encoderDecoderReversesWords() {
    TokenPairs all = TokenPairs.reversedWords(8);
    NetworkSpec spec = EncoderDecoders.recurrent(Cell.GRU, all.size(24, 128), Attention.NONE);
    assertThat(train(spec, all, 5e-3, 25).exact()).isGreaterThanOrEqualTo(0.6);
  }
}
