package dev.bellows.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.LocalTrainer.Samples;
import dev.bellows.engine.classic.prepare.ColumnScores;
import dev.bellows.engine.classic.prepare.Discretiser;
import dev.bellows.engine.classic.prepare.Imputer;
import dev.bellows.engine.classic.prepare.NeighbourImputer;
import dev.bellows.engine.classic.prepare.Table;
import dev.bellows.engine.sample.Distribution;
import dev.bellows.engine.sample.Mix64;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What preparation does to real tables. */
class PrepareCatalogueTest {
  private static Table standardised(Samples data) {
    float[] x = data.x().clone();
    for (int c = 0; c < data.width(); c++) {
      double mean = 0;
      double square = 0;
      for (int r = 0; r < data.rows(); r++) {
        mean += x[r * data.width() + c] / (double) data.rows();
      }
      for (int r = 0; r < data.rows(); r++) {
        square += Math.pow(x[r * data.width() + c] - mean, 2) / data.rows();
      }
      for (int r = 0; r < data.rows(); r++) {
        int at = r * data.width() + c;
        x[at] = (float) ((x[at] - mean) / Math.sqrt(square));
      }
    }
    return new Table(x, data.width());
  }

  @Test
  @DisplayName("PRE-08, PRE-09 cancer, 10 % removed: 5 nearest rows miss by less than the mean")
  void imputation() {
    Table whole = standardised(CatalogueData.breastCancer());
    float[] holes = whole.x().clone();
    for (int i = 0; i < holes.length; i++) {
      holes[i] = Mix64.unit(Mix64.mix(i)) < 0.1 ? Float.NaN : holes[i];
    }
    Table table = new Table(holes, whole.width());
    double byMean =
        miss(whole, table, Imputer.fit(table, table.allRows(), Imputer.By.MEAN).apply(table));
    double byNeighbours =
        miss(whole, table, NeighbourImputer.fit(table, table.allRows(), 5).apply(table));
    assertThat(byMean).isCloseTo(1.0, within(0.1));
    assertThat(byNeighbours).isLessThan(0.70).isLessThan(byMean);
  }

  private static double miss(Table whole, Table holes, Table filled) {
    double sum = 0;
    int n = 0;
    for (int i = 0; i < whole.x().length; i++) {
      if (Float.isNaN(holes.x()[i])) {
        sum += Math.pow(whole.x()[i] - filled.x()[i], 2);
        n++;
      }
    }
    return Math.sqrt(sum / n);
  }

  @Test
  @DisplayName("PRE-11 quartiles of the cancers' mean area hold 142 to 143 rows each")
  void quartiles() {
    Samples cancer = CatalogueData.breastCancer();
    Table table = new Table(cancer.x(), 30);
    Discretiser bins = Discretiser.fit(table, table.allRows(), 4, Discretiser.By.QUANTILE);
    int[] rows = new int[4];
    IntStream.range(0, 569).forEach(r -> rows[bins.bin(3, table.get(r, 3))]++);
    assertThat(rows).containsOnly(142, 143);
  }

  // numpy 2.4.6: diag(inv(corrcoef(X.T)))
  @Test
  @DisplayName("PRE-15 variance inflation of the diabetes columns, and the cancers' largest")
  void varianceInflation() {
    Table diabetes = new Table(CatalogueData.diabetes().x(), 10);
    double[] expected = {
      1.21730651,
      1.27807102,
      1.50943737,
      1.45942778,
      59.20251013,
      39.19336997,
      15.40215601,
      8.89098636,
      10.07596713,
      1.48462261
    };
    double[] found = ColumnScores.varianceInflation(diabetes, diabetes.allRows());
    for (int c = 0; c < 10; c++) {
      assertThat(found[c]).isCloseTo(expected[c], within(1e-4 * expected[c]));
    }
    Table cancer = new Table(CatalogueData.breastCancer().x(), 30);
    double[] inflation = ColumnScores.varianceInflation(cancer, cancer.allRows());
    assertThat(inflation[0])
        .isCloseTo(3806.1, within(0.5))
        .isEqualTo(Arrays.stream(inflation).max().orElse(0));
  }

