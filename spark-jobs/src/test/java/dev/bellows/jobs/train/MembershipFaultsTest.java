package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.jobs.run.RunFolder;
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
 * Executors stand still, leave on request and grow slow while a training runs: it ends with the
 * bytes of a calm one. More of that in {@link MembershipLongTest}.
 */
@Tag("cluster")
class MembershipFaultsTest {
  private static final String CLUSTER = "local-cluster[2,1,700]";
  private static final List<String> RUNS = List.of("calm", "leaving", "slow", "zombie");

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  static Path temp;

  private static Path runs;
  private static Map<String, String> sums;
  private static String log;

  @BeforeAll
  static void train() throws Exception {
    runs = temp.resolve("runs");
    Path config =
        Files.writeString(
            temp.resolve("one-epoch.yaml"),
            TinyData.oneEpoch(TinyData.write(temp.resolve("data"))));
    Path stopped = temp.resolve("stopped");
    List<String> script =
        List.of(
            ClusterScript.line("calm", "local[2]", config, "", "", ""),
            ClusterScript.line(
                "leaving", CLUSTER, config, "", "task.step:-1:sleep=100", "4=decommission"),
            ClusterScript.line(
                "slow",
                CLUSTER,
                config,
                "distributed.rebalance=true",
                "task.step:-1:sleep=20;task.compute:-1:slow=20:" + temp.resolve("slow"),
                ""),
            ClusterScript.line(
                "zombie",
                CLUSTER,
                config,
                "distributed.deadline=6s",
                "task.step:-1:sleep=100;task.push:7:stop:" + stopped,
                ""));
    try (DriverProcess driver = DriverProcess.start(temp.resolve("driver"), runs, script)) {
      driver.awaitLog("lost (no sign of life", 200);
      ClusterScript.signal("-CONT", Long.parseLong(Files.readString(stopped)));
      driver.await(100);
      log = driver.log();
      sums = driver.results(RUNS);
    }
  }

  private static List<Map<String, Object>> events(String run, String kind) throws Exception {
    return RunEvents.of(runs.resolve(run), kind);
  }

  private static void sameAsCalm(String run) throws Exception {
    assertThat(sums.get(run)).as(log).isEqualTo(sums.get("calm"));
    assertThat(Files.readString(runs.resolve(run).resolve("steps.ledger")))
        .isEqualTo(Files.readString(runs.resolve("calm/steps.ledger")));
    assertThat(events(run, "roll_back")).as(log).isEmpty();
  }

  private static Object summary(String run, String key) {
    return RunFolder.readRun(runs.resolve(run)).get(key);
  }

  @Test
  void fault_08_aPausedExecutorIsDeclaredLostAndItsStalePushIsRefused() throws Exception {
    sameAsCalm("zombie");
    assertThat(events("zombie", "failure")).as(log).hasSize(1);
    assertThat(events("zombie", "promotion")).as(log).hasSize(1);
    assertThat(events("zombie", "returned")).as(log).hasSize(1);
    assertThat((Long) summary("zombie", "refused_stale")).as(log).isPositive();
  }

  @Test
  void fault_30_aPausedShardShowsNothingNewWhenItGoesOn() throws Exception {
    // its replica was promoted meanwhile: every step of the ledger is there once, with one checksum
    sameAsCalm("zombie");
    assertThat(events("zombie", "recovered")).as(log).hasSize(1);
  }

  @Test
  void fault_09_aStragglerIsNamedAndItsSlicesMove() throws Exception {
    sameAsCalm("slow");
    assertThat(events("slow", "failure")).isEmpty();
    assertThat(events("slow", "straggler")).as(log).hasSize(1);
    Map<String, Object> straggler = events("slow", "straggler").get(0);
    // 20 on a quiet machine; on a busy one the other executor waits for the processor, too
    assertThat((Double) straggler.get("factor")).isGreaterThan(Balance.SLOW);
    String name = "executor " + straggler.get("executor");
    assertThat(log)
        .containsPattern("PROGRESS .*" + name + " \\d+x slower")
        .containsPattern("WARN step \\d+: " + name + " computes a slice")
        .containsPattern("UI bellows: straggler at step \\d+: " + name);
    assertThat(events("slow", "dealt"))
        .as(log)
        .anyMatch(event -> String.valueOf(event.get("why")).contains("slices move"));
  }

  @Test
  void aDecommissionedExecutorHandsItsShardsOffBeforeItLeaves() throws Exception {
    sameAsCalm("leaving");
    assertThat(events("leaving", "hand_off")).as(log).hasSize(1);
    assertThat(events("leaving", "promotion")).as(log).hasSize(1);
    assertThat(events("leaving", "failure")).as(log).isEmpty();
  }
}
