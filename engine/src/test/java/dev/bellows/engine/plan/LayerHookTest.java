package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.InputSpec;
import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LayerHookTest {
  private static final int ROWS = 6;
  private static final KernelProvider KERNELS =
      KernelProvider.choose(KernelProvider.Preference.AUTO);

  private final NetworkSpec spec =
      new NetworkSpec(
          InputSpec.numeric(5),
          List.of(
              LayerSpec.of("dense", Map.of("units", 7, "activation", "relu", "name", "first")),
              LayerSpec.of("dropout", Map.of("rate", 0.5, "name", "drop")),
              LayerSpec.of("dense", Map.of("units", 4, "activation", "tanh", "name", "second")),
              LayerSpec.of("dense", Map.of("units", 3, "name", "scores"))),
          LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY),
          3);

  private final TrainerFixture fixture = new TrainerFixture(spec, ROWS);

  /** Keeps the order of the calls and the values. */
  private static final class Recorder implements LayerHook {
    private final List<String> calls = new ArrayList<>();
    private final Map<String, float[]> values = new LinkedHashMap<>();

    @Override
    public void forward(String layer, Shape shape, float[] given) {
      note("forward " + layer, shape, given);
    }

    @Override
    public void backward(String layer, Shape shape, float[] gradient) {
      note("backward " + layer, shape, gradient);
    }

    private void note(String call, Shape shape, float[] given) {
      assertThat(given).hasSize(Math.toIntExact(shape.size()));
      assertThat(shape.dim(0)).isEqualTo(ROWS);
      calls.add(call);
      values.put(call, given);
    }
  }

  private SliceTrainer trainer() {
    SliceTrainer trainer = new SliceTrainer(spec, ROWS, KERNELS, 5);
    trainer.setParameters(fixture.parameters);
    fixture.fill(trainer.batch());
    return trainer;
  }

  private static float[] gradient(SliceTrainer trainer) {
    trainer.run(3, 2);
    float[] gradient = new float[trainer.layout().length()];
    trainer.gradient(gradient);
    return gradient;
  }

  @Test
  @DisplayName("XAI-07 hooks fire forward in order, backward in the opposite one")
  void hooksFireInOrderAndChangeNothing() {
    Recorder recorder = new Recorder();
    try (SliceTrainer trainer = trainer()) {
      float[] before = gradient(trainer);
      trainer.addHook(recorder);
      assertThat(gradient(trainer)).isEqualTo(before);
      assertThat(recorder.calls)
          .containsExactly(
              "forward first",
              "forward drop",
              "forward second",
              "forward scores",
              "backward scores",
              "backward second",
              "backward drop",
              "backward first");
      assertThat(trainer.removeHook(recorder)).isTrue();
      assertThat(trainer.removeHook(recorder)).isFalse();
      assertThat(gradient(trainer)).isEqualTo(before);
      assertThat(recorder.calls).as("none without hooks").hasSize(8);
    }
  }

  @Test
  void theGradientOfScoresSumsUpToThatOfTheirBias() {
    Recorder recorder = new Recorder();
    try (SliceTrainer trainer = trainer()) {
      trainer.addHook(recorder);
      float[] gradient = gradient(trainer);
      Segment bias =
          trainer.layout().segments().stream()
              .filter(s -> s.name().startsWith("scores") && s.length() == 3)
              .findFirst()
              .orElseThrow();
      float[] scores = recorder.values.get("backward scores");
      for (int k = 0; k < 3; k++) {
        double sum = 0;
        for (int row = 0; row < ROWS; row++) {
          sum += scores[row * 3 + k];
        }
        assertThat(sum).isCloseTo(gradient[bias.offset() + k], within(1e-5));
      }
      float[] second = recorder.values.get("forward second");
      float[] before = recorder.values.get("backward second");
      assertThat(second).hasSize(ROWS * 4);
      assertThat(before).hasSize(ROWS * 4);
    }
  }

  @Test
  void aPredictorShowsForwardOnly() {
    Recorder recorder = new Recorder();
    try (Predictor predictor = new Predictor(spec, ROWS, KERNELS)) {
      predictor.setParameters(fixture.parameters);
      fixture.fill(predictor.batch());
      predictor.addHook(recorder);
      predictor.run();
      assertThat(recorder.calls)
          .containsExactly("forward first", "forward drop", "forward second", "forward scores");
    }
  }
}
