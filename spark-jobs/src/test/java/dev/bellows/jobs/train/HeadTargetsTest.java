package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.sample.Mix64;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.api.BellowsModel;
import dev.bellows.jobs.config.ConfigException;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.evaluate.Evaluator;
import dev.bellows.jobs.predict.PredictJob;
import dev.bellows.jobs.source.DataException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Networks that learn several columns at once, from files to predictions; the rows are drawn. */
@ExtendWith(SparkSessionExtension.class)
class HeadTargetsTest {
  @TempDir Path temp;

  private static int draw(long seed, int n) {
    return Math.floorMod(Mix64.mix(seed), n);
  }

  private TrainOutcome train(SparkSession session, String name, String yaml, String... sets) {
    return TestRuns.train(session, temp.resolve(name), yaml, sets);
  }

  private Dataset<Row> predict(SparkSession session, String model, String source, String more) {
    Path out = temp.resolve(model + "-out");
    String yaml =
        "version: 1\nmodel_path: %s/model\ndata: {input: %s}\npredict: {%s}\noutput: {dir: %s, mode: overwrite}\n"
            .formatted(temp.resolve(model), source, more, out);
    PredictJob.run(session, ConfigLoader.parse(yaml, List.of()).config(), new RecordingConsole());
    return session.read().parquet(out + "/predictions").orderBy("row");
  }

