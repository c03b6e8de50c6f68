package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.Initializers;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkException;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.engine.zoo.SequenceNets;
import dev.bellows.engine.zoo.SequenceNets.Cell;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** States that go from chunk to chunk. */
final class CarriedStateTest {
  private static final int ROWS = 3;
  private static final int VOCABULARY = 9;
  private static final KernelProvider KERNELS =
      KernelProvider.choose(KernelProvider.Preference.AUTO);

  private static NetworkSpec network(Cell cell, int steps) {
    return SequenceNets.chunkedCharacterModel(cell, steps, VOCABULARY, 4, 5);
  }

  /** Scores [rows, length, V] of tokens [rows, length] that are read {@code steps} at a time. */
  private static float[] read(Cell cell, int steps, int length) {
    NetworkSpec spec = network(cell, steps);
    float[] scores = new float[ROWS * length * VOCABULARY];
    try (Predictor predictor =
        new Predictor(spec, ROWS, KERNELS, PlanOptions.DEFAULT, List.of("last"))) {
      predictor.setParameters(Initializers.init(predictor.layout(), 4));
      CarriedState carried = CarriedState.of(spec, "state", "last");
      carried.clear(predictor.batch());
      float[] part = new float[ROWS * steps * VOCABULARY];
      for (int from = 0; from < length; from += steps) {
        for (int i = 0; i < ROWS * steps; i++) {
          int place = i / steps * length + from + i % steps;
          int token = (int) (Philox.uniform(6, place) * VOCABULARY);
          Memory.putInt(predictor.batch().codes() + 4L * i, token);
        }
        predictor.batch().setRows(ROWS);
        predictor.run();
        predictor.outputs(part);
        for (int row = 0; row < ROWS; row++) {
          int count = steps * VOCABULARY;
          int to = (row * length + from) * VOCABULARY;
          System.arraycopy(part, row * count, scores, to, count);
        }
        carried.carry(predictor.activationAddress("last"), predictor.batch());
      }
    }
    return scores;
  }

  @ParameterizedTest
  @EnumSource(Cell.class)
  void chunksGiveWhatTheWholeSequenceGives(Cell cell) {
    float[] whole = read(cell, 12, 12);
    for (int steps : new int[] {1, 3, 4}) {
      float[] chunked = read(cell, steps, 12);
      for (int i = 0; i < whole.length; i++) {
        assertThat(chunked[i]).isCloseTo(whole[i], within(1e-5f));
      }
    }
  }

  @Test
  void statesThatDoNotFitAreRefused() {
    assertThatThrownBy(() -> CarriedState.of(network(Cell.GRU, 2), "memory", "last"))
        .hasMessageContaining("no part 'memory'");
    Model.Builder b = Model.builder().part("state", 7).part("x", 4, 3);
    b.layer("lstm", "units", 5).from("x", "state");
    assertThatThrownBy(() -> b.loss(LossKind.MSE).build())
        .isInstanceOf(NetworkException.class)
        .hasMessageContaining("the initial state must be [N, 10], found [N, 7]");
    Model.Builder deep = Model.builder().part("x", 4, 3);
    deep.layer("gru", "units", 5, "layers", 2, "return_state", true).from("x");
    assertThatThrownBy(() -> deep.loss(LossKind.MSE).build()).hasMessageContaining("layers: 1");
  }
}
