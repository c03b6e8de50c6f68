package dev.bellows.engine.classic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.RealData;
import dev.bellows.engine.sample.Philox;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

final class LeastSquaresTest {
  /**
   * scikit-learn 1.9.1 on diabetes.csv.gz: {@code m = LinearRegression().fit(X, y)}, {@code
   * m.coef_}; standardised with {@code (X - X.mean(0)) / X.std(0)} the intercept is 152.13348416.
   */
  private static final double[] COEFFICIENTS = {
    -0.03636122422362241,
    -22.85964809049837,
    5.6029620919237075,
    1.1168079933181834,
    -1.0899963340632273,
    0.7464504555142104,
    0.3720047150891394,
    6.53383193599034,
    68.48312496478826,
    0.2801169893214976
  };

  /** {@code Ridge(alpha=100).fit(Z, y).coef_} on the standardised columns. */
  private static final double[] RIDGE = {
    0.4361491309147126,
    -8.433067987951672,
    21.376606299061603,
    13.33689570542878,
    -2.0664972550847116,
    -3.707330020171665,
    -8.975943264764236,
    5.722825193768659,
    18.65143252806747,
    4.730399241064943
  };

  private record Table(double[] x, double[] y) {
    static Table diabetes() {
      List<String[]> csv = RealData.csv("diabetes/diabetes.csv.gz");
      double[] x = new double[csv.size() * 10];
      double[] y = new double[csv.size()];
      for (int row = 0; row < y.length; row++) {
        for (int i = 0; i < 10; i++) {
          x[row * 10 + i] = Double.parseDouble(csv.get(row)[i]);
        }
        y[row] = Double.parseDouble(csv.get(row)[10]);
      }
      return new Table(x, y);
    }

    Table standardised() {
      double[] z = x.clone();
      for (int i = 0; i < 10; i++) {
        int column = i;
        double mean = column(column).average().orElseThrow();
        double variance = column(column).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
        for (int row = 0; row < y.length; row++) {
          z[row * 10 + i] = (x[row * 10 + i] - mean) / Math.sqrt(variance);
        }
      }
      return new Table(z, y);
    }

    private DoubleStream column(int i) {
      return IntStream.range(0, y.length).mapToDouble(row -> x[row * 10 + i]);
    }

    double r2(LeastSquares line) {
      double mean = Arrays.stream(y).average().orElseThrow();
      double left = 0;
      double all = 0;
      for (int row = 0; row < y.length; row++) {
        left += Math.pow(y[row] - line.predict(x, row * 10), 2);
        all += Math.pow(y[row] - mean, 2);
      }
      return 1 - left / all;
    }
  }

  @Test
  @DisplayName(
      "TRN-39 normal equations on DB: R2 .5177, intercept 152.133 on standardised columns, weights of scikit-learn to 1e-9")
  void trn39Diabetes() {
    Table table = Table.diabetes();
    LeastSquares line = LeastSquares.fit(table.x(), table.y(), 10, 0);
    assertThat(line.weights()).containsExactly(COEFFICIENTS, within(1e-9));
    assertThat(line.intercept()).isCloseTo(-334.5671385187859, within(1e-7));
    assertThat(table.r2(line)).isCloseTo(0.5177484222203499, within(1e-12));
    Table scaled = table.standardised();
    LeastSquares centred = LeastSquares.fit(scaled.x(), scaled.y(), 10, 0);
    assertThat(centred.intercept()).isCloseTo(152.13348416289597, within(1e-9));
    assertThat(LeastSquares.fit(scaled.x(), scaled.y(), 10, 100).weights())
        .containsExactly(RIDGE, within(1e-9));
  }

  /** (X'X + lambda I) w - X'y of standardised columns and centred targets, the largest value. */
  private static double gap(Table z, double[] w, double lambda) {
    double mean = Arrays.stream(z.y()).average().orElseThrow();
    double[] gap = new double[10];
    for (int row = 0; row < z.y().length; row++) {
      double error = mean - z.y()[row];
      for (int i = 0; i < 10; i++) {
        error += z.x()[row * 10 + i] * w[i];
      }
      for (int i = 0; i < 10; i++) {
        gap[i] += error * z.x()[row * 10 + i];
      }
    }
    return IntStream.range(0, 10)
        .mapToDouble(i -> Math.abs(gap[i] + lambda * w[i]))
        .max()
        .orElse(0);
  }

  @Test
  @DisplayName(
      "REG-01 ridge on DB solves (X'X + lambda I) w = X'y to 1e-8; the norm falls from lambda 0 to 10")
  void reg01Ridge() {
    Table z = Table.diabetes().standardised();
    double before = Double.POSITIVE_INFINITY;
    for (double lambda : new double[] {0, 0.1, 0.5, 1, 2, 5, 10}) {
      double[] w = LeastSquares.fit(z.x(), z.y(), 10, lambda).weights();
      // X'X has values of 442 and an eigenvalue of 3.8: a gap of 1e-8 is an error of 3e-9 or less.
      assertThat(gap(z, w, lambda)).as("lambda %s", lambda).isLessThan(1e-8);
      double norm = Math.sqrt(Arrays.stream(w).map(v -> v * v).sum());
      assertThat(norm).isLessThan(before);
      before = norm;
    }
  }

  @Test
  void aLineIsFoundAgainExactly() {
    double[] x = new double[40 * 3];
    Arrays.setAll(x, i -> Philox.normal(1, i));
    double[] y = new double[40];
    Arrays.setAll(y, i -> 2 + x[i * 3] - 3 * x[i * 3 + 1] + 0.5 * x[i * 3 + 2]);
    LeastSquares line = LeastSquares.fit(x, y, 3, 0);
    assertThat(line.weights()).containsExactly(new double[] {1, -3, 0.5}, within(1e-12));
    assertThat(line.intercept()).isCloseTo(2, within(1e-12));
  }

  @Test
  void whatHasNoSingleSolutionIsRefusedUnlessPenalised() {
    double[] x = {1, 2, 2, 4, 3, 6, 4, 8};
    double[] y = {1, 2, 3, 4};
    assertThatThrownBy(() -> LeastSquares.fit(x, y, 2, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("column 1", "give a penalty above 0");
    assertThat(LeastSquares.fit(x, y, 2, 1e-6).predict(x, 4)).isCloseTo(3, within(1e-5));
    assertThatThrownBy(() -> LeastSquares.fit(x, y, 3, 0))
        .hasMessageContaining("got 8 numbers, 3 columns and 4 targets");
    assertThatThrownBy(() -> LeastSquares.fit(x, y, 2, -1)).hasMessageContaining("got -1.0");
  }
}
