package dev.bellows.engine.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.sample.Philox;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

final class CtcDecoderTest {
  private static final int STEPS = 5;
  private static final int CLASSES = 3;

  private static float[][] random(long seed) {
    float[][] x = new float[STEPS][CLASSES];
    for (int t = 0; t < STEPS; t++) {
      double sum = 0;
      for (int k = 0; k < CLASSES; k++) {
        x[t][k] = 2 * Philox.normal(seed, (long) t * CLASSES + k);
        sum += Math.exp(x[t][k]);
      }
      for (int k = 0; k < CLASSES; k++) {
        x[t][k] -= (float) Math.log(sum);
      }
    }
    return x;
  }

  /** The labels of largest summed probability over all paths; blank is 0. */
  private static List<Integer> bruteForce(float[][] x) {
    Map<List<Integer>, Double> sums = new HashMap<>();
    for (int path = 0; path < Math.pow(CLASSES, STEPS); path++) {
      int rest = path;
      double logP = 0;
      int before = 0;
      List<Integer> labels = new ArrayList<>();
      for (float[] step : x) {
        int k = rest % CLASSES;
        rest /= CLASSES;
        logP += step[k];
        if (k != 0 && k != before) {
          labels.add(k);
        }
        before = k;
      }
      sums.merge(labels, Math.exp(logP), Double::sum);
    }
    return sums.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow().getKey();
  }

  @Test
  @DisplayName("SEQ-19 CTC decoding: a wide beam finds the most probable labels of all")
  void wideBeamIsExact() {
    int greedyMisses = 0;
    for (long seed = 1; seed <= 200; seed++) {
      float[][] x = random(seed);
      List<Integer> best = bruteForce(x);
      assertThat(CtcDecoder.beam(x, 0, 1000)).as("seed %d", seed).isEqualTo(best);
      greedyMisses += CtcDecoder.greedy(x, 0).equals(best) ? 0 : 1;
    }
    assertThat(greedyMisses).as("greedy is not the same thing").isPositive();
  }

  @Test
  void greedyJoinsRepeatsAndDropsBlanks() {
    float[][] x = new float[7][3];
    int[] path = {1, 1, 0, 1, 2, 2, 0};
    for (int t = 0; t < path.length; t++) {
      x[t][path[t]] = 1;
    }
    assertThat(CtcDecoder.greedy(x, 0)).containsExactly(1, 1, 2);
    assertThatThrownBy(() -> CtcDecoder.beam(x, 0, 0)).hasMessageContaining("1 or more, got 0");
  }
}
