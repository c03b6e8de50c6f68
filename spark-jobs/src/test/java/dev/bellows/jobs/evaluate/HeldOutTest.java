package dev.bellows.jobs.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.metric.Metric;
import dev.bellows.engine.metric.MetricSet;
import dev.bellows.engine.model.Json;
import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.Initializers;
import dev.bellows.engine.nn.InputSpec;
import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.plan.Predictor;
import dev.bellows.engine.sample.Mix64;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.block.Block;
import dev.bellows.jobs.block.BlockReader;
import dev.bellows.jobs.block.DataShard;
import dev.bellows.jobs.block.PreparedData;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.source.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(SparkSessionExtension.class)
class HeldOutTest {
  @TempDir static Path folder;

  /** 2,400 rows: x0, x1, weight, a class of three, yes/no, a number. */
  private static RunConfig config(String target, String task, int units) throws IOException {
    Path csv = folder.resolve("rows.csv");
    if (!Files.exists(csv)) {
      StringBuilder text = new StringBuilder("x0,x1,w,kind,answer,y\n");
      for (int row = 0; row < 2400; row++) {
        double a = Mix64.unit(Mix64.mix(row));
        double b = Mix64.unit(Mix64.mix(row + 100_000L));
        text.append(
            String.format(
                Locale.ROOT,
                "%.4f,%.4f,%.2f,%s,%s,%.3f%n",
                a,
                b,
                0.5 + b,
                a + b < 0.7 ? "low" : a + b < 1.3 ? "mid" : "top",
                a > b ? "yes" : "no",
                100 + 7 * a - 3 * b));
      }
      Files.writeString(csv, text);
    }
    String ignored =
        List.of("kind", "answer", "y").stream()
            .filter(name -> !target.contains("name: " + name))
            .map(name -> "  " + name + ": {type: ignore}\n")
            .reduce("", String::concat);
    return ConfigLoader.parse(
            "version: 1\ntask: "
                + task
                + "\nseed: 5\ndata:\n  train: {format: csv, path: \""
                + csv
                + "\", header: true}\n  validation: {fraction: 0.5}\n  weight: w\nfeatures:\n"
                + ignored
                + "target: "
                + target
                + "\nmodel:\n  type: network\n  layers:\n    - {dense: {units: "
                + units
                + "}}\n"
                + "output: {dir: unused}\n")
        .config();
  }

  private static NetworkSpec spec(int outputs, LossKind loss) {
    return new NetworkSpec(
        InputSpec.numeric(2),
        List.of(LayerSpec.dense(8, Activation.TANH), LayerSpec.dense(outputs, Activation.LINEAR)),
        LossSpec.of(loss),
        outputs);
  }

  private static ScorePlan plan(NetworkSpec spec, PreparedData data, double threshold) {
    KernelProvider.Preference preference = KernelProvider.Preference.AUTO;
    return new ScorePlan(
        Json.compact(spec.toJson()),
        data.preprocess(),
        threshold,
        preference.name(),
        KernelProvider.choose(preference).id());
  }

  private static float[] parameters(NetworkSpec spec) {
    return Initializers.init(Network.layout(spec), 3);
  }

