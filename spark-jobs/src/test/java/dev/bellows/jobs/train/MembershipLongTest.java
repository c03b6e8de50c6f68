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
 * The slower half of {@link MembershipFaultsTest}: executors are killed and asked for as dynamic
 * allocation does it, stand still for a moment, leave without replicas, tasks fail, and steps that
 * overlap lose an executor.
 */
@Tag("cluster")
@Tag("faults")
class MembershipLongTest {
  private static final String CLUSTER = "local-cluster[2,1,700]";
  private static final List<String> RUNS =
      List.of("calm", "elastic", "moment", "bare", "retried", "overlapping");

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  static Path temp;

  private static Path runs;
  private static Map<String, String> sums;
  private static String log;

  @BeforeAll
  static void train() throws Exception {
    runs = temp.resolve("runs");
    String yaml = TinyData.oneEpoch(TinyData.write(temp.resolve("data")));
    Path config = Files.writeString(temp.resolve("one-epoch.yaml"), yaml);
    Path relaxed =
        Files.writeString(
            temp.resolve("relaxed.yaml"), yaml.replace("gradient_clip: {norm: 1.0}", ""));
    Path stopped = temp.resolve("stopped");
    List<String> script =
        List.of(
            ClusterScript.line("calm", "local[2]", config, "", "", ""),
            ClusterScript.line(
                "elastic",
                CLUSTER,
                config,
                "distributed.workers=2",
                "task.step:-1:sleep=500",
                "3=kill, 6=total=2"),
            ClusterScript.line("moment", CLUSTER, config, "", "task.push:7:stop:" + stopped, ""),
            ClusterScript.line(
                "bare",
                CLUSTER,
                config,
                "distributed.replicas=0",
                "task.step:-1:sleep=200",
                "4=decommission"),
            ClusterScript.line(
                "retried", CLUSTER, config, "", "task.step:5:throw:" + temp.resolve("thrown"), ""),
            ClusterScript.line(
                "overlapping",
                CLUSTER,
                relaxed,
                "distributed.consistency=ssp(4)",
                "task.step:-1:sleep=150;task.step:20:kill:" + temp.resolve("killed"),
                ""));
    try (DriverProcess driver = DriverProcess.start(temp.resolve("driver"), runs, script)) {
      driver.awaitLog("BEGIN moment", 300);
      while (!Files.exists(stopped)) {
        Thread.sleep(50);
      }
      Thread.sleep(5000);
      ClusterScript.signal("-CONT", Long.parseLong(Files.readString(stopped)));
      driver.await(300);
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

  @Test
  void fault_12_executorsThatComeAndGoAreUsedAtTheNextStep() throws Exception {
    sameAsCalm("elastic");
    assertThat(events("elastic", "failure")).as(log).isEmpty();
    List<Object> tasks = events("elastic", "dealt").stream().map(e -> e.get("tasks")).toList();
    assertThat(tasks).as(log).endsWith(2L);
    assertThat(events("elastic", "left")).as(log).hasSize(1);
  }

  @Test
  void fault_08_aPauseOfFiveSecondsIsWaitedFor() throws Exception {
    sameAsCalm("moment");
    for (String kind : List.of("failure", "promotion", "returned")) {
      assertThat(events("moment", kind)).as(log).isEmpty();
    }
  }

  @Test
  void fault_10_aFailedTaskIsTriedAgainAndNoStageIsABarrier() throws Exception {
    sameAsCalm("retried");
    assertThat(temp.resolve("thrown")).exists();
    assertThat(events("retried", "failure")).as(log).hasSizeLessThanOrEqualTo(1);
    assertThat(log).doesNotContainIgnoringCase("barrier");
  }

  @Test
  void withoutReplicasALeavingExecutorsShardsAreCopiedFirst() throws Exception {
    sameAsCalm("bare");
    assertThat(events("bare", "hand_off")).as(log).hasSize(1);
    assertThat(events("bare", "replicas")).as(log).hasSize(1);
    assertThat(events("bare", "failure")).as(log).isEmpty();
  }

  @Test
  void overlappingStepsGoBackToTheDriversCopyOfAMomentAgo() throws Exception {
    List<Map<String, Object>> back = events("overlapping", "roll_back");
    assertThat(back).as(log).hasSize(1);
    assertThat((Long) back.get(0).get("to")).as(log).isBetween(1L, (Long) back.get(0).get("from"));
    assertThat(Files.readAllLines(runs.resolve("overlapping/steps.ledger"))).hasSize(1 + 34);
    List<Map<String, Object>> epochs = events("overlapping", "epoch");
    assertThat((Double) epochs.get(0).get("val_loss")).as(log).isLessThan(1.0);
  }
}
