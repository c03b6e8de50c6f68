package dev.bellows.jobs.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.model.ModelContents;
import dev.bellows.engine.model.ModelFolder;
import dev.bellows.engine.model.Provenance;
import dev.bellows.engine.model.WeightSegment;
import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.Initializers;
import dev.bellows.engine.nn.InputSpec;
import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.ParameterLayout;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.sample.Mix64;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.block.PreparedData;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.evaluate.Evaluator;
import dev.bellows.jobs.evaluate.StoredModel;
import dev.bellows.jobs.table.Preprocess;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(SparkSessionExtension.class)
class PredictJobTest {
  private static final int ROWS = 1300; // neither a multiple of a batch nor of the partitions
  private static final int NUMBERS = 13;

  @TempDir Path dir;
  private SparkSession session;
  private final List<String> said = new ArrayList<>();

  @BeforeEach
  void model(SparkSession spark) throws Exception {
    session = spark;
    Files.writeString(dir.resolve("train.csv"), table(200, false));
    RunConfig config =
        ConfigLoader.parse(
                "version: 1\ntask: classification\nseed: 7\ndata:\n  train: {format: csv, path: "
                    + dir.resolve("train.csv")
                    + "}\ntarget: {name: y}\nmodel: {type: logistic}\n")
            .config();
    try (PreparedData data = PreparedData.prepare(session, config, "", 2, 4)) {
      Preprocess preprocess = data.preprocess();
      InputSpec input =
          new InputSpec(
              preprocess.numericWidth(),
              preprocess.categories().stream()
                  .map(
                      c ->
                          new InputSpec.Categorical(
                              c.name(), c.cardinality(), Math.max(1, c.embeddingDim())))
                  .toList(),
              0);
      NetworkSpec spec =
          new NetworkSpec(
              input,
              List.of(
                  LayerSpec.dense(61, Activation.TANH),
                  LayerSpec.dense(33, Activation.GELU),
                  LayerSpec.dense(3, Activation.LINEAR)),
              LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY),
              3);
      ParameterLayout layout = Network.layout(spec);
      List<WeightSegment> segments = new ArrayList<>();
      for (Segment s : layout.segments()) {
        segments.add(new WeightSegment(s.name(), s.shape().dims(), s.offset(), s.length()));
      }
      ModelFolder.write(
          dir.resolve("model"),
          new ModelContents(
              "classification",
              new LinkedHashMap<>(spec.toJson()),
              new LinkedHashMap<>(preprocess.toJson()),
              new Provenance("0".repeat(64), "0".repeat(64), 7, "any", Map.of()),
              Initializers.init(layout, 7),
              segments,
              "# test\n"));
    }
  }

  /** {@code news}: every fifth row has a colour that is not among the training rows. */
  private static String table(int rows, boolean news) {
    StringBuilder csv = new StringBuilder();
    for (int i = 0; i < NUMBERS; i++) {
      csv.append('x').append(i).append(',');
    }
    csv.append("colour,y\n");
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < NUMBERS; i++) {
        csv.append(String.format(Locale.ROOT, "%.6f,", Mix64.unit(Mix64.mix(row * 31L + i))));
      }
      csv.append(news && row % 5 == 0 ? "violet" : List.of("red", "green", "blue").get(row % 3));
      csv.append(",c").append(Math.floorMod(Mix64.mix(row), 3)).append('\n');
    }
    return csv.toString();
  }

  private Console console() {
    return (Console)
        Proxy.newProxyInstance(
            Console.class.getClassLoader(),
            new Class<?>[] {Console.class},
            (proxy, method, arguments) -> {
              said.add(method.getName() + " " + Arrays.toString(arguments));
              return null;
            });
  }

  private RunConfig predict(String out, String more) {
    return ConfigLoader.parse(
            "version: 1\nmodel_path: "
                + dir.resolve("model")
                + "\ndata:\n  input: {format: csv, path: "
                + dir.resolve("new.csv")
                + "}\npredict: {columns: [prediction, probability]"
                + more
                + "}\noutput: {dir: "
                + dir.resolve(out)
                + "}\n")
        .config();
  }

  @Test
  void partitionsDoNotChangeOneBit() throws Exception {
    Files.writeString(dir.resolve("new.csv"), table(ROWS, false));
    Dataset<Row> table =
        session.read().option("header", "true").csv(dir.resolve("new.csv").toString());
    List<Row> rows = table.collectAsList();
    StoredModel model = StoredModel.open(dir.resolve("model"));
    List<String> first = List.of();
    for (int partitions : new int[] {1, 3, 7, 40}) {
      Dataset<Row> input =
          session.createDataFrame(
              new JavaSparkContext(session.sparkContext()).parallelize(rows, partitions),
              table.schema());
      assertThat(input.rdd().getNumPartitions()).isEqualTo(partitions);
      List<String> out = new ArrayList<>();
      for (Row row :
          PredictJob.predict(
                  session,
                  model,
                  input,
                  List.of("x0"),
                  List.of("prediction", "probability", "score"),
                  false,
                  session.sparkContext().longAccumulator())
              .collectAsList()) {
        out.add(row.toString()); // the decimal form of a float names its bits
      }
      first = first.isEmpty() ? out : first;
      assertThat(out).hasSize(ROWS).as("%d partitions", partitions).isEqualTo(first);
    }
  }

  @Test
  void fault_61_newCategoriesAreCountedForTheUser() throws Exception {
    Files.writeString(dir.resolve("new.csv"), table(100, true));
    assertThat(PredictJob.run(session, predict("bucket", ""), console())).isEqualTo(100);
    assertThat(said).anyMatch(s -> s.startsWith("warn [20 category cells have a value"));
    said.clear();
    RunConfig evaluate =
        ConfigLoader.parse(
                "version: 1\nmodel_path: "
                    + dir.resolve("model")
                    + "\ndata:\n  test: {format: csv, path: "
                    + dir.resolve("new.csv")
                    + "}\nevaluate: {metrics: [accuracy]}\noutput: {dir: "
                    + dir.resolve("evaluated")
                    + "}\n")
            .config();
    assertThat(Evaluator.run(session, evaluate, console())).containsKey("accuracy");
    assertThat(said).anyMatch(s -> s.startsWith("warn [20 category cells have a value"));
  }

  @Test
  void fault_61_newCategoriesFailWhenAskedTo() throws Exception {
    Files.writeString(dir.resolve("new.csv"), table(100, true));
    assertThatThrownBy(
            () -> PredictJob.run(session, predict("f", ", on_unknown_category: fail"), console()))
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.DATA))
        .hasMessageContaining("colour")
        .hasMessageContaining("violet")
        .hasMessageContaining("on_unknown_category");
    Files.writeString(dir.resolve("new.csv"), table(100, false));
    assertThat(PredictJob.run(session, predict("known", ", on_unknown_category: fail"), console()))
        .isEqualTo(100);
    assertThat(said).noneMatch(s -> s.startsWith("warn"));
  }
}
