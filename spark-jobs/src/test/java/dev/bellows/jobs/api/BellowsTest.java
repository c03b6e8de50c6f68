package dev.bellows.jobs.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.config.ConfigException;
import dev.bellows.jobs.evaluate.Evaluation;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.jobs.source.DataException;
import dev.bellows.jobs.train.ResumeJob;
import dev.bellows.jobs.train.ResumeOptions;
import dev.bellows.jobs.train.StopRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Training and prediction from a program. */
@ExtendWith(SparkSessionExtension.class)
final class BellowsTest {
  private static final int ROWS = 400;

  @TempDir Path work;

  private Bellows bellows(SparkSession spark, String run) {
    return Bellows.on(spark).yaml(Frames.YAML).set("data.id", "id").runDir(dir(run));
  }

  private String dir(String run) {
    return work.resolve(run).toString();
  }

  @Test
  void theWeightsAreTheSameBytesForAnyPartitioningOfTheDataFrame(SparkSession spark) {
    Dataset<Row> rows = Frames.of(spark, 0, ROWS);
    Bellows plain = Bellows.on(spark).yaml(Frames.YAML).set("data.validation.fraction", 0.2);
    String expected = plain.runDir(dir("one")).train(rows.coalesce(1)).weightsSha256();
    assertThat(expected).hasSize(64);
    List<Dataset<Row>> others =
        List.of(
            rows.repartition(7),
            rows.orderBy(functions.col("b").desc()),
            rows.repartition(5, functions.col("colour")).cache());
    for (int i = 0; i < others.size(); i++) {
      assertThat(plain.runDir(dir("other" + i)).train(others.get(i)).weightsSha256())
          .as("frame %d", i)
          .isEqualTo(expected);
    }
  }

  @Test
  void rowsForValidationAndTestMayBeGiven(SparkSession spark) {
    Dataset<Row> rows = Frames.of(spark, 0, ROWS);
    Dataset<Row> later = Frames.of(spark, ROWS, ROWS + 100);
    TrainedRun run =
        bellows(spark, "given")
            .set("trainer.early_stopping", "{metric: val_loss, patience: 2}")
            .validation(rows.filter("id % 5 = 0"))
            .test(later)
            .train(rows.filter("id % 5 <> 0"));
    assertThat(run.finished()).isTrue();
    assertThat(run.metrics()).containsKeys("val_loss", "test_loss");
    assertThat(run.metrics().get("val_accuracy")).isGreaterThan(0.8);
    Evaluation evaluation = run.model().evaluate(later);
    assertThat(evaluation.rows()).isEqualTo(100);
    assertThat(evaluation.figures().get("accuracy")).isEqualTo(run.metrics().get("test_accuracy"));
    assertThat(evaluation.loss()).isEqualTo(run.metrics().get("test_loss"));
  }

  @Test
  void aModelAddsItsColumnsToThoseOfTheRows(SparkSession spark) {
    BellowsModel model = bellows(spark, "model").train(Frames.of(spark, 0, ROWS)).model();
    assertThat(model.classes()).containsExactly("class0", "class1", "class2");
    BellowsModel loaded = BellowsModel.load(dir("model") + "/model");
    assertThat(loaded.weightsSha256()).isEqualTo(model.weightsSha256());

    Dataset<Row> later = Frames.of(spark, ROWS, ROWS + 700);
    Dataset<Row> wide = later.withColumn("note", functions.lit("kept")).drop("label");
    Dataset<Row> predicted = loaded.transform(wide);
    assertThat(predicted.columns())
        .containsExactly("id", "a", "b", "c", "d", "colour", "note", "prediction", "probability");
    Map<Long, Row> byId = new HashMap<>();
    predicted.collectAsList().forEach(row -> byId.put(row.getLong(0), row));
    assertThat(byId).hasSize(700);
    long right = 0;
    for (Row before : later.collectAsList()) {
      Row after = byId.get(before.getLong(0));
      assertThat(Arrays.asList(after.get(1), after.get(5), after.get(6)))
          .containsExactly(before.get(1), before.get(5), "kept");
      List<Float> p = after.getList(8);
      assertThat(p.stream().mapToDouble(Float::doubleValue).sum()).isCloseTo(1, within(1e-5));
      int best = p.indexOf(p.stream().max(Comparator.naturalOrder()).orElseThrow());
      assertThat(after.getString(7)).isEqualTo("class" + best);
      right += after.getString(7).equals(before.getString(6)) ? 1 : 0;
    }
    assertThat(right / 700.0)
        .isCloseTo(loaded.evaluate(later).figures().get("accuracy"), within(1e-12))
        .isGreaterThan(0.8);

    for (Row row : loaded.transform(wide.repartition(9)).collectAsList()) {
      List<Float> one = byId.get(row.getLong(0)).getList(8);
      List<Float> other = row.getList(8);
      for (int k = 0; k < 3; k++) {
        assertThat(other.get(k)).isCloseTo(one.get(k), within(1e-6f));
      }
    }
  }

