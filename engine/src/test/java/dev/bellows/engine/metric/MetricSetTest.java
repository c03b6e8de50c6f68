package dev.bellows.engine.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MetricSetTest {
  private static final int[] Y = {0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 1, 0};
  private static final float[] S = {.1f, .4f, .35f, .8f, .8f, .4f, .65f, .9f, .2f, .35f, .5f, .05f};
  private static final float[] W = {1, 2, .5f, 1, 1.5f, .25f, 1, 3, 1, .75f, 1, 2};

  private static MetricSet binary(boolean weighted) {
    MetricSet set = MetricSet.classification(2, Metric.ofClassification(2));
    for (int i = 0; i < Y.length; i++) {
      set.add(S, 1, i, Y[i], weighted ? W[i] : 1);
    }
    return set;
  }

  // Golden: scikit-learn 1.9.1, numpy 2.4.6; y = Y, s = S as float32, w = W, p = s >= .5
  //   roc_auc_score(y, s[, sample_weight=w]); average_precision_score; log_loss; precision_score(y,
  // p); recall_score; f1_score
  @Test
  void binary_metrics_equal_scikit_learn() {
    Map<String, Double> plain = binary(false).result();
    close(plain, "auc", 0.8194444444444444);
    close(plain, "average_precision", 0.7662698412698412);
    assertThat(plain.get("log_loss"))
        .isCloseTo(0.5291159152984619, within(1e-7)); // scikit-learn sums float32 logs here
    close(plain, "precision", 0.8);
    close(plain, "recall", 0.6666666666666666);
    close(plain, "f1", 0.7272727272727273);
    close(plain, "accuracy", 0.75);
    close(plain, "error", 0.25);
    Map<String, Double> weighted = binary(true).result();
    close(weighted, "auc", 0.892361111111111);
    close(weighted, "average_precision", 0.8991970991970992);
    assertThat(weighted.get("log_loss")).isCloseTo(0.44156945298115413, within(1e-7));
    close(weighted, "precision", 0.8666666666666667);
    close(weighted, "recall", 0.7222222222222222);
    close(weighted, "f1", 0.7878787878787878);
    close(weighted, "accuracy", 0.7666666666666667);
    assertThat(binary(true).confusion()).isDeepEqualTo(new double[][] {{5, 1}, {2.5, 6.5}});
  }

  private static void close(Map<String, Double> result, String key, double expected) {
    assertThat(result.get(key)).as(key).isCloseTo(expected, within(1e-12));
  }

  // Golden: scikit-learn 1.9.1; p = P.argmax(1); precision_score(Y, p, average=...), ...;
  // log_loss(Y, P as float64);
  //   mean([roc_auc_score(Y == k, P[:, k]) for k in range(3)]); average_precision_score(eye(3)[Y],
  // P, average='macro')
  @Test
  void three_classes_equal_scikit_learn() {
    int[] y = {0, 1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0};
    float[] p = {
      .7f, .2f, .1f, .1f, .6f, .3f, .2f, .2f, .6f, .5f, .3f, .2f, .3f, .3f, .4f, .9f, .05f, .05f,
      .4f, .5f, .1f, .25f, .5f, .25f, .1f, .1f, .8f, .05f, .15f, .8f, .2f, .7f, .1f, .6f, .3f, .1f
    };
    MetricSet set = MetricSet.classification(3, Metric.ofClassification(3));
    for (int i = 0; i < y.length; i++) {
      set.add(p, i, y[i], 1);
    }
    Map<String, Double> result = set.result();
    for (String key : List.of("precision", "recall", "f1")) {
      for (String average : List.of("macro", "micro", "weighted")) {
        close(result, key + "_" + average, 0.75);
      }
    }
    close(result, "accuracy", 0.75);
    assertThat(result.get("log_loss")).isCloseTo(0.6016935707213508, within(1e-8));
    close(result, "auc", 0.9322916666666666);
    close(result, "average_precision", 0.8910714285714286);
    assertThat(set.perClass()).extracting(ClassScores::support).containsExactly(4.0, 4.0, 4.0);
  }

  @Test
  void averages_by_hand_for_an_uneven_matrix() {
    // true 0: 3 right, 1 as class 1; true 1: 1 right, 1 as class 0; class 2 neither occurs nor is
    // predicted.
    MetricSet set =
        MetricSet.classification(
            3, List.of("precision_macro", "recall_macro", "f1_macro", "f1_weighted", "f1_micro"));
    int[][] rows = {{0, 0}, {0, 0}, {0, 0}, {0, 1}, {1, 1}, {1, 0}};
    for (int[] row : rows) {
      float[] p = new float[3];
      p[row[1]] = 1;
      set.add(p, 0, row[0], 1);
    }
    Map<String, Double> result = set.result();
    close(result, "precision_macro", (3.0 / 4 + 1.0 / 2) / 2);
    close(result, "recall_macro", (3.0 / 4 + 1.0 / 2) / 2);
    close(result, "f1_macro", (6.0 / 8 + 2.0 / 4) / 2);
    close(result, "f1_weighted", (4 * 6.0 / 8 + 2 * 2.0 / 4) / 6);
    close(result, "f1_micro", 4.0 / 6);
    assertThat(set.perClass().get(2).f1()).isNaN();
  }

  // Golden: scikit-learn 1.9.1: mean_absolute_error, mean_squared_error, root_mean_squared_error,
  // r2_score.
  @Test
  void regression_equals_scikit_learn() {
    float[] target = {3, -.5f, 2, 7, 4.25f};
    float[] predicted = {2.5f, 0, 2, 8, 4.5f};
    float[] weight = {1, 2, .5f, 1, 3};
    MetricSet plain = MetricSet.regression(1, Metric.ofRegression());
    MetricSet weighted = plain.fresh();
    for (int i = 0; i < 5; i++) {
      plain.add(predicted, i, target, 1);
      weighted.add(predicted, i, target, weight[i]);
    }
    close(plain.result(), "mae", 0.45);
    close(plain.result(), "mse", 0.3125);
    close(plain.result(), "rmse", 0.5590169943749475);
    close(plain.result(), "r2", 0.9491042345276873);
    close(weighted.result(), "mae", 0.43333333333333335);
    close(weighted.result(), "mse", 0.25833333333333336);
    close(weighted.result(), "rmse", 0.5082650227325636);
    close(weighted.result(), "r2", 0.9575846027547205);
    MetricSet two = MetricSet.regression(2, Metric.ofRegression());
    float[] targets = {.5f, 1, -1, 1, 7, -6};
    float[] outputs = {0, 2, -1, 2, 8, -5};
    for (int i = 0; i < 3; i++) {
      two.add(outputs, i, targets, 1);
    }
    close(two.result(), "mae", 0.75);
    close(two.result(), "mse", 0.7083333333333334);
    close(two.result(), "rmse", 0.8227486121839513);
    close(two.result(), "r2", 0.9368005266622779);
  }

  @Test
  void r2_survives_a_mean_far_above_the_spread() {
    float[] target = {1_000_000, 1_000_001, 1_000_002, 1_000_003};
    float[] predicted = {1_000_000, 1_000_001, 1_000_002, 1_000_004};
    MetricSet set = MetricSet.regression(1, List.of("r2"));
    for (int i = 0; i < 4; i++) {
      set.add(predicted, i, target, 1);
    }
    close(set.result(), "r2", 1 - 1.0 / 5);
  }

  @Test
  void any_partitioning_and_order_gives_the_same_bits() throws Exception {
    int n = 2000;
    for (long seed = 1; seed <= 12; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      int classes = seed % 3 == 0 ? 2 : 4;
      boolean weighted = seed % 2 == 0;
      float[] p = new float[n * classes];
      int[] y = new int[n];
      float[] w = new float[n];
      for (int i = 0; i < n; i++) {
        for (int k = 0; k < classes; k++) {
          p[i * classes + k] = random.nextInt(50) / 50f; // many ties
        }
        y[i] = random.nextInt(classes);
        w[i] = weighted ? (float) random.nextDouble() * 3 : 1;
      }
      MetricSet whole = MetricSet.classification(classes, Metric.ofClassification(classes));
      for (int i = 0; i < n; i++) {
        whole.add(p, i, y[i], w[i]);
      }
      List<MetricSet> parts = new ArrayList<>();
      for (int k = 1 + random.nextInt(9); k > 0; k--) {
        parts.add(whole.fresh());
      }
      for (int i = n - 1; i >= 0; i--) {
        parts.get(random.nextInt(parts.size())).add(p, i, y[i], w[i]);
      }
      MetricSet merged = whole.fresh();
      while (!parts.isEmpty()) {
        merged.merge(copy(parts.remove(random.nextInt(parts.size()))));
      }
      assertThat(merged.result()).as("seed %d", seed).isEqualTo(whole.result());
      assertThat(merged.confusion()).isDeepEqualTo(whole.confusion());
      assertThat(merged.rows()).isEqualTo(n);
      assertThat(merged.curve(1, 40)).isDeepEqualTo(whole.curve(1, 40));
    }
  }

  @Test
  void any_partitioning_of_a_regression_gives_the_same_bits() throws Exception {
    int n = 3000;
    SplittableRandom random = new SplittableRandom(5);
    float[] f = new float[n];
    float[] y = new float[n];
    float[] w = new float[n];
    for (int i = 0; i < n; i++) {
      y[i] = (float) (random.nextDouble() * 1e4);
      f[i] = (float) (y[i] + random.nextDouble());
      w[i] = (float) random.nextDouble();
    }
    MetricSet whole = MetricSet.regression(1, Metric.ofRegression());
    MetricSet a = whole.fresh();
    MetricSet b = whole.fresh();
    for (int i = 0; i < n; i++) {
      whole.add(f, i, y, w[i]);
      (random.nextBoolean() ? a : b).add(f, i, y, w[i]);
    }
    assertThat(copy(b).merge(a).result()).isEqualTo(whole.result());
    assertThat(a.merge(b).result()).isEqualTo(whole.result());
  }

  private static MetricSet copy(MetricSet set) throws IOException, ClassNotFoundException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(set);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return (MetricSet) in.readObject();
    }
  }

  @Test
  void a_metric_without_a_value_says_why_and_is_not_one_half() {
    MetricSet set =
        MetricSet.classification(
            2, List.of("auc", "average_precision", "precision", "recall", "accuracy"));
    assertThat(set.result().values()).allMatch(v -> v.isNaN());
    assertThat(set.undefined()).containsEntry("auc", "no rows");
    set.add(new float[] {0.2f}, 1, 0, 0, 1);
    set.add(new float[] {0.3f}, 1, 0, 0, 1);
    assertThat(set.result().get("auc")).isNaN();
    assertThat(set.result().get("accuracy")).isEqualTo(1);
    assertThat(set.undefined())
        .containsEntry("auc", "only one class among the rows")
        .containsEntry("precision", "no row was predicted as the positive class")
        .containsEntry("recall", "no row of the positive class")
        .doesNotContainKey("accuracy");
    MetricSet constant = MetricSet.regression(1, Metric.ofRegression());
    for (int i = 0; i < 3; i++) {
      constant.add(new float[] {i}, 0, new float[] {0.1f}, 0.3f);
    }
    assertThat(constant.result().get("r2")).isNaN();
    assertThat(constant.undefined()).containsOnly(Map.entry("r2", "the target is constant"));
  }

  @Test
  void a_non_finite_output_makes_every_metric_undefined() {
    MetricSet set = binary(false);
    set.add(new float[] {Float.NaN}, 1, 0, 1, 1);
    assertThat(set.result().values()).allMatch(v -> v.isNaN());
    assertThat(set.undefined()).containsEntry("accuracy", "1 of 13 rows have a non-finite output");
  }

  @Test
  void log_loss_is_clipped_at_the_precision_of_float32() {
    MetricSet set = MetricSet.classification(2, List.of("log_loss"));
    set.add(new float[] {1}, 1, 0, 0, 1);
    assertThat(set.result().get("log_loss")).isCloseTo(23 * Math.log(2), within(1e-12));
  }

  @Test
  void the_threshold_of_two_classes_moves_the_decision_and_not_the_ranking() {
    MetricSet low = MetricSet.binary(0.35, Metric.ofClassification(2));
    for (int i = 0; i < Y.length; i++) {
      low.add(S, 1, i, Y[i], 1);
    }
    assertThat(low.confusion()).isDeepEqualTo(new double[][] {{3, 3}, {0, 6}});
    assertThat(low.result().get("auc")).isEqualTo(binary(false).result().get("auc"));
    assertThatThrownBy(() -> MetricSet.binary(1.5, java.util.List.of("auc")))
        .hasMessageContaining("threshold");
  }

  @Test
  void ties_count_one_half_and_signed_zeros_tie() {
    MetricSet set = MetricSet.classification(2, List.of("auc"));
    set.add(new float[] {-0.0f}, 1, 0, 1, 1);
    set.add(new float[] {0.0f}, 1, 0, 0, 1);
    assertThat(set.result().get("auc")).isEqualTo(0.5);
  }

  @Test
  void wrong_calls_are_named() {
    assertThatThrownBy(() -> MetricSet.classification(2, List.of("acuracy")))
        .hasMessageStartingWith("metric: expected one of [accuracy,");
    assertThatThrownBy(() -> MetricSet.classification(3, List.of("f1")))
        .hasMessageContaining("f1_macro");
    assertThatThrownBy(() -> MetricSet.regression(1, List.of("auc")))
        .hasMessageContaining("[mae, mse, rmse, r2]");
    MetricSet set = MetricSet.classification(2, List.of("accuracy"));
    assertThatThrownBy(() -> set.add(new float[2], 0, 2, 1))
        .hasMessage("label: expected 0..1, found 2");
    assertThatThrownBy(() -> set.add(new float[2], 0, 1, -1)).hasMessageContaining("weight");
    assertThatThrownBy(() -> set.merge(MetricSet.classification(2, List.of("error"))))
        .hasMessageContaining("metric sets");
    assertThatThrownBy(() -> MetricSet.classification(5000, List.of("f1_macro")))
        .hasMessageContaining("at most 2048 classes");
    MetricSet many = MetricSet.classification(5000, List.of("accuracy", "log_loss"));
    float[] p = new float[5000];
    p[4999] = 1;
    many.add(p, 0, 4999, 1);
    assertThat(many.result().get("accuracy")).isEqualTo(1);
    assertThat(many.perClass()).isEmpty();
  }
}
