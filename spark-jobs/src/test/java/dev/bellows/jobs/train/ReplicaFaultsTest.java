package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Executors with shards are killed more often than once, so that promoted replicas need replicas in
 * their turn: on a new executor, or in the driver when there is no other.
 */
@Tag("cluster")
class ReplicaFaultsTest {
  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  static Path temp;

  private static Path runs;
  private static Map<String, String> sums;
  private static String log;

  @BeforeAll
  static void train() throws Exception {
    runs = temp.resolve("runs");
    Path csv = TinyData.write(temp.resolve("data"));
    Path config = Files.writeString(temp.resolve("one-epoch.yaml"), TinyData.oneEpoch(csv));
    List<String> script =
        List.of(
            "calm | local[2] | %s |  | ".formatted(config),
            // slow steps: the lost executor's successor comes before the second kill
            "twice | local-cluster[2,1,700] | %s | distributed.shards=2 | ".formatted(config)
                + "task.step:-1:sleep=300;"
                + "task.step:4:kill:%s;".formatted(temp.resolve("first"))
                + "task.step:31:kill:%s".formatted(temp.resolve("second")),
            "alone | local-cluster[1,1,700] | %s | distributed.shards=2 | ".formatted(config)
                + "task.push:9:kill:%s".formatted(temp.resolve("third")));
    try (DriverProcess driver = DriverProcess.start(temp.resolve("driver"), runs, script)) {
      driver.await(500);
      log = driver.log();
      sums = driver.results(List.of("calm", "twice", "alone"));
    }
  }

  private static List<Map<String, Object>> events(String run, String kind) throws Exception {
    return RunEvents.of(runs.resolve(run), kind);
  }

  @Test
  void fault_03_everyLossGoesOnInAReplicaAndEndsWithTheSameBytes() throws Exception {
    assertThat(sums.get("twice")).as(log).isEqualTo(sums.get("calm"));
    assertThat(sums.get("alone")).as(log).isEqualTo(sums.get("calm"));
    assertThat(events("twice", "promotion")).as(log).hasSize(2);
    assertThat(events("twice", "replicas")).as(log).isNotEmpty();
    assertThat(events("twice", "roll_back")).isEmpty();
    assertThat(Files.readString(runs.resolve("twice/steps.ledger")))
        .isEqualTo(Files.readString(runs.resolve("calm/steps.ledger")));
  }

  @Test
  void fault_03_noStepIsTakenAgainButThePresentOne() throws Exception {
    for (Map<String, Object> event : events("twice", "recovered")) {
      assertThat(event.get("step")).as(log).isIn(3L, 4L, 5L, 30L, 31L, 32L);
    }
    assertThat(events("twice", "recovered")).hasSize(2);
  }

  @Test
  void fault_03_withOneExecutorTheReplicaIsInTheDriver() throws Exception {
    assertThat(events("alone", "promotion")).as(log).hasSize(1);
    assertThat(events("alone", "roll_back")).isEmpty();
    assertThat(log).contains("2 shards (executor, replica 1: there are executor processes)");
  }
}
