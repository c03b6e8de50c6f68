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
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(SparkSessionExtension.class)
class SearchJobTest {
  @TempDir Path temp;
  private Path csv = Path.of("");

  @BeforeEach
  void data() throws Exception {
    csv = TinyData.write(temp.resolve("data"));
  }

  private String yaml(String search) {
    return TinyData.adam(csv).replace("epochs: 3", "epochs: 2")
        + "cv: {folds: 3, refit: false}\n"
        + search;
  }

  private static final String TPE =
      """
      search:
        objective: {metric: accuracy}
        trials: 7
        generation: 3
        sampler: {tpe: {startup_trials: 3}}
        space:
          trainer.optimizer.adam.learning_rate: {log: [0.0001, 0.1]}
          trainer.batch_size: {choice: [16, 32, 64]}
      """;

  private TrainOutcome run(
      SparkSession session, String folder, String yaml, StopRequest.Source stop) {
    Loaded loaded = ConfigLoader.parse(yaml, List.of());
    return SearchJob.run(
        session,
        loaded.config(),
        GivenRows.NONE,
        TestRuns.folder(temp.resolve(folder), loaded),
        new RecordingConsole(),
        List.of(),
        stop);
  }

  private List<Row> trials(SparkSession session, String folder) {
    return session
        .read()
        .parquet(temp.resolve(folder + "/search/trials.parquet").toString())
        .drop("fit_ms")
        .orderBy("trial")
        .collectAsList();
  }

  @Test
  void aStoppedSearchGoesOnToTheSameTrials(SparkSession session) throws Exception {
    run(session, "whole", yaml(TPE), () -> null);
    List<Row> whole = trials(session, "whole");
    assertThat(whole).hasSize(7).allMatch(row -> row.getString(1).equals("complete"));

    Path log = temp.resolve("stopped/search/log");
    StopRequest.Source afterSome =
        () -> {
          try (var files = Files.walk(log)) {
            long lines = files.filter(Files::isRegularFile).mapToLong(SearchJobTest::lines).sum();
            return lines > 12 ? ExitCode.TERMINATED : null;
          } catch (java.io.IOException none) {
            return null;
          }
        };
    TrainOutcome stopped = run(session, "stopped", yaml(TPE), afterSome);
    assertThat(stopped.exitCode()).isEqualTo(ExitCode.TERMINATED);
    run(session, "stopped", yaml(TPE), () -> null);
    assertThat(trials(session, "stopped")).isEqualTo(whole);
    assertThat(temp.resolve("stopped/search/best.yaml"))
        .hasSameTextualContentAs(temp.resolve("whole/search/best.yaml"));
  }

  private static long lines(Path file) {
    try {
      return Files.readAllLines(file).size();
    } catch (java.io.IOException gone) {
      return 0;
    }
  }

  @Test
  void aTrialThatFailsCostsItself(SparkSession session) throws Exception {
    String grid =
        """
        search:
          trials: all
          sampler: grid
          space:
            trainer.optimizer.adam.learning_rate: {choice: [0.01, 1000000.0]}
            trainer.batch_size: {choice: [32, 48]}
        """;
    TrainOutcome outcome =
        run(session, "grid", yaml(grid).replace("refit: false", "refit: true"), () -> null);
    List<Row> trials = trials(session, "grid");
    assertThat(trials).hasSize(4);
    assertThat(trials.stream().filter(row -> row.getString(1).equals("fail"))).hasSize(2);
    assertThat(trials.stream().filter(row -> row.getString(1).equals("complete"))).hasSize(2);
    assertThat(outcome.sha256()).isNotNull();
    assertThat(temp.resolve("grid/model/model.json")).exists();
    Loaded best =
        ConfigLoader.parse(Files.readString(temp.resolve("grid/search/best.yaml")), List.of());
    assertThat(best.config().search()).isNull();
    assertThat(best.config().trainer().optimizer().learningRate()).isEqualTo(0.01);
  }

  @Test
  void fault_65_allTrialsFail(SparkSession session) {
    String grid =
        """
        search:
          trials: all
          sampler: grid
          space:
            trainer.optimizer.adam.learning_rate: {choice: [1000000.0, 2000000.0]}
        """;
    assertThatThrownBy(() -> run(session, "none", yaml(grid), () -> null))
        .isInstanceOfSatisfying(
            BellowsException.class,
            e -> assertThat(e.exitCode()).as(e.getMessage()).isEqualTo(ExitCode.DIVERGED))
        .hasMessageContaining("no trial has a score")
        .hasMessageContaining("diverged");
    assertThat(temp.resolve("none/model")).doesNotExist();
    assertThat(temp.resolve("none/search/trials.csv")).exists();
  }

  @Test
  void whatIsTheSameForAllTrialsIsRefusedInTheSpace() {
    assertThatThrownBy(
            () ->
                ConfigLoader.parse(
                    yaml("search: {space: {seed: {int: [1, 3]}, trainer.epoch: {int: [1, 3]}}}\n"),
                    List.of()))
        .hasMessageContaining("search.space.seed")
        .hasMessageContaining("search.space.trainer.epoch");
  }
}