  @Test
  void aModelRefusesRowsThatDoNotFit(SparkSession spark) {
    Dataset<Row> rows = Frames.of(spark, 0, 100);
    BellowsModel model = bellows(spark, "refuse").set("trainer.epochs", 1).train(rows).model();
    assertThatThrownBy(() -> model.transform(rows.drop("b", "c")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("lacks columns that the model needs: b, c");
    assertThatThrownBy(() -> model.transform(rows.withColumn("prediction", functions.lit(1))))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("has a column prediction already");
    assertThatThrownBy(() -> model.evaluate(rows.drop("label")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("label");
  }

  @Test
  void regressionPredictsInTheUnitOfTheTarget(SparkSession spark) {
    Dataset<Row> rows =
        Frames.of(spark, 0, ROWS)
            .withColumn("price", functions.expr("1000 + 200 * b - 50 * c"))
            .drop("label");
    BellowsModel model =
        Bellows.on(spark)
            .yaml(
                """
                version: 1
                task: regression
                data: {id: id}
                target: {name: price, scale: standard}
                model: {type: linear}
                trainer: {epochs: 30, batch_size: 32, optimizer: {adam: {learning_rate: 0.05}}}
                """)
            .runDir(dir("price"))
            .train(rows)
            .model();
    assertThat(model.classes()).isEmpty();
    Row worst =
        model.transform(rows).agg(functions.max(functions.expr("abs(prediction - price)"))).first();
    assertThat(worst.getDouble(0)).isLessThan(20);
    assertThat(model.evaluate(rows).figures().get("r2")).isGreaterThan(0.99);
  }

  @Test
  void anInterruptStopsWithACheckpointAndResumeEndsWithTheSameBytes(SparkSession spark)
      throws Exception {
    Dataset<Row> rows = Frames.of(spark, 0, ROWS);
    Bellows long_ = bellows(spark, "undisturbed").set("trainer.epochs", 40);
    String expected = long_.train(rows).weightsSha256();

    CountDownLatch started = new CountDownLatch(1);
    AtomicReference<TrainedRun> stopped = new AtomicReference<>();
    AtomicReference<Boolean> flag = new AtomicReference<>(false);
    Bellows slow = long_.runDir(dir("stopped")).console(new FirstEpoch(started));
    Thread caller =
        new Thread(
            () -> {
              stopped.set(slow.train(rows));
              flag.set(Thread.currentThread().isInterrupted());
            });
    caller.start();
    started.await();
    caller.interrupt();
    caller.join(60_000);
    TrainedRun run = stopped.get();
    assertThat(run).isNotNull();
    assertThat(run.finished()).as(run.message()).isFalse();
    assertThat(run.message()).contains("checkpoint written");
    assertThat(flag.get()).isTrue();
    assertThatThrownBy(run::model).isInstanceOf(IllegalStateException.class);
    assertThat(RunFolder.readRun(work.resolve("stopped"))).containsEntry("status", "stopped");
    assertThat(work.resolve("stopped/checkpoints")).isNotEmptyDirectory();

    // The request is forgotten, and the run goes on only with rows of the same kind.
    assertThat(StopRequest.requested()).isNull();
    assertThatThrownBy(
            () ->
                ResumeJob.run(
                    spark,
                    work.resolve("stopped"),
                    new ResumeOptions(List.of(), false),
                    Console.silent()))
        .isInstanceOf(BellowsException.class)
        .hasMessageContaining("was started on data frames for train")
        .hasMessageContaining("Bellows.on(spark).resume");
    TrainedRun end = Bellows.on(spark).resume(dir("stopped"), rows.repartition(3));
    assertThat(end.finished()).isTrue();
    assertThat(end.weightsSha256()).isEqualTo(expected);
    // Finished: there is nothing to do, and the same model is returned.
    assertThat(long_.runDir(dir("stopped")).train(rows).weightsSha256()).isEqualTo(expected);
  }

  /** Signals are the command line's: a program stops its trainings one by one. */
  @Test
  void aStopOfTheProcessIsNotOneOfATrainingOfTheProgram(SparkSession spark) {
    StopRequest.request(ExitCode.INTERRUPTED);
    try {
      TrainedRun run = bellows(spark, "next").train(Frames.of(spark, 0, 100));
      assertThat(run.finished()).as(run.message()).isTrue();
    } finally {
      StopRequest.clear();
    }
  }

  @Test
  void otherRowsAreNotTheSameRun(SparkSession spark) {
    bellows(spark, "rows").set("trainer.max_time", "1ms").train(Frames.of(spark, 0, 200));
    assertThatThrownBy(() -> Bellows.on(spark).resume(dir("rows"), Frames.of(spark, 0, 201)))
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.DATA))
        .hasMessageContaining("data: was");
  }

  @Test
  void theConfigurationIsCheckedBeforeAnythingIsWritten(SparkSession spark) throws Exception {
    Dataset<Row> rows = Frames.of(spark, 0, 50);
    assertThatThrownBy(() -> bellows(spark, "no").set("trainer.epoch", 3).train(rows))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("did you mean trainer.epochs?");
    assertThatThrownBy(() -> bellows(spark, "no").train())
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("data.train");
    assertThatThrownBy(() -> Bellows.on(spark).train(rows))
        .isInstanceOf(BellowsException.class)
        .hasMessageContaining("no configuration");
    assertThatThrownBy(
            () ->
                bellows(spark, "no")
                    .set("trainer.early_stopping", "{metric: val_loss}")
                    .train(rows))
        .isInstanceOf(BellowsException.class)
        .hasMessageContaining("needs validation rows; call validation(rows)");
    assertThat(Files.exists(work.resolve("no"))).isFalse();
  }

  @Test
  void aConfigurationFileWithSourcesTrainsAsTheCommandDoes(SparkSession spark) throws Exception {
    Dataset<Row> rows = Frames.of(spark, 0, 200);
    rows.write().parquet(work.resolve("rows.parquet").toString());
    Path file =
        Files.writeString(
            work.resolve("files.yaml"),
            Frames.YAML + "data: {train: {format: parquet, path: rows.parquet}, id: id}\n");
    Bellows files = Bellows.on(spark).config(file).dataDir(work);
    TrainedRun read = files.runDir(dir("read")).train();
    // The frame stands in place of data.train: the same rows, the same bytes.
    TrainedRun given = files.runDir(dir("frame")).train(rows);
    assertThat(given.weightsSha256()).isEqualTo(read.weightsSha256());
  }

  /** Tells when the first epoch is over. */
  private static final class FirstEpoch implements Console {
    private final CountDownLatch started;

    FirstEpoch(CountDownLatch started) {
      this.started = started;
    }

    @Override
    public void section(String word, String text) {}

    @Override
    public void more(String text) {}

    @Override
    public void warn(String text) {}

    @Override
    public void detail(String text) {}

    @Override
    public void row(String text) {
      if (text.strip().startsWith("1 ")) {
        started.countDown();
      }
    }

    @Override
    public void progress(String label, long done, long total, String text) {}

    @Override
    public void progressDone() {}
  }
}
