package dev.bellows.jobs.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.block.GivenRows;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.Loaded;
import dev.bellows.jobs.train.RecordingConsole;
import dev.bellows.jobs.train.StopRequest;
import dev.bellows.jobs.train.TestRuns;
import dev.bellows.jobs.train.TinyData;
import dev.bellows.jobs.train.TrainOutcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(SparkSessionExtension.class)
class CvJobTest {
  @TempDir Path temp;
  private Path csv = Path.of("");

  private int cachedBefore;

  private void assertNothingNewIsCached(SparkSession session) {
    assertThat(session.sparkContext().getPersistentRDDs().size()).isLessThanOrEqualTo(cachedBefore);
  }

  @BeforeEach
  void data(SparkSession session) throws Exception {
    cachedBefore = session.sparkContext().getPersistentRDDs().size();
    csv = TinyData.write(temp.resolve("data"));
  }

  private String yaml(String cv) {
    return TinyData.adam(csv) + "cv: {" + cv + "}\n";
  }

  private TrainOutcome run(
      SparkSession session, String folder, String yaml, GivenRows given, StopRequest.Source stop) {
    Loaded loaded =
        given.train() == null
            ? ConfigLoader.parse(yaml, List.of())
            : ConfigLoader.parseForRows(yaml, List.of(), null);
    return CvJob.run(
        session,
        loaded.config(),
        given,
        TestRuns.folder(temp.resolve(folder), loaded),
        new RecordingConsole(),
        List.of(),
        stop);
  }

  private TrainOutcome run(SparkSession session, String folder, String cv) {
    return run(session, folder, yaml(cv), GivenRows.NONE, () -> null);
  }

  @Test
  @DisplayName("EVS-02 stratified folds, measured out of fold: every row once a repeat")
  void measuresEveryRowOncePerRepeat(SparkSession session) {
    TrainOutcome outcome = run(session, "cv", "folds: 4, repeats: 2, refit: false");
    assertThat(outcome.metrics().get("cv_accuracy")).isGreaterThan(0.8);
    Dataset<Row> oof = session.read().parquet(temp.resolve("cv/cv/oof.parquet").toString());
    assertThat(oof.count()).isEqualTo(2L * TinyData.ROWS);
    assertThat(oof.select("row_key", "repeat").distinct().count()).isEqualTo(2L * TinyData.ROWS);
    double right = (double) oof.filter("label = prediction").count() / oof.count();
    assertThat(right).isCloseTo(outcome.metrics().get("cv_accuracy"), within(0.01));
    for (Row share :
        oof.groupBy("repeat", "fold", "label")
            .count()
            .groupBy("repeat", "label")
            .agg(
                org.apache
                    .spark
                    .sql
                    .functions
                    .max("count")
                    .minus(org.apache.spark.sql.functions.min("count")))
            .collectAsList()) {
      assertThat(share.getLong(2)).isLessThanOrEqualTo(1);
    }
    Dataset<Row> results = session.read().parquet(temp.resolve("cv/cv/results.parquet").toString());
    assertThat(results.count()).isEqualTo(8);
    assertThat(results.columns()).contains("fold", "repeat", "state", "loss", "accuracy", "fit_ms");
  }

  private static org.assertj.core.data.Offset<Double> within(double by) {
    return org.assertj.core.data.Offset.offset(by);
  }

  @Test
  void theSameFiguresForAnyPartitioning(SparkSession session) throws Exception {
    Dataset<Row> frame =
        session.read().option("header", "true").option("inferSchema", "true").csv(csv.toString());
    String yaml =
        yaml("folds: 3, refit: false")
            .replaceAll("train: \\{format.*\\}\n", "train: null\n")
            .replace("    train: null\n", "");
    String first = null;
    for (int partitions : new int[] {1, 5, 64}) {
      GivenRows given = new GivenRows(frame.repartition(partitions), null, null);
      run(session, "p" + partitions, yaml, given, () -> null);
      String summary = Files.readString(temp.resolve("p" + partitions + "/cv/summary.json"));
      assertThat(summary).isEqualTo(first == null ? summary : first);
      first = summary;
    }
  }

