package dev.bellows.engine.classic.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Golden numbers: scikit-learn 1.9.1; the expressions are quoted at each. */
class PrepareTest {
  private static final float N = Float.NaN;
  private static final Table X =
      new Table(
          new float[] {1, 2, N, 4, 2, N, 3, 4, N, 5, 6, 1, 4, 4, 4, N, 2, 9, 7, 4, 7, 1, N, 3}, 4);

  // SimpleImputer(strategy=s).fit(X).statistics_
  @Test
  @DisplayName("PRE-08 mean, median and mode equal scikit-learn's")
  void columnStatistics() {
    assertFill(Imputer.By.MEAN, 3.2, 4.2, 5, 3.2);
    assertFill(Imputer.By.MEDIAN, 2, 4, 5, 4);
    assertFill(Imputer.By.MODE, 2, 1, 3, 4);
    Table filled = Imputer.fit(X, X.allRows(), Imputer.By.MEDIAN).apply(X);
    assertThat(filled.get(1, 1)).isEqualTo(4);
    assertThat(filled.get(0, 0)).isEqualTo(1);
    // fitted on the first two rows only: column 2 knows one number
    assertThat(Imputer.fit(X, new int[] {0, 1}, Imputer.By.MEAN).fill())
        .containsExactly(1.5, 2, 3, 4);
    assertThat(Imputer.fit(X, new int[] {0}, Imputer.By.MODE).fill()[2]).isZero();
  }

  private static void assertFill(Imputer.By by, double... expected) {
    double[] fill = Imputer.fit(X, X.allRows(), by).fill();
    for (int c = 0; c < expected.length; c++) {
      assertThat(fill[c]).isCloseTo(expected[c], within(1e-12));
    }
  }

  // KNNImputer(n_neighbors=2).fit_transform(X)
  @Test
  @DisplayName("PRE-09 the mean of the two nearest rows equals scikit-learn's")
  void nearestRows() {
    Table filled = NeighbourImputer.fit(X, X.allRows(), 2).apply(X);
    assertThat(filled.x())
        .containsExactly(
            1, 2, 3.5f, 4, 2, 3, 3, 4, 3, 5, 6, 1, 4, 4, 4, 2.5f, 2, 9, 7, 4, 7, 1, 5, 3);
    Table alone = new Table(new float[] {N, N, N, N}, 4);
    assertThat(NeighbourImputer.fit(X, X.allRows(), 2).apply(alone).get(0, 2)).isEqualTo(5);
  }

  // TargetEncoder(target_type='continuous', smooth=2.0).fit(c, y).encodings_
  @Test
  void targetMeans() {
    int[] codes = {0, 0, 1, 1, 1, 2, 3, 3, 0, 1};
    float[] y = {1, 2, 3, 4, 9, 6, 7, 8, 0, 5};
    int[] rows = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    TargetEncoding fit = TargetEncoding.fit(codes, y, rows, 2);
    assertThat(fit.means()).containsExactly(2.4, 5, 5, 6);
    assertThat(fit.prior()).isEqualTo(4.5);
    assertThat(fit.of(7)).isEqualTo(4.5);
    int[] folds = {0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
    double[] encoded = TargetEncoding.outOfFold(codes, y, rows, folds, 2);
    // row 5 is the only one of its code: its fold's fit has never seen it
    assertThat(encoded[5]).isEqualTo((1 + 3 + 9 + 7 + 0) / 5.0);
    // row 0: fitted on rows 1, 3, 5, 7, 9; of its code row 1 with target 2
    assertThat(encoded[0]).isCloseTo((2 + 2 * 5.0) / 3, within(1e-12));
    assertThatThrownBy(() -> TargetEncoding.outOfFold(codes, y, rows, new int[10], 2))
        .hasMessageContaining("two inner folds");
  }

  /** A code for every row: encoded by its own target the label is given away, out of fold not. */
  @Test
  void outOfFoldEncodingDoesNotGiveTheLabelAway() {
    int n = 200;
    int[] codes = new int[n];
    float[] y = new float[n];
    int[] rows = new int[n];
    int[] folds = new int[n];
    for (int i = 0; i < n; i++) {
      codes[i] = i;
      rows[i] = i;
      y[i] = i % 3 == 0 ? 1 : 0;
      folds[i] = i % 5;
    }
    TargetEncoding leaky = TargetEncoding.fit(codes, y, rows, 1);
    assertThat(leaky.of(0)).isGreaterThan(leaky.of(1) + .3);
    double[] honest = TargetEncoding.outOfFold(codes, y, rows, folds, 1);
    assertThat(honest[0]).isCloseTo(honest[1], within(.01));
  }

  // KBinsDiscretizer(3, strategy=...).fit(y).bin_edges_: 0, 3, 6, 9 both ways
  @Test
  void bins() {
    Table y = new Table(new float[] {1, 2, 3, 4, 9, 6, 7, 8, 0, 5}, 1);
    for (Discretiser.By by : Discretiser.By.values()) {
      Discretiser bins = Discretiser.fit(y, y.allRows(), 3, by);
      assertThat(bins.edges()[0]).containsExactly(3, 6);
      assertThat(bins.bin(0, -5)).isZero();
      assertThat(bins.bin(0, 3)).isEqualTo(1);
      assertThat(bins.bin(0, 5.9)).isEqualTo(1);
      assertThat(bins.bin(0, 60)).isEqualTo(2);
      assertThat(bins.bin(0, Double.NaN)).isEqualTo(-1);
    }
    Table constant = new Table(new float[] {4, 4, 4}, 1);
    assertThat(Discretiser.fit(constant, constant.allRows(), 4, Discretiser.By.QUANTILE).bins(0))
        .isEqualTo(1);
  }

  @Test
  @DisplayName("PRE-17 indicators of all categories depend on each other, without one they don't")
  void indicators() {
    float[] all = new float[300];
    float[] dropped = new float[200];
    for (int row = 0; row < 100; row++) {
      int k = row * 7 % 3;
      all[row * 3 + k] = 1;
      if (k < 2) {
        dropped[row * 2 + k] = 1;
      }
    }
    Table three = new Table(all, 3);
    assertThat(ColumnScores.varianceInflation(three, three.allRows()))
        .containsOnly(Double.POSITIVE_INFINITY);
    Table two = new Table(dropped, 2);
    for (double v : ColumnScores.varianceInflation(two, two.allRows())) {
      assertThat(v).isBetween(1.0, 2.0);
    }
  }

  @Test
  void missingValuesAndSingleClassesAreRefused() {
    assertThatThrownBy(() -> ColumnScores.anova(X, new int[] {0, 1, 0, 1, 0, 1}, X.allRows()))
        .hasMessageContaining("column 0 has a missing value in row 2");
    assertThatThrownBy(() -> ColumnScores.anova(X, new int[6], X.allRows()))
        .hasMessageContaining("1 classes in 6 rows");
  }
}