  /** Orders: what is wanted, and which words say where from and where to. */
  private static String orders(int rows, long seed) {
    String[] towns = {"rome", "new york", "paris"};
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < rows; i++) {
      boolean flight = draw(seed + 3L * i, 2) == 0;
      String from = towns[draw(seed + 3L * i + 1, 3)];
      String to = towns[draw(seed + 3L * i + 2, 3)];
      lines.append(flight ? "fly" : "price").append(" from ").append(from).append(" to ");
      lines.append(to).append("\tO O ").append(tags(from, "from")).append(" O ");
      lines.append(tags(to, "to")).append('\t').append(flight ? "flight" : "fare").append('\n');
    }
    return lines.toString();
  }

  private static String tags(String town, String type) {
    return "B-" + type + (town.contains(" ") ? " I-" + type : "");
  }

  private static final String PATTERN = "'(?<text>[^\\t]*)\\t(?<slots>[^\\t]*)\\t(?<intent>.*)'";

  private static String joint(Path train) {
    return """
        version: 1
        task: classification
        seed: 3
        data:
          train: {format: text, path: "%s", pattern: %s}
          validation: {fraction: 0.2}
        target: {name: intent}
        targets: {slots: {task: tagging}}
        model:
          type: network
          layers:
            - {embedding: {dim: 12, name: words}}
            - {gru: {units: 16, inputs: [words, text.length], name: read}}
            - {dense: {units: auto, name: tags}}
            - {time_pool: {kind: max, inputs: [read, text.length]}}
            - {dense: {units: auto}}
          heads: [{name: slots, layer: tags, target: slots, weight: 2.0}]
        trainer: {epochs: 8, batch_size: 16, optimizer: {adam: {learning_rate: 0.02}}}
        output: {dir: unused}
        """
        .formatted(train, PATTERN);
  }

  @Test
  void aClassAndTagsAreLearntTogether(SparkSession session) throws Exception {
    Path file = Files.writeString(temp.resolve("orders.tsv"), orders(400, 11));
    TrainOutcome one = train(session, "one", joint(file), "distributed.workers=1");
    TrainOutcome four = train(session, "four", joint(file), "distributed.workers=4");
    assertThat(four.sha256()).isEqualTo(one.sha256());
    assertThat(one.metrics())
        .containsEntry("val_accuracy", 1.0)
        .containsEntry("val_slots_accuracy", 1.0)
        .containsEntry("val_slots_span_f1", 1.0)
        .containsKey("val_slots_log_loss")
        .doesNotContainKey("val_span_f1");
    // the loss is the sum of the outputs' with their weights; log loss counts positions, not rows
    double main = one.metrics().get("val_loss") - 2 * one.metrics().get("val_slots_loss");
    assertThat(main).isEqualTo(one.metrics().get("val_log_loss"), within(1e-4));
    assertThat(Files.readString(temp.resolve("one/history.csv")).lines().findFirst().orElse(""))
        .contains("val_accuracy", "val_slots_accuracy", "val_slots_span_f1", "val_slots_loss");
    assertThat(Files.readString(temp.resolve("one/report.html")))
        .contains("validation slots span f1");
    Map<String, Double> all =
        Evaluator.run(
            session,
            ConfigLoader.parse(
                    "version: 1\nmodel_path: %s/one/model\ndata: {test: {format: text, path: %s, pattern: %s}}\noutput: {dir: %s/eval}\n"
                        .formatted(temp, file, PATTERN, temp),
                    List.of())
                .config(),
            new RecordingConsole());
    assertThat(all)
        .containsEntry("slots_span_recall", 1.0)
        .containsEntry("slots_span_precision", 1.0)
        .containsEntry("accuracy", 1.0);
    Path input = Files.writeString(temp.resolve("new.txt"), "price from new york to rome\n");
    Row row = predict(session, "one", "{format: text, path: %s}".formatted(input), "").first();
    assertThat(row.<String>getAs("prediction")).isEqualTo("fare");
    List<String> tags = row.getList(row.fieldIndex("slots_prediction"));
    assertThat(tags).containsExactly("O", "O", "B-from", "I-from", "O", "B-to");
    List<?> probabilities = row.getList(row.fieldIndex("slots_probability"));
    assertThat(probabilities).hasSize(6);
  }

  private static String table(int rows) {
    StringBuilder csv = new StringBuilder("a,b,kind,size,amount\n");
    for (int i = 0; i < rows; i++) {
      int a = draw(5L * i, 3) - 1;
      int b = draw(5L * i + 1, 2);
      csv.append(a).append(',').append(b).append(',');
      csv.append(List.of("low", "mid", "top").get(a + 1)).append(',');
      csv.append(b == 1 ? "large" : "small").append(',');
      csv.append(100 + 10 * a + 5 * b).append('\n');
    }
    return csv.toString();
  }

  private static String multi(Path train) {
    return """
        version: 1
        task: classification
        seed: 3
        data: {train: {format: csv, path: "%s"}, validation: {fraction: 0.2}}
        target: {name: kind}
        targets: {amount: {task: regression, scale: standard}, size: {}}
        model:
          type: network
          layers:
            - {dense: {units: 16, activation: tanh, name: stem}}
            - {dense: {units: auto, inputs: [stem], name: size_scores}}
            - {dense: {units: auto, inputs: [stem], name: amounts}}
            - {dense: {units: auto, inputs: [stem]}}
          heads:
            - {name: how_large, layer: size_scores, target: size}
            - {name: again, layer: size_scores, target: size, weight: 0.1}
            - {name: worth, layer: amounts, target: amount, loss: huber}
        trainer: {epochs: 25, batch_size: 16, optimizer: {adam: {learning_rate: 0.02}}}
        output: {dir: unused}
        """
        .formatted(train);
  }

  @Test
  void twoClassesAndANumberAreLearntTogether(SparkSession session) throws Exception {
    Path file = Files.writeString(temp.resolve("table.csv"), table(300));
    TrainOutcome outcome = train(session, "multi", multi(file));
    assertThat(outcome.metrics())
        .containsEntry("val_accuracy", 1.0)
        .containsEntry("val_how_large_accuracy", 1.0)
        .containsEntry("val_again_accuracy", 1.0)
        .containsKey("val_how_large_auc");
    assertThat(outcome.metrics().get("val_worth_mae")).isLessThan(2.0); // in the unit of the data
    assertThat(outcome.metrics().get("val_worth_r2")).isGreaterThan(0.9);
    List<Row> rows =
        predict(session, "multi", "{format: csv, path: %s}".formatted(file), "keep: [size, amount]")
            .collectAsList();
    for (Row row : rows.subList(0, 20)) {
      assertThat(row.<String>getAs("how_large_prediction")).isEqualTo(row.getAs("size"));
      assertThat(row.<Double>getAs("worth_prediction"))
          .isCloseTo(Double.parseDouble(row.getAs("amount").toString()), within(8.0));
    }
    assertThat(rows.get(0).schema().fieldNames())
        .doesNotContain("again_prediction", "worth_probability")
        .contains("how_large_probability");
    Dataset<Row> wide = session.read().option("header", true).csv(file.toString());
    assertThat(BellowsModel.load(temp.resolve("multi/model").toString()).transform(wide).columns())
        .contains("prediction", "how_large_prediction", "worth_prediction");
    // size itself is not read when rows are only predicted
    Path bare = Files.writeString(temp.resolve("bare.csv"), "a,b\n1,1\n");
    Row one = predict(session, "multi", "{format: csv, path: %s}".formatted(bare), "").first();
    assertThat(one.<String>getAs("how_large_prediction")).isEqualTo("large");
  }

  @Test
  void aClassThatTrainingDidNotShowIsNamed(SparkSession session) throws Exception {
    Path file = Files.writeString(temp.resolve("t.csv"), table(60));
    Path other = Files.writeString(temp.resolve("o.csv"), table(9) + "0,1,mid,huge,100\n");
    String set = "data.test={format: csv, path: \"" + other + "\"}";
    String[] sets = {set, "trainer.epochs=1"};
    assertThatThrownBy(() -> train(session, "unseen", multi(file), sets))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("column size has the class \"huge\"");
    TrainOutcome ignored =
        train(session, "seen", multi(file), set, "trainer.epochs=1", "targets.size.unseen=ignore");
    assertThat(ignored.metrics()).containsKey("test_how_large_accuracy");
    String evaluate =
        "version: 1\nmodel_path: %s/seen/model\ndata: {test: {format: csv, path: %s}}\nevaluate: {%s}\noutput: {dir: %s/eval}\n";
    assertThatThrownBy(
            () ->
                Evaluator.run(
                    session,
                    ConfigLoader.parse(evaluate.formatted(temp, other, "", temp), List.of())
                        .config(),
                    new RecordingConsole()))
        .hasMessageContaining("huge");
    String ignore = evaluate.formatted(temp, other, "unseen: ignore", temp);
    assertThat(
            Evaluator.run(
                session, ConfigLoader.parse(ignore, List.of()).config(), new RecordingConsole()))
        .containsKey("how_large_accuracy");
  }

  @Test
  void aHeadWithOtherWidthIsRefused(SparkSession session) throws Exception {
    Path file = Files.writeString(temp.resolve("t.csv"), table(60));
    assertThatThrownBy(() -> train(session, "wide", multi(file), "model.layers[1].dense.units=3"))
        .isInstanceOf(BellowsException.class)
        .hasMessageContaining("head 'how_large' gives 3 values, but column size has 2 classes");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "targets.kind={}|is the column of target.name",
        "features.size={type: category}|is a column of targets and can't be a feature",
        "targets.other={}|is learnt by no head",
        "model.loss=hinge|hinge has no label per row, beside targets",
        "model.heads[0].loss=mse|mse does not fit the column size, which holds classes",
        "model.heads[2].loss=softmax_cross_entropy|does not fit the column amount, which holds numbers",
        "targets.size.task=ranking|expected one of classification, regression, tagging",
        "targets.size.name=x|unknown key",
      })
  void whatDoesNotFitIsNamed(String set, String message) {
    assertThatThrownBy(() -> ConfigLoader.parse(multi(Path.of("t.csv")), List.of(set)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message);
  }
}
