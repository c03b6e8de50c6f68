package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.StrictFileSystem;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.Loaded;
import dev.bellows.jobs.evaluate.Evaluator;
import dev.bellows.jobs.predict.PredictJob;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.jobs.run.Storage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Trainings whose run folder, model and predictions are not on the local disk. */
@ExtendWith(SparkSessionExtension.class)
class RemoteTrainTest {
  @TempDir static Path temp;
  private static Path csv;
  private static Storage storage;

  private final RecordingConsole console = new RecordingConsole();

  @BeforeAll
  static void data(SparkSession session) throws Exception {
    csv = TinyData.write(temp.resolve("data"));
    StrictFileSystem.register(session.sparkContext().hadoopConfiguration());
    storage = Storage.of(session);
  }

  @AfterEach
  void noFailpoints() {
    System.clearProperty(Failpoints.NAME);
  }

  private static FolderFiles files(String name) {
    return storage.folder(StrictFileSystem.uri(temp.resolve(name)));
  }

  private TrainOutcome train(SparkSession session, FolderFiles files) {
    Loaded loaded = ConfigLoader.parse(TinyData.adam(csv), List.of());
    RunFolder.Options options =
        new RunFolder.Options(
            loaded.originalYaml(),
            loaded.resolvedYaml(),
            List.of("train"),
            true,
            false,
            Clock.systemUTC());
    return TrainJob.run(session, loaded.config(), RunFolder.create(files, options), console);
  }

  @Test
  void aRunThatFailedGoesOnWhereItsCheckpointsAreToTheSameBytes(SparkSession session)
      throws Exception {
    String local = train(session, storage.folder(temp.resolve("local").toString())).sha256();
    System.setProperty(Failpoints.NAME, "driver.segment:18:throw:" + temp.resolve("fail"));
    assertThatThrownBy(() -> train(session, files("run"))).hasMessageContaining("failpoint");
    assertThat(RunFolder.readRun(files("run"))).containsEntry("status", "failed");
    // steps after the newest checkpoint are in the ledger and are taken again
    assertThat(temp.resolve("run/checkpoints/step-000015/manifest.json")).exists();
    TrainOutcome outcome =
        ResumeJob.run(session, files("run"), new ResumeOptions(List.of(), false), console);
    assertThat(outcome.sha256()).isEqualTo(local);
    assertThat(outcome.model()).isEqualTo(files("run/model").root());
    for (String name : List.of("steps.ledger", "model/weights.safetensors")) {
      assertThat(temp.resolve("run").resolve(name))
          .as(name)
          .hasSameBinaryContentAs(temp.resolve("local").resolve(name));
    }
    assertThat(temp.resolve("run/report.html")).isNotEmptyFile();
    assertThat(Files.readString(temp.resolve("run/events.jsonl")))
        .contains("\"start\"", "\"failed\"", "\"resume\"", "\"finished\"");
    try (var all = Files.walk(temp.resolve("run"))) {
      assertThat(all.map(Path::toString)).noneMatch(f -> f.endsWith(".tmp") || f.endsWith(".new"));
    }
  }

  @Test
  void aModelElsewhereIsEvaluatedAndPredictsToElsewhere(SparkSession session) throws Exception {
    TrainOutcome outcome = train(session, files("model"));
    Path out = temp.resolve("out");
    String source = "{format: csv, path: \"%s\", header: true}".formatted(csv);
    String tail = "model_path: %s\noutput: {dir: %s}\n".formatted(outcome.model(), "%s");
    Map<String, Double> figures =
        Evaluator.run(
            session,
            ConfigLoader.parse(
                    "version: 1\ndata: {test: "
                        + source
                        + "}\nevaluate: {metrics: [accuracy]}\n"
                        + tail.formatted(StrictFileSystem.uri(out)),
                    List.of())
                .config(),
            console);
    assertThat(figures.get("accuracy")).isGreaterThan(0.9);
    assertThat(out.resolve("evaluation/metrics.json")).isNotEmptyFile();
    String predict =
        "version: 1\ndata: {input: "
            + source
            + "}\npredict: {keep: [id]}\n"
            + tail.formatted(StrictFileSystem.uri(out));
    long rows = PredictJob.run(session, ConfigLoader.parse(predict, List.of()).config(), console);
    assertThat(rows).isEqualTo(TinyData.ROWS);
    assertThat(out.resolve("predictions/_SUCCESS")).exists();
    assertThatThrownBy(
            () -> PredictJob.run(session, ConfigLoader.parse(predict, List.of()).config(), console))
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE))
        .hasMessageContaining("exists already");
    Files.writeString(temp.resolve("model/model/preprocess.json"), "{}");
    assertThatThrownBy(
            () ->
                PredictJob.run(
                    session,
                    ConfigLoader.parse(predict, List.of("output.mode=overwrite")).config(),
                    console))
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.MODEL))
        .hasMessageContaining("strict:")
        .hasMessageContaining("preprocess.json: expected SHA-256");
  }
}
