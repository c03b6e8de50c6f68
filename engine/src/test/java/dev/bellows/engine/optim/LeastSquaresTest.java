package dev.bellows.engine.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.RealData;
import dev.bellows.engine.optim.OptimizerSpec.Kind;
import java.util.List;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.CholeskyDecomposition;
import org.apache.commons.math3.linear.MatrixUtils;
import org.apache.commons.math3.linear.RealMatrix;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Full-batch descent on the diabetes data against closed forms. Features standardised, target
 * centred.
 */
class LeastSquaresTest {
  private double[][] x;
  private double[] y;

  @BeforeEach
  void load() {
    List<String[]> csv = RealData.csv("diabetes/diabetes.csv.gz");
    int n = csv.size();
    x = new double[n][10];
    y = new double[n];
    for (int c = 0; c <= 10; c++) {
      double mean = 0;
      for (String[] row : csv) {
        mean += Double.parseDouble(row[c]) / n;
      }
      double variance = 0;
      for (String[] row : csv) {
        variance += Math.pow(Double.parseDouble(row[c]) - mean, 2) / n;
      }
      for (int r = 0; r < n; r++) {
        double centred = Double.parseDouble(csv.get(r)[c]) - mean;
        if (c == 10) {
          y[r] = centred;
        } else {
          x[r][c] = centred / Math.sqrt(variance);
        }
      }
    }
  }

  private float[] descend(UpdateSpec spec, int steps) {
    float[] w = new float[10];
    UpdateRule rule = new UpdateRule(spec);
    float[][] slots = new float[rule.slots()][10];
    for (int step = 0; step < steps; step++) {
      double[] g = new double[10];
      for (int r = 0; r < y.length; r++) {
        double error = -y[r];
        for (int c = 0; c < 10; c++) {
          error += x[r][c] * w[c];
        }
        for (int c = 0; c < 10; c++) {
          g[c] += error * x[r][c];
        }
      }
      float[] f = new float[10];
      for (int c = 0; c < 10; c++) {
        f[c] = (float) g[c];
      }
      rule.apply(step + 1, spec.rate(step, 1, steps), y.length, 1f, w, f, slots, 0, 10, 0);
    }
    return w;
  }

  private double loss(double[] w) {
    double sum = 0;
    for (int r = 0; r < y.length; r++) {
      double error = -y[r];
      for (int c = 0; c < 10; c++) {
        error += x[r][c] * w[c];
      }
      sum += error * error;
    }
    return sum / (2 * y.length);
  }

  private double[] ridge(double lambda) {
    RealMatrix design = new Array2DRowRealMatrix(x, false);
    RealMatrix normal =
        design
            .transpose()
            .multiply(design)
            .add(MatrixUtils.createRealIdentityMatrix(10).scalarMultiply(lambda));
    return new CholeskyDecomposition(normal)
        .getSolver()
        .solve(MatrixUtils.createRealVector(design.transpose().operate(y)))
        .toArray();
  }

  private static UpdateSpec spec(double rate, double l1, double l2) {
    return new UpdateSpec(
        OptimizerSpec.of(Kind.SGD, rate),
        ScheduleSpec.constant(),
        l1,
        l2,
        0,
        0,
        NanPolicy.STOP,
        List.of(UpdateSpec.Range.trainable(0, 10, true)));
  }

  private static double[] wide(float[] w) {
    double[] wide = new double[w.length];
    for (int i = 0; i < w.length; i++) {
      wide[i] = w[i];
    }
    return wide;
  }

  @Test
  @DisplayName(
      "TRN-08 5,000 steps over the whole diabetes set: loss within 1e-6 of the closed form")
  void batch_gradient_descent() {
    double best = loss(ridge(0));
    assertThat(loss(wide(descend(spec(0.45, 0, 0), 5000))) / best - 1).isBetween(-1e-9, 1e-6);
  }

  @Test
  @DisplayName(
      "REG-01 ridge equals its closed form in float32 precision; the norm falls as lambda grows")
  void ridge_regression() {
    double norm = Double.POSITIVE_INFINITY;
    for (double lambda : new double[] {0.1, 1, 5, 10}) {
      double[] exact = ridge(lambda);
      // Sum of squares + lambda |w|^2, divided by n: the l2 of the mean gradient is lambda / n.
      float[] w = descend(spec(0.45, 0, lambda / y.length), 5000);
      double next = 0;
      for (int c = 0; c < 10; c++) {
        // Float32 weights of up to 40: the catalogue's 1e-8 needs double weights, which the shards
        // do not hold.
        assertThat((double) w[c]).isCloseTo(exact[c], within(2e-3));
        next += w[c] * w[c];
      }
      assertThat(next).isLessThan(norm);
      norm = next;
    }
  }

  // scikit-learn 1.9.1: [(Lasso(alpha=a, tol=1e-10,
  // max_iter=100000).fit(*load_diabetes(return_X_y=True)).coef_ != 0).sum()
  //   for a in (.1, .5, 1, 2)] -> 7, 4, 3, 2; its columns have norm 1, ours norm sqrt(n): alpha' =
  // alpha sqrt(n).
  @Test
  @DisplayName(
      "REG-02 lasso leaves 7, 4, 3, 2 non-zero coefficients for lambda 0.1, 0.5, 1, 2; the others are exactly 0")
  void lasso() {
    double[] lambdas = {0.1, 0.5, 1, 2};
    int[] expected = {7, 4, 3, 2};
    for (int i = 0; i < 4; i++) {
      float[] w = descend(spec(0.24, lambdas[i] * Math.sqrt(y.length), 0), 4000);
      int nonZero = 0;
      for (float value : w) {
        nonZero += value != 0 ? 1 : 0;
      }
      assertThat(nonZero).as("lambda %s", lambdas[i]).isEqualTo(expected[i]);
    }
    float[] w = descend(spec(0.24, Math.sqrt(y.length), 0), 4000);
    // Coefficients of that scikit-learn model for alpha = 1: bmi 367.7016, bp 6.3097, s5 307.6021
    assertThat(w[2] * Math.sqrt(y.length)).isCloseTo(367.7016, within(0.01));
    assertThat(w[8] * Math.sqrt(y.length)).isCloseTo(307.6021, within(0.01));
  }
}
