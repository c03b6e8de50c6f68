package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.block.GivenRows;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.Loaded;
import dev.bellows.jobs.run.RunFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Several trainings in one Spark context at once. */
@ExtendWith(SparkSessionExtension.class)
class SideBySideTest {
  private static final int RUNS = 10;

  @TempDir Path temp;

  /** Five networks with optimisers of their own, each with two seeds. */
  private static String yaml(Path csv, int run) {
    String yaml =
        switch (run % 5) {
          case 0 -> TinyData.adam(csv);
          case 1 -> TinyData.momentum(csv);
          case 2 -> TinyData.adam(csv).replace("units: 64", "units: 96").replace("0.25", "0.5");
          case 3 ->
              TinyData.yaml(csv, "sgd: {learning_rate: 0.1}", "l2: 0.001")
                  .replace("batch_size: 32", "batch_size: 48");
          default -> TinyData.adam(csv).replace("      - {batch_norm: {}}\n", "");
        };
    return yaml.replace("seed: 11", "seed: " + (11 + run));
  }

  private TrainOutcome train(
      SparkSession session, Path csv, int run, String folder, StopRequest.Source stop) {
    Loaded loaded = ConfigLoader.parse(yaml(csv, run), List.of());
    RunFolder dir = TestRuns.folder(temp.resolve(folder + run), loaded);
    return TrainJob.run(
        session, loaded.config(), GivenRows.NONE, dir, new RecordingConsole(), List.of(), stop);
  }

  @Test
  @Timeout(300)
  void tenTrainingsAtOnceEndWithTheBytesThatEachHasAlone(SparkSession session) throws Exception {
    Path csv = TinyData.write(temp.resolve("data"));
    List<String> alone = new ArrayList<>();
    for (int run = 0; run < RUNS; run++) {
      alone.add(train(session, csv, run, "alone", () -> null).sha256());
    }
    assertThat(alone).doesNotHaveDuplicates();

    ExecutorService threads = Executors.newFixedThreadPool(RUNS);
    try {
      List<Future<TrainOutcome>> running = new ArrayList<>();
      for (int i = 0; i < RUNS; i++) {
        int run = i;
        Path history = temp.resolve("beside" + run + "/history.csv");
        // Somebody asks the third one to stop after its first epoch: the others don't hear of it.
        StopRequest.Source stop =
            () -> run == 3 && Files.exists(history) ? ExitCode.INTERRUPTED : null;
        running.add(threads.submit(() -> train(session, csv, run, "beside", stop)));
      }
      for (int run = 0; run < RUNS; run++) {
        TrainOutcome outcome = running.get(run).get(240, TimeUnit.SECONDS);
        if (run == 3) {
          assertThat(outcome.exitCode()).isEqualTo(ExitCode.INTERRUPTED);
          outcome = train(session, csv, run, "beside", () -> null);
        }
        assertThat(outcome.sha256()).as("run %d", run).isEqualTo(alone.get(run));
        assertThat(Files.readString(temp.resolve("beside" + run + "/steps.ledger")))
            .isEqualTo(Files.readString(temp.resolve("alone" + run + "/steps.ledger")));
        assertThat(Files.readString(temp.resolve("beside" + run + "/events.jsonl")))
            .contains("\"start\"", "\"finished\"")
            .doesNotContain("\"failure\"");
      }
    } finally {
      threads.shutdownNow();
    }
  }
}
