package dev.bellows.engine.classic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.sample.Mix64;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

class FunctionalAnovaTest {
  private static double[][] points(int n, int d) {
    double[][] points = new double[n][d];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < d; j++) {
        points[i][j] = Mix64.unit(Mix64.mix(i * 31L + j));
      }
    }
    return points;
  }

  private static FunctionalAnova fit(int n, int d, ToDoubleFunction<double[]> score) {
    double[][] points = points(n, d);
    double[] scores = new double[n];
    for (int i = 0; i < n; i++) {
      scores[i] = score.applyAsDouble(points[i]);
    }
    return FunctionalAnova.fit(points, scores, 32, 1);
  }

  /** f = x0 + 2 x1^2: variances 1/12 and 16/45, of 0.4389 in all; x2 has no part. */
  @Test
  void additive_settings_get_their_share_of_the_variance() {
    FunctionalAnova anova = fit(600, 3, x -> x[0] + 2 * x[1] * x[1]);
    double[] shares = anova.shares();
    double whole = 1 / 12.0 + 16 / 45.0;
    assertThat(shares[0]).isCloseTo(1 / 12.0 / whole, within(.04));
    assertThat(shares[1]).isCloseTo(16 / 45.0 / whole, within(.04));
    assertThat(shares[2]).isLessThan(.01);
    assertThat(anova.interaction(0, 1)).isLessThan(.05);
    for (double v : new double[] {.1, .5, .9, 1}) {
      assertThat(anova.marginal(1, v)).isCloseTo(.5 + 2 * v * v, within(.12));
    }
  }

  /** f = (x0 - 1/2)(x1 - 1/2): nothing alone, all together. */
  @Test
  void settings_that_matter_together() {
    FunctionalAnova anova = fit(600, 3, x -> (x[0] - .5) * (x[1] - .5));
    for (double share : anova.shares()) {
      assertThat(share).isLessThan(.1);
    }
    assertThat(anova.interaction(0, 1)).isGreaterThan(.75);
    assertThat(anova.interaction(0, 1)).isCloseTo(anova.interaction(1, 0), within(1e-9));
    assertThat(anova.interaction(0, 2)).isLessThan(.1);
  }

  /** f = 0 below 1/2, else 1 + (choice of three): x0 explains what its marginal does. */
  @Test
  void choices_and_steps() {
    FunctionalAnova anova = fit(400, 2, x -> x[0] < .5 ? 0 : 1 + Math.floor(3 * x[1]));
    // marginals: 0 or 2; 1/2 (1 + c): variances 1 and 1/6, of 1 + 1/6 + 1/6
    double[] shares = anova.shares();
    assertThat(shares[0]).isCloseTo(.75, within(.03));
    assertThat(shares[1]).isCloseTo(.125, within(.03));
    assertThat(anova.interaction(0, 1)).isCloseTo(.125, within(.03));
  }

  @Test
  void leaves_tile_the_cube_and_are_pure() {
    double[][] points = points(50, 3);
    double[] scores = new double[50];
    int[] once = new int[50];
    for (int i = 0; i < 50; i++) {
      scores[i] = Math.sin(20 * points[i][0]) + points[i][2];
      once[i] = 1;
    }
    List<BoxTree.Leaf> leaves = BoxTree.leaves(points, scores, once);
    assertThat(leaves.stream().mapToDouble(l -> l.volumeWithout(-1, -1)).sum())
        .isCloseTo(1, within(1e-12));
    assertThat(leaves).hasSize(50);
    for (int i = 0; i < 50; i++) {
      double[] p = points[i];
      double score = scores[i];
      assertThat(leaves)
          .filteredOn(l -> inside(l, p))
          .singleElement()
          .satisfies(l -> assertThat(l.value()).isCloseTo(score, within(1e-9)));
    }
  }

  private static boolean inside(BoxTree.Leaf leaf, double[] point) {
    boolean inside = true;
    for (int j = 0; j < point.length; j++) {
      inside &= leaf.low()[j] <= point[j] && point[j] < leaf.high()[j];
    }
    return inside;
  }

  @Test
  void equal_scores_explain_nothing_and_bad_trials_are_named() {
    assertThat(fit(20, 2, x -> .1).shares()).containsOnly(0);
    assertThatThrownBy(() -> fit(20, 2, x -> x[0] > .5 ? Double.NaN : 1))
        .hasMessageContaining("expected a finite score, found NaN in trial");
    double[][] outside = {{.5}, {1.5}};
    assertThatThrownBy(() -> FunctionalAnova.fit(outside, new double[2], 8, 1))
        .hasMessageContaining("[1.5] in trial 1");
  }
}