  @Test
  void readsEveryRowOnceAndRunsOneJobForAllUnits(SparkSession session) {
    AtomicLong jobs = new AtomicLong();
    AtomicLong studyJobs = new AtomicLong();
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onJobStart(SparkListenerJobStart start) {
            jobs.incrementAndGet();
            Object tags = start.properties().getProperty("spark.job.tags");
            if (tags != null && tags.toString().contains("bellows-study")) {
              studyJobs.incrementAndGet();
            }
          }
        };
    org.apache.spark.util.LongAccumulator computed =
        session.sparkContext().longAccumulator("computed");
    Dataset<Row> frame =
        session
            .read()
            .option("header", "true")
            .csv(csv.toString())
            .map(
                (org.apache.spark.api.java.function.MapFunction<Row, Row>)
                    row -> {
                      computed.add(1);
                      return row;
                    },
                session.read().option("header", "true").csv(csv.toString()).encoder());
    session.sparkContext().addSparkListener(listener);
    try {
      String yaml =
          yaml("folds: 10, repeats: 2, refit: false").replaceAll("    train: \\{format.*\\}\n", "");
      run(session, "once", yaml, new GivenRows(frame, null, null), () -> null);
    } finally {
      session.sparkContext().removeSparkListener(listener);
    }
    assertThat(computed.value()).isEqualTo(TinyData.ROWS);
    assertThat(studyJobs.get()).isEqualTo(1);
    assertNothingNewIsCached(session);
  }

  @Test
  void aStoppedRunGoesOnWithoutRunningFinishedSplitsAgain(SparkSession session) throws Exception {
    run(session, "whole", "folds: 6, refit: false");
    Path lines = temp.resolve("stopped/cv/units.jsonl");
    TrainOutcome stopped =
        run(
            session,
            "stopped",
            yaml("folds: 6, refit: false"),
            GivenRows.NONE,
            () -> Files.exists(lines) ? ExitCode.TERMINATED : null);
    assertThat(stopped.exitCode()).isEqualTo(ExitCode.TERMINATED);
    List<String> before = Files.readAllLines(lines);
    assertThat(before).isNotEmpty();
    assertNothingNewIsCached(session);
    Files.writeString(lines, Files.readString(lines) + "{\"unit\":5,\"sta");

    TrainOutcome outcome = run(session, "stopped", "folds: 6, refit: false");
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(Files.readString(temp.resolve("stopped/cv/summary.json")))
        .isEqualTo(Files.readString(temp.resolve("whole/cv/summary.json")));
    List<String> after = Files.readAllLines(lines);
    assertThat(after.subList(0, before.size())).isEqualTo(before);
    assertThat(after.stream().filter(line -> line.endsWith("}")).count()).isEqualTo(6);
  }

  @Test
  void refusesToGoOnWithOtherFolds(SparkSession session) {
    Path lines = temp.resolve("changed/cv/units.jsonl");
    run(
        session,
        "changed",
        yaml("folds: 6"),
        GivenRows.NONE,
        () -> Files.exists(lines) ? ExitCode.TERMINATED : null);
    assertThatThrownBy(() -> run(session, "changed", "folds: 5"))
        .isInstanceOf(BellowsException.class)
        .hasMessageContaining("cv.folds: was 6, is 5");
  }

  @Test
  void fault_58_moreFoldsThanRowsOfAClass(SparkSession session) {
    assertThatThrownBy(() -> run(session, "many", "folds: 200"))
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIG))
        .hasMessageContaining("largest possible");
    assertNothingNewIsCached(session);
  }

  @Test
  void aSplitThatDivergesEndsTheRunAndNothingStays(SparkSession session) {
    String yaml = yaml("folds: 3").replace("learning_rate: 0.01", "learning_rate: 1000000.0");
    assertThatThrownBy(() -> run(session, "diverged", yaml, GivenRows.NONE, () -> null))
        .isInstanceOfSatisfying(
            BellowsException.class,
            e -> assertThat(e.exitCode()).as(e.getMessage()).isEqualTo(ExitCode.DIVERGED))
        .hasMessageContaining("split");
    assertNothingNewIsCached(session);
  }

  @Test
  void groupsAreNoFeatureAndStayTogether(SparkSession session) {
    run(session, "groups", "kind: group, group: colour, folds: 3, refit: true");
    Dataset<Row> folds = session.read().parquet(temp.resolve("groups/cv/folds.parquet").toString());
    assertThat(folds.select("fold").distinct().count()).isEqualTo(3);
    assertThat(temp.resolve("groups/model/preprocess.json")).content().doesNotContain("\"red\"");
  }

  @Test
  void aKindNeedsItsColumn() {
    assertThatThrownBy(() -> ConfigLoader.parse(yaml("kind: group"), List.of()))
        .hasMessageContaining("cv.kind")
        .hasMessageContaining("cv.group");
  }
}
