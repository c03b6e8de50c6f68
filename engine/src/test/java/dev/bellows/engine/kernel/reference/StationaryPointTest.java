package dev.bellows.engine.kernel.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.graph.Gradients;
import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.kernel.reference.StationaryPoint.Kind;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Shape;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

final class StationaryPointTest {
  private static final double TOLERANCE = 1e-8;

  private final Graph g = new Graph();
  private final Node x = g.input("x", DType.FLOAT32, Shape.of(2));
  private final ReferenceExecutor run = new ReferenceExecutor(g);

  /** a x^2 + b y^2. */
  private Node squares(double a, double b) {
    Node factors = g.constant(new double[] {a, b}, Shape.of(2));
    return g.reduceSum(g.mul(factors, g.mul(x, x)));
  }

  private StationaryPoint at(Node f, double... point) {
    run.bind(x, point);
    return StationaryPoint.of(g, f, List.of(x), run, TOLERANCE);
  }

  @Test
  @DisplayName("TRN-38 x^2 - y^2 from (1, 0): descent stops at a saddle of curvatures 2 and -2")
  void trn38Saddle() {
    Node f = squares(1, -1);
    Node gradient = Gradients.reverse(g, f, List.of(x)).get(x);
    double[] point = {1, 0};
    int steps = 0;
    double norm = Double.POSITIVE_INFINITY;
    while (norm > TOLERANCE && steps < 1000) {
      run.bind(x, point);
      double[] slope = run.value(gradient).clone();
      norm = Math.hypot(slope[0], slope[1]);
      for (int i = 0; i < 2; i++) {
        point[i] -= 0.1 * slope[i];
      }
      steps++;
    }
    assertThat(steps).isBetween(50, 200);
    StationaryPoint found = at(f, point);
    assertThat(found.kind()).isEqualTo(Kind.SADDLE);
    assertThat(found.gradientNorm()).isLessThan(TOLERANCE);
    assertThat(found.eigenvalues()).hasSize(2);
    assertThat(found.eigenvalues().get(0)).isCloseTo(2, within(1e-12));
    assertThat(found.eigenvalues().get(1)).isCloseTo(-2, within(1e-12));
    assertThat(at(f, 1, 0).kind()).isEqualTo(Kind.SLOPE);
  }

  @Test
  void minimumMaximumAndFlatPointsAreToldApart() {
    assertThat(at(squares(1, 3), 0, 0).kind()).isEqualTo(Kind.MINIMUM);
    assertThat(at(squares(-1, -3), 0, 0).kind()).isEqualTo(Kind.MAXIMUM);
    assertThat(at(squares(1, 0), 0, 5).kind()).isEqualTo(Kind.FLAT);
    Node fourth = g.reduceSum(g.pow(x, 4));
    assertThat(at(fourth, 0, 0).kind()).isEqualTo(Kind.FLAT);
  }

  /** Trace, sum of squares and determinant of a matrix are those of its eigenvalues. */
  @Test
  void eigenvaluesOfSymmetricMatricesKeepTraceNormAndDeterminant() {
    for (int n = 1; n <= 9; n++) {
      double[][] a = new double[n][n];
      double trace = 0;
      double squares = 0;
      for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++) {
          a[i][j] = Philox.normal(n, i * n + j);
          a[j][i] = a[i][j];
          squares += (i == j ? 1 : 2) * a[i][j] * a[i][j];
        }
        trace += a[i][i];
      }
      double product = 1;
      for (double value : StationaryPoint.eigenvalues(a)) {
        trace -= value;
        squares -= value * value;
        product *= value;
      }
      assertThat(trace).isCloseTo(0, within(1e-12 * n));
      assertThat(squares).isCloseTo(0, within(1e-11 * n));
      assertThat(product).isCloseTo(determinant(a), within(1e-9 * Math.abs(product)));
    }
  }

  /** By elimination with row exchanges. */
  private static double determinant(double[][] matrix) {
    int n = matrix.length;
    double result = 1;
    for (int k = 0; k < n; k++) {
      int best = k;
      for (int i = k + 1; i < n; i++) {
        best = Math.abs(matrix[i][k]) > Math.abs(matrix[best][k]) ? i : best;
      }
      double[] row = matrix[best];
      matrix[best] = matrix[k];
      matrix[k] = row;
      result *= best == k ? row[k] : -row[k];
      for (int i = k + 1; i < n; i++) {
        double factor = matrix[i][k] / row[k];
        for (int j = k; j < n; j++) {
          matrix[i][j] -= factor * row[j];
        }
      }
    }
    return result;
  }
}