  // scikit-learn 1.9.1: f_classif(iris), f_regression(diabetes)
  @Test
  @DisplayName("PRE-42 F of iris: 119.26, 49.16, 1180.16, 960.01")
  void analysisOfVariance() {
    Samples iris = CatalogueData.iris();
    // two rows of the UCI file differ from Fisher's paper, which the figures are of
    System.arraycopy(new float[] {4.9f, 3.1f, 1.5f, 0.2f}, 0, iris.x(), 34 * 4, 4);
    System.arraycopy(new float[] {4.9f, 3.6f, 1.4f, 0.1f}, 0, iris.x(), 37 * 4, 4);
    Table table = new Table(iris.x(), 4);
    ColumnScores scores = ColumnScores.anova(table, iris.labels(), table.allRows());
    double[] f = {119.26450218, 49.16004009, 1180.16118225, 960.0071468};
    for (int c = 0; c < 4; c++) {
      assertThat(scores.values()[c]).isCloseTo(f[c], within(1e-4 * f[c]));
    }
    assertThat(scores.best(2)).containsExactly(2, 3);
    Samples diabetes = CatalogueData.diabetes();
    Table columns = new Table(diabetes.x(), 10);
    ColumnScores lines = ColumnScores.correlation(columns, diabetes.target(), columns.allRows());
    assertThat(lines.values()[1]).isCloseTo(0.81742349, within(1e-5));
    assertThat(lines.p()[1]).isCloseTo(0.366429295, within(1e-6));
    assertThat(lines.values()[2]).isCloseTo(230.65376449, within(1e-2));
  }

  @Test
  @DisplayName("EVS-21 cancer and 30 columns of noise: 30 columns chosen hold 25 real ones or more")
  void selection() {
    Samples cancer = CatalogueData.breastCancer();
    float[] x = new float[569 * 60];
    for (int r = 0; r < 569; r++) {
      System.arraycopy(cancer.x(), r * 30, x, r * 60, 30);
      for (int c = 30; c < 60; c++) {
        x[r * 60 + c] = (float) Distribution.NORMAL.draw(5, r * 30L + c);
      }
    }
    Table table = new Table(x, 60);
    int[] chosen = ColumnScores.anova(table, cancer.labels(), table.allRows()).best(30);
    assertThat(Arrays.stream(chosen).filter(c -> c < 30).count()).isGreaterThanOrEqualTo(25);
  }

  @Test
  @DisplayName("EVS-08 pure noise: columns chosen outside the folds look good, inside they don't")
  void selectionOutsideTheFoldsLeaks() {
    double inside = 0;
    double outside = 0;
    for (int seed = 0; seed < 10; seed++) {
      float[] x = new float[100 * 5000];
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) Distribution.NORMAL.draw(100 + seed, i);
      }
      Table table = new Table(x, 5000);
      int[] labels = IntStream.range(0, 100).map(r -> r % 2).toArray();
      int[] chosenOnAll = ColumnScores.anova(table, labels, table.allRows()).best(20);
      for (int fold = 0; fold < 5; fold++) {
        int f = fold; // pairs of one row of each class stay together: every fold is balanced
        int[] train = IntStream.range(0, 100).filter(r -> r / 2 % 5 != f).toArray();
        int[] test = IntStream.range(0, 100).filter(r -> r / 2 % 5 == f).toArray();
        int[] chosen = ColumnScores.anova(table, labels, train).best(20);
        inside += accuracy(table, labels, train, test, chosen) / 50;
        outside += accuracy(table, labels, train, test, chosenOnAll) / 50;
      }
    }
    assertThat(inside).isCloseTo(0.5, within(0.05));
    assertThat(outside).isGreaterThan(0.8);
  }

  /** Of the class whose mean is nearer in the chosen columns. */
  private static double accuracy(
      Table table, int[] labels, int[] train, int[] test, int[] columns) {
    double[][] mean = new double[2][columns.length];
    for (int r : train) {
      for (int i = 0; i < columns.length; i++) {
        mean[labels[r]][i] += table.get(r, columns[i]) * 2.0 / train.length;
      }
    }
    double right = 0;
    for (int r : test) {
      double nearer = 0;
      for (int i = 0; i < columns.length; i++) {
        double v = table.get(r, columns[i]);
        nearer += Math.pow(v - mean[0][i], 2) - Math.pow(v - mean[1][i], 2);
      }
      right += (nearer > 0 ? 1 : 0) == labels[r] ? 1 : 0;
    }
    return right / test.length;
  }
}
