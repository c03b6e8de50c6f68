package dev.bellows.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.InputSpec;
import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.NetworkSpec;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Tokens taken and drawn from a network whose scores are a table: one line per token before. */
final class GreedyDecoderTest {
  private static final int STEPS = 3;
  private static final int START = 0;
  private static final int END = 3;

  /** ln of the probabilities of the next token. */
  private static final double[][] NEXT = {
    {1e-9, 0.5, 0.2, 0.3}, {1e-9, 0.1, 0.8, 0.1}, {1e-9, 0.6, 0.1, 0.3}, {1e-9, 0.4, 0.3, 0.3}
  };

  private interface Decoding {
    int[][] run(GreedyDecoder decoder);
  }

  private static int[][] decode(int rows, Decoding decoding) {
    NetworkSpec spec =
        new NetworkSpec(
            InputSpec.tokens("text", STEPS, NEXT.length),
            List.of(LayerSpec.of("embedding", Map.of("dim", (long) NEXT.length))),
            LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY),
            NEXT.length);
    float[] table = new float[NEXT.length * NEXT.length];
    for (int i = 0; i < table.length; i++) {
      table[i] = (float) Math.log(NEXT[i / NEXT.length][i % NEXT.length]);
    }
    KernelProvider kernels = KernelProvider.choose(KernelProvider.Preference.PLAIN);
    try (Predictor predictor = new Predictor(spec, rows, kernels)) {
      predictor.setParameters(table);
      predictor.batch().setRows(rows);
      return decoding.run(new GreedyDecoder(spec, predictor, "text"));
    }
  }

  @Test
  void theMostProbableTokenIsTakenAndReadAgain() {
    assertThat(decode(2, d -> d.decode(START, END))).isEqualTo(new int[][] {{1, 2, 1}, {1, 2, 1}});
    assertThat(decode(1, d -> d.decode(3, 1))).isEqualTo(new int[][] {{1, 1, 1}}); // ends at once
  }

  @Test
  void tokensAreDrawnByTheirProbability() {
    int rows = 8000;
    int[][] drawn = decode(rows, d -> d.sample(START, END, 1, 7, 0));
    double[] first = new double[NEXT.length];
    double[] afterTwo = new double[NEXT.length];
    double twos = 0;
    for (int[] row : drawn) {
      first[row[0]]++;
      if (row[0] == 2) {
        twos++;
        afterTwo[row[1]]++;
      }
      assertThat(row[0] != END || (row[1] == END && row[2] == END)).isTrue();
    }
    for (int k = 1; k < NEXT.length; k++) { // five standard deviations
      assertThat(first[k] / rows).isEqualTo(NEXT[0][k], within(5 * Math.sqrt(0.25 / rows)));
      assertThat(afterTwo[k] / twos).isEqualTo(NEXT[2][k], within(5 * Math.sqrt(0.25 / twos)));
    }
    assertThat(first[0]).isZero();
  }

  @Test
  void drawsDependOnSeedAndRowAlone() {
    int[][] all = decode(20, d -> d.sample(START, END, 1, 7, 0));
    int[][] later = decode(8, d -> d.sample(START, END, 1, 7, 12));
    assertThat(later).isEqualTo(java.util.Arrays.copyOfRange(all, 12, 20));
    assertThat(decode(20, d -> d.sample(START, END, 1, 8, 0))).isNotEqualTo(all);
  }

  @Test
  void aSmallTemperatureTakesTheMostProbable() {
    assertThat(decode(50, d -> d.sample(START, END, 0.01, 7, 0)))
        .isEqualTo(decode(50, d -> d.decode(START, END)));
    assertThatThrownBy(() -> decode(1, d -> d.sample(START, END, 0, 7, 0)))
        .hasMessageContaining("temperature: expected a number above 0, found 0");
  }
}
