package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkSpec;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Weights that convolutions and recurrent layers bring into an order of their own are brought there
 * once for the slices of a step, and anew when they change.
 */
@ExtendWith(NativeKernels.class)
final class PreparedWeightsTest {
  private static final int ROWS = 9;

  private final KernelProvider provider = KernelProvider.choose(KernelProvider.Preference.CPU);

  /** Strided and plain convolutions of widths that oneDNN blocks, then each recurrent cell. */
  private static NetworkSpec network(String cell) {
    Model.Builder model =
        Model.builder()
            .input(12, 12, 3)
            .conv2d(16, 3)
            .relu()
            .conv2d(32, 3)
            .with("stride", 2)
            .relu()
            .conv2d(24, 3)
            .reshape(36, 24);
    if (cell.equals("gru_reset_before")) {
      model.layer("gru", "units", 20).with("reset_after", false);
    } else {
      model.layer(cell, "units", 20);
    }
    return model.dense(5).loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
  }

  @ParameterizedTest
  @ValueSource(strings = {"rnn", "lstm", "gru", "gru_reset_before"})
  void followTheParameters(String cell) {
    NetworkSpec spec = network(cell);
    for (PlanOptions options : new PlanOptions[] {PlanOptions.DEFAULT, PlanOptions.MIXED}) {
      TrainerFixture fixture = new TrainerFixture(spec, ROWS);
      float[] first = fixture.parameters;
      float[] second = first.clone();
      for (int i = 0; i < second.length; i++) {
        second[i] *= 0.75f;
      }
      try (SliceTrainer trainer = trainer(spec, fixture, options)) {
        float[] expectedFirst = fresh(spec, fixture, options, first);
        float[] expectedSecond = fresh(spec, fixture, options, second);
        assertThat(expectedSecond).isNotEqualTo(expectedFirst);
        assertThat(gradient(trainer, first)).isEqualTo(expectedFirst);
        assertThat(gradient(trainer, null)).as("the next slice").isEqualTo(expectedFirst);
        assertThat(gradient(trainer, second)).as("the next step").isEqualTo(expectedSecond);
      }
    }
  }

  private SliceTrainer trainer(NetworkSpec spec, TrainerFixture fixture, PlanOptions options) {
    SliceTrainer trainer = new SliceTrainer(spec, ROWS, provider, 3, options);
    fixture.fill(trainer.batch());
    return trainer;
  }

  private float[] fresh(
      NetworkSpec spec, TrainerFixture fixture, PlanOptions options, float[] weights) {
    try (SliceTrainer trainer = trainer(spec, fixture, options)) {
      return gradient(trainer, weights);
    }
  }

  private static float[] gradient(SliceTrainer trainer, float @Nullable [] weights) {
    if (weights != null) {
      trainer.setParameters(weights);
    }
    trainer.run(1, 0);
    float[] gradient = new float[trainer.layout().length()];
    trainer.gradient(gradient);
    return gradient;
  }
}