  @Test
  void a_failed_task_comes_out_unchecked_with_an_exit_code(SparkSession session) throws Exception {
    try (PreparedData data =
        PreparedData.prepare(
            session, config("{name: kind}", "classification", 3), folder.toString(), 2, 8)) {
      NetworkSpec spec = spec(3, LossKind.SOFTMAX_CROSS_ENTROPY);
      JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
      HeldOut heldOut = new HeldOut(spark, plan(spec, data, 0.5));
      JavaRDD<DataShard> own =
          data.validation().map(shard -> failing(new DataException("a file was replaced")));
      assertThatThrownBy(() -> heldOut.score(own, parameters(spec), List.of("accuracy")))
          .isInstanceOf(DataException.class);
      JavaRDD<DataShard> others =
          data.validation()
              .map(shard -> failing(new IllegalStateException("disk of the executor")));
      assertThatThrownBy(() -> heldOut.score(others, parameters(spec), List.of("accuracy")))
          .isInstanceOfSatisfying(
              BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CLUSTER))
          .hasMessageContaining("disk of the executor");
    }
  }

  private static DataShard failing(RuntimeException e) {
    throw e;
  }

  @Test
  void the_figures_are_those_of_one_machine_for_any_number_of_partitions(SparkSession session)
      throws Exception {
    try (PreparedData data =
        PreparedData.prepare(
            session, config("{name: kind}", "classification", 3), folder.toString(), 2, 8)) {
      NetworkSpec spec = spec(3, LossKind.SOFTMAX_CROSS_ENTROPY);
      ScorePlan plan = plan(spec, data, 0.5);
      HeldOut heldOut = new HeldOut(new JavaSparkContext(session.sparkContext()), plan);
      JavaRDD<DataShard> rows = data.validation();
      MetricSet local = MetricSet.classification(3, Metric.ofClassification(3));
      long count = 0;
      try (Predictor predictor = new Predictor(spec, 100, plan.kernels())) {
        predictor.setParameters(parameters(spec));
        float[] p = new float[300];
        for (DataShard shard : rows.collect()) {
          Block block = shard.block();
          for (int from = 0; from < block.rows(); from += 100) {
            int n = Math.min(100, block.rows() - from);
            new BlockReader(data.preprocess()).fill(block, null, from, n, predictor.batch());
            predictor.run();
            predictor.probabilities(p);
            for (int i = 0; i < n; i++) {
              local.add(p, i, block.labels()[from + i], block.weight(from + i));
              count++;
            }
          }
        }
      }
      assertThat(count).isEqualTo(1200);
      Evaluation first = heldOut.evaluate(rows, parameters(spec), heldOut.all());
      // Other batch sizes may pick other kernels: probabilities agree to float32 precision, the
      // ranking to a few ties.
      Map<String, Double> expected = new LinkedHashMap<>(local.result());
      // left to labels per position and to masks
      expected.keySet().removeAll(List.of("perplexity", "dice", "iou"));
      expected.forEach(
          (name, value) ->
              assertThat(first.metrics().get(name)).as(name).isCloseTo(value, within(1e-6)));
      for (int partitions : new int[] {1, 3, 7}) {
        Evaluation other =
            heldOut.evaluate(rows.repartition(partitions), parameters(spec), heldOut.all());
        assertThat(other.figures()).as("%d partitions", partitions).isEqualTo(first.figures());
        assertThat(other.confusion()).isDeepEqualTo(first.confusion());
        assertThat(other.perClass()).isEqualTo(first.perClass());
        assertThat(other.rows()).isEqualTo(1200);
      }
      assertThat(first.classNames()).containsExactlyElementsOf(data.preprocess().classes());
      assertThat(first.loss()).isCloseTo(first.metrics().get("log_loss"), within(1e-6));
      assertThat(first.curves()).hasSize(3);
    }
  }

  @Test
  void two_classes_by_one_output_two_outputs_or_a_margin(SparkSession session) throws Exception {
    try (PreparedData data =
        PreparedData.prepare(
            session,
            config("{name: answer, positive: \"no\"}", "classification", 1),
            folder.toString(),
            2,
            8)) {
      JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
      for (LossKind loss :
          List.of(LossKind.SIGMOID_CROSS_ENTROPY, LossKind.SOFTMAX_CROSS_ENTROPY, LossKind.HINGE)) {
        NetworkSpec spec = spec(loss == LossKind.SOFTMAX_CROSS_ENTROPY ? 2 : 1, loss);
        HeldOut heldOut = new HeldOut(spark, plan(spec, data, 0.5));
        Evaluation evaluation =
            heldOut.evaluate(data.validation(), parameters(spec), heldOut.all());
        assertThat(evaluation.classNames().get(1)).as("%s", loss).isEqualTo("no");
        assertThat(evaluation.metrics().get("auc")).as("%s", loss).isBetween(0.0, 1.0);
        assertThat(evaluation.undefined()).as("%s", loss).isEmpty();
        assertThat(evaluation.metrics().containsKey("log_loss")).isEqualTo(loss != LossKind.HINGE);
        double[][] matrix = evaluation.confusion();
        double right = matrix[0][0] + matrix[1][1];
        assertThat(evaluation.metrics().get("accuracy"))
            .isCloseTo(right / evaluation.weight(), within(1e-9));
        assertThat(evaluation.metrics().get("recall"))
            .isCloseTo(matrix[1][1] / (matrix[1][0] + matrix[1][1]), within(1e-9));
      }
      NetworkSpec spec = spec(1, LossKind.SIGMOID_CROSS_ENTROPY);
      Evaluation all =
          new HeldOut(spark, plan(spec, data, 0))
              .evaluate(data.validation(), parameters(spec), List.of("recall"));
      assertThat(all.metrics().get("recall")).isEqualTo(1);
    }
  }

  @Test
  void a_regression_is_measured_in_the_unit_of_the_data(SparkSession session) throws Exception {
    try (PreparedData data =
        PreparedData.prepare(
            session,
            config("{name: y, scale: standard}", "regression", 1),
            folder.toString(),
            2,
            8)) {
      NetworkSpec spec = spec(1, LossKind.MSE);
      HeldOut heldOut =
          new HeldOut(new JavaSparkContext(session.sparkContext()), plan(spec, data, 0.5));
      float[] zero = new float[Network.layout(spec).length()];
      Map<String, Double> figures = heldOut.score(data.validation(), zero, heldOut.all());
      // A network of zeros predicts the training mean: its error is the spread of y, about
      // 7/sqrt(12) and 3/sqrt(12).
      assertThat(figures.get("rmse")).isBetween(2.0, 2.4);
      // The weights prefer rows with a large x1, the fitted mean does not know weights.
      assertThat(figures.get("r2")).isCloseTo(0, within(0.05));
      assertThat(figures.get("loss")).isCloseTo(1, within(0.1));
    }
  }
}
