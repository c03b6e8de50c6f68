package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** An executor with a part of the sparse tables is killed: the run goes back and ends the same. */
@Tag("cluster")
class SparseFaultsTest {
  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  static Path temp;

  @Test
  void fault_03_aLostShardWithTablesGoesBackToTheSegmentsStartAndEndsWithTheSameBytes()
      throws Exception {
    Path csv = SparseData.write(temp.resolve("data"));
    Path config =
        Files.writeString(
            temp.resolve("sparse.yaml"),
            SparseData.yaml(csv, "adam: {learning_rate: 0.05}").replace("epochs: 3", "epochs: 2"));
    Path runs = temp.resolve("runs");
    List<String> script =
        List.of(
            "calm | local[2] | %s |  | ".formatted(config),
            "killed | local-cluster[2,1,700] | %s | distributed.shards=2 | ".formatted(config)
                + "task.push:27:kill:%s".formatted(temp.resolve("killed")));
    try (DriverProcess driver = DriverProcess.start(temp.resolve("driver"), runs, script)) {
      driver.await(500);
      Map<String, String> sums = driver.results(List.of("calm", "killed"));
      assertThat(temp.resolve("killed")).exists();
      assertThat(sums.get("killed")).as(driver.log()).isEqualTo(sums.get("calm"));
      assertThat(Files.readString(runs.resolve("killed/events.jsonl"))).contains("\"roll_back\"");
      assertThat(Files.readString(runs.resolve("killed/steps.ledger")))
          .isEqualTo(Files.readString(runs.resolve("calm/steps.ledger")));
    }
  }
}
