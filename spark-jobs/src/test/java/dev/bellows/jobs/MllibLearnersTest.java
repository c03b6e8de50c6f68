package dev.bellows.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.classic.LeastSquares;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.ml.classification.DecisionTreeClassificationModel;
import org.apache.spark.ml.classification.DecisionTreeClassifier;
import org.apache.spark.ml.evaluation.RegressionEvaluator;
import org.apache.spark.ml.feature.StandardScaler;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.ml.regression.LinearRegression;
import org.apache.spark.ml.regression.LinearRegressionModel;
import org.apache.spark.ml.tuning.CrossValidator;
import org.apache.spark.ml.tuning.CrossValidatorModel;
import org.apache.spark.ml.tuning.ParamGridBuilder;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.ExtendWith;

/** Catalogue rows whose learner is Spark MLlib's, or is compared with it. */
@ExtendWith(SparkSessionExtension.class)
final class MllibLearnersTest {
  private SparkSession spark;

  @BeforeEach
  void session(SparkSession session) {
    spark = session;
  }

  /** A CSV file with its columns {@code from} to {@code to} as one vector "features". */
  private Dataset<Row> table(String file, int from, int to) {
    Dataset<Row> rows =
        spark
            .read()
            .option("header", true)
            .option("inferSchema", true)
            .csv(RealData.file(file).toString())
            .coalesce(1);
    return new VectorAssembler()
        .setInputCols(Arrays.copyOfRange(rows.columns(), from, to))
        .setOutputCol("features")
        .transform(rows);
  }

  @Test
  @DisplayName("TRN-39 normal equations on DB agree with MLlib's LinearRegression to 1e-6")
  void trn39LinearRegression() {
    Dataset<Row> table = table("diabetes/diabetes.csv.gz", 0, 10).cache();
    LinearRegressionModel peer =
        new LinearRegression().setSolver("normal").setLabelCol("progression").fit(table);
    List<Row> rows = table.collectAsList();
    table.unpersist();
    double[] x = new double[rows.size() * 10];
    double[] y = new double[rows.size()];
    for (int row = 0; row < y.length; row++) {
      for (int i = 0; i < 10; i++) {
        x[row * 10 + i] = ((Number) rows.get(row).get(i)).doubleValue();
      }
      y[row] = ((Number) rows.get(row).get(10)).doubleValue();
    }
    LeastSquares line = LeastSquares.fit(x, y, 10, 0);
    assertThat(line.weights()).containsExactly(peer.coefficients().toArray(), within(1e-6));
    assertThat(line.intercept()).isCloseTo(peer.intercept(), within(1e-6));
    assertThat(peer.summary().r2()).isCloseTo(0.5177, within(1e-4));
  }

  /**
   * scikit-learn 1.9.1 on the columns standardised with their population deviation: {@code
   * -cross_val_score(Ridge(alpha=a), Z, y, cv=PredefinedSplit(np.arange(442) % 5),
   * scoring='neg_mean_squared_error').mean()}; {@code RidgeCV} with these folds chooses 1.
   */
  private static final double[][] RIDGE_PATH = {
    {0.1, 2960.128967319501},
    {1, 2958.312216700884},
    {100, 3007.744942778373}
  };

  @Test
  @EnabledIfEnvironmentVariable(
      named = "BELLOWS_LONG_TESTS",
      matches = "true",
      disabledReason = "fits 16 models: set BELLOWS_LONG_TESTS=true")
  @DisplayName(
      "REG-11 DB ridge path: MLlib's CrossValidator chooses scikit-learn's penalty, each error within .2 % of its")
  void reg11PenaltyByCrossValidation() {
    Dataset<Row> rows =
        table("diabetes/diabetes.csv.gz", 0, 10)
            .withColumn("fold", functions.expr("cast(monotonically_increasing_id() % 5 as int)"));
    Dataset<Row> scaled =
        new StandardScaler()
            .setInputCol("features")
            .setOutputCol("z")
            .setWithMean(true)
            .fit(rows)
            .transform(rows)
            .cache();
    LinearRegression ridge =
        new LinearRegression()
            .setSolver("normal")
            .setFeaturesCol("z")
            .setLabelCol("progression")
            .setStandardization(false);
    // MLlib divides the squares by 2 n of the 353.6 rows of four folds, and scales the targets to
    // deviation 1, which differs by some percent between the folds: 77.
    double[] penalties = Arrays.stream(RIDGE_PATH).mapToDouble(p -> p[0] * 77 / 353.6).toArray();
    CrossValidatorModel chosen =
        new CrossValidator()
            .setEstimator(ridge)
            .setEvaluator(new RegressionEvaluator().setMetricName("mse").setLabelCol("progression"))
            .setEstimatorParamMaps(
                new ParamGridBuilder().addGrid(ridge.regParam(), penalties).build())
            .setNumFolds(5)
            .setFoldCol("fold")
            .fit(scaled);
    scaled.unpersist();
    double[] errors = chosen.avgMetrics();
    for (int i = 0; i < errors.length; i++) {
      assertThat(errors[i]).isCloseTo(RIDGE_PATH[i][1], within(2e-3 * RIDGE_PATH[i][1]));
      assertThat(errors[1]).isLessThanOrEqualTo(errors[i]);
    }
    assertThat(((LinearRegressionModel) chosen.bestModel()).getRegParam()).isEqualTo(penalties[1]);
  }

  private static double accuracy(DecisionTreeClassificationModel tree, Dataset<Row> rows) {
    Dataset<Row> right = tree.transform(rows).filter("prediction = label");
    return (double) right.count() / rows.count();
  }

  @Test
  @DisplayName(
      "REG-14 BC tree: training accuracy rises to 1 with depth, held-out accuracy is best below depth 8")
  void reg14TreeDepth() {
    Dataset<Row> folds =
        table("wdbc/wdbc.csv", 2, 32)
            .withColumn("label", functions.expr("if(diagnosis = 'M', 1.0, 0.0)"))
            .withColumn("fold", functions.expr("pmod(xxhash64(id), 5)"))
            .cache();
    int[] depths = {1, 2, 3, 5, 12};
    List<Double> trained = new ArrayList<>();
    List<Double> heldOut = new ArrayList<>();
    for (int depth : depths) {
      double in = 0;
      double out = 0;
      for (int fold = 0; fold < 5; fold++) {
        Dataset<Row> train = folds.filter("fold <> " + fold);
        DecisionTreeClassificationModel tree =
            new DecisionTreeClassifier().setMaxDepth(depth).setMaxBins(256).setSeed(1).fit(train);
        in += accuracy(tree, train) / 5;
        out += accuracy(tree, folds.filter("fold = " + fold)) / 5;
      }
      trained.add(in);
      heldOut.add(out);
    }
    folds.unpersist();
    assertThat(trained).isSorted();
    assertThat(trained.get(4)).isEqualTo(1, within(1e-9));
    double best = heldOut.stream().mapToDouble(d -> d).max().orElseThrow();
    assertThat(heldOut.get(4)).as("held-out accuracy by depth " + heldOut).isLessThan(best);
    assertThat(best).isGreaterThan(0.92);
  }
}
