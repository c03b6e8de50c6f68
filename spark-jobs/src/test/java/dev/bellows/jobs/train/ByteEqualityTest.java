package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same configuration, data and seed give the same bytes, whatever happens: a pairwise cover of
 * {1, 2, 4, 8 partitions} x {local[1], local[2], local-cluster} x {1, 2, 3 shards} x {executor
 * killed} x {driver killed and resumed elsewhere}. The network has dropout and batch norm, the last
 * batch of an epoch is a partial one, the update rule is Adam with clipping, or Nesterov momentum
 * (there with layers so wide that tasks compute slices one by one or side by side).
 *
 * <p>Three driver processes do it: one that is killed, one on a local cluster that takes its run
 * over, loses executors, and is killed in turn, and one that takes that run over and does the rest.
 */
@Tag("cluster")
class ByteEqualityTest {
  private static final String CLUSTER = "local-cluster[2,1,700]";
  private static final List<String> ADAM =
      List.of(
          "p1-l1-s1",
          "p8-l1-s3",
          "p2-l2-s2",
          "p4-l2-s3",
          "p8-l2-s1",
          "p4-l1-s2",
          "p2-c-s2",
          "p4-c-s3-kill",
          "p8-c-s1-kill-driver-placement",
          "p1-c-s3",
          "p2-c-s2-kill-no-replica",
          "p8-l1-s2-resumed-p2-c-s3",
          "p4-c-s2-resumed-p1-l2-s1");
  private static final List<String> NESTEROV =
      List.of("n-p4-l2-s2", "n-p1-l1-s1", "n-p8-c-s3-kill");

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  static Path temp;

  private static Path runs;
  private static Map<String, String> sums;
  private static String clusterLog;
  private static List<Long> executorPids;

  @BeforeAll
  static void train() throws Exception {
    runs = temp.resolve("runs");
    Path csv = TinyData.write(temp.resolve("data"));
    Path adam = Files.writeString(temp.resolve("adam.yaml"), TinyData.adam(csv));
    Path nesterov = Files.writeString(temp.resolve("nesterov.yaml"), TinyData.momentum(csv));

    List<String> first = new ArrayList<>();
    first.add(
        line("p8-l1-s2-resumed-p2-c-s3", "local[1]", adam, 8, 2, "", "driver.segment:10:kill"));
    try (DriverProcess driver = DriverProcess.start(temp.resolve("a"), runs, first)) {
      driver.await(600);
      assertThat(driver.process().exitValue()).isEqualTo(137);
    }

    List<String> second = new ArrayList<>();
    second.add(line("p8-l1-s2-resumed-p2-c-s3", CLUSTER, adam, 2, 3, "", ""));
    second.add(line("p2-c-s2", CLUSTER, adam, 2, 2, "", ""));
    second.add(line("p4-c-s3-kill", CLUSTER, adam, 4, 3, "", "task.step:13:kill:" + marker("m1")));
    second.add(
        line(
            "p8-c-s1-kill-driver-placement",
            CLUSTER,
            adam,
            8,
            1,
            "distributed.placement=driver",
            "task.push:17:kill:" + marker("m2")));
    second.add(
        line("n-p8-c-s3-kill", CLUSTER, nesterov, 8, 3, "", "task.push:8:kill:" + marker("m3")));
    second.add(
        line(
            "p2-c-s2-kill-no-replica",
            CLUSTER,
            adam,
            2,
            2,
            "distributed.replicas=0",
            "task.step:11:kill:" + marker("m4")));
    second.add(line("p1-c-s3", CLUSTER, adam, 1, 3, "", ""));
    second.add(line("p4-c-s2-resumed-p1-l2-s1", CLUSTER, adam, 4, 2, "", "driver.segment:20:kill"));
    try (DriverProcess driver = DriverProcess.start(temp.resolve("b"), runs, second)) {
      driver.awaitLog("RESULT p1-c-s3", 900);
      executorPids = driver.process().descendants().map(ProcessHandle::pid).toList();
      driver.await(300);
      assertThat(driver.process().exitValue()).isEqualTo(137);
      clusterLog = driver.log();
      sums = driver.results(second.stream().limit(7).map(l -> l.split(" ")[0]).toList());
    }

    List<String> third = new ArrayList<>();
    third.add(line("p4-c-s2-resumed-p1-l2-s1", "local[2]", adam, 1, 1, "", ""));
    third.add(line("p2-l2-s2", "local[2]", adam, 2, 2, "", ""));
    third.add(line("p4-l2-s3", "local[2]", adam, 4, 3, "", ""));
    third.add(line("p8-l2-s1", "local[2]", adam, 8, 1, "", ""));
    third.add(line("n-p4-l2-s2", "local[2]", nesterov, 4, 2, "", ""));
    third.add(line("p1-l1-s1", "local[1]", adam, 1, 1, "", ""));
    third.add(line("p8-l1-s3", "local[1]", adam, 8, 3, "", ""));
    third.add(line("p4-l1-s2", "local[1]", adam, 4, 2, "", ""));
    third.add(line("n-p1-l1-s1", "local[1]", nesterov, 1, 1, "", ""));
    try (DriverProcess driver = DriverProcess.start(temp.resolve("c"), runs, third)) {
      driver.await(600);
      sums.putAll(driver.results(third.stream().map(l -> l.split(" ")[0]).toList()));
    }
  }

  private static String line(
      String name,
      String master,
      Path config,
      int partitions,
      int shards,
      String more,
      String fail) {
    return "%s | %s | %s | distributed.workers=%d distributed.shards=%d %s | %s"
        .formatted(name, master, config, partitions, shards, more, fail);
  }

  private static Path marker(String name) {
    return temp.resolve(name);
  }

  private static String history(String run) throws IOException {
    // all columns but the last one, which is a time
    StringBuilder out = new StringBuilder();
    for (String line : Files.readAllLines(runs.resolve(run).resolve("history.csv"))) {
      out.append(line, 0, line.lastIndexOf(',')).append('\n');
    }
    return out.toString();
  }

  @Test
  @DisplayName(
      "TRN-40 every number of tasks, shards and executors, and every fault: the same bytes")
  void everyTopologyAndFaultGivesTheSameBytes() {
    assertThat(sums.keySet()).containsAll(ADAM).containsAll(NESTEROV);
    assertThat(ADAM).extracting(sums::get).containsOnly(sums.get("p1-l1-s1"));
    assertThat(NESTEROV).extracting(sums::get).containsOnly(sums.get("n-p1-l1-s1"));
    assertThat(sums.get("p1-l1-s1")).isNotEqualTo(sums.get("n-p1-l1-s1"));
  }

  @Test
  void lossesMetricsAndParameterChecksumsOfEveryStepAreTheSame() throws Exception {
    String ledger = Files.readString(runs.resolve("p1-l1-s1/steps.ledger"));
    assertThat(ledger.lines()).hasSize(28);
    for (String run : ADAM) {
      assertThat(runs.resolve(run).resolve("steps.ledger")).as(run).hasContent(ledger);
      assertThat(history(run)).as(run).isEqualTo(history("p1-l1-s1"));
    }
  }

  @Test
  void fault_01_killedExecutorRedoesItsSlicesOnly() {
    assertThat(temp.resolve("m2")).exists();
    assertThat(clusterLog.lines().filter(l -> l.contains("); its slices are redone")))
        .as(() -> "of the log\n" + clusterLog)
        .hasSize(1)
        .allMatch(
            l ->
                l.matches("WARN step \\d+: executor \\d+ .*")
                    && l.contains("137")
                    && l.contains("1 of 2 failures used"));
    assertThat(sums.get("p8-c-s1-kill-driver-placement")).isEqualTo(sums.get("p1-l1-s1"));
  }

  @Test
  void fault_03_killedShardGoesOnInItsReplicaOrElseFromTheNewestRestorePoint() throws Exception {
    assertThat(temp.resolve("m1")).exists();
    assertThat(temp.resolve("m3")).exists();
    assertThat(temp.resolve("m4")).exists();
    assertThat(clusterLog.lines().filter(l -> l.contains("its shards go on in their replicas")))
        .as(() -> "of the log\n" + clusterLog)
        .hasSize(2);
    for (String run : List.of("p4-c-s3-kill", "n-p8-c-s3-kill")) {
      String events = Files.readString(runs.resolve(run).resolve("events.jsonl"));
      assertThat(events).as(run).contains("\"event\":\"promotion\"").doesNotContain("roll_back\"");
    }
    assertThat(
            clusterLog
                .lines()
                .filter(l -> l.contains("its shards go back to the newest restore point")))
        .hasSize(1);
    assertThat(Files.readString(runs.resolve("p2-c-s2-kill-no-replica/events.jsonl")))
        .contains("\"event\":\"roll_back\"")
        .doesNotContain("promotion\"");
    assertThat(clusterLog)
        .contains("3 shards (executor, replica 1: there are executor processes)")
        .contains("2 shards (executor, replica 0: there are executor processes)");
    assertThat(sums.get("p4-c-s3-kill")).isEqualTo(sums.get("p1-l1-s1"));
    assertThat(sums.get("n-p8-c-s3-kill")).isEqualTo(sums.get("n-p1-l1-s1"));
    assertThat(sums.get("p2-c-s2-kill-no-replica")).isEqualTo(sums.get("p1-l1-s1"));
  }

  @Test
  void fault_05_killedDriverLeavesNoOrphanAndItsRunIsResumed() throws Exception {
    assertThat(executorPids).isNotEmpty();
    for (int i = 0; i < 100 && executorPids.stream().anyMatch(ByteEqualityTest::alive); i++) {
      Thread.sleep(100);
    }
    assertThat(executorPids).noneMatch(ByteEqualityTest::alive);
    try (Stream<Path> left = Files.walk(temp.resolve("b/tmp"))) {
      assertThat(left.map(file -> file.getFileName().toString()))
          .as("temporary files of driver and executors")
          .noneMatch(name -> name.contains("bellows"));
    }
    try (Stream<Path> left = Files.walk(runs.resolve("p4-c-s2-resumed-p1-l2-s1"))) {
      assertThat(left.map(Path::toString)).noneMatch(name -> name.endsWith(".tmp"));
    }
    assertThat(sums.get("p4-c-s2-resumed-p1-l2-s1")).isEqualTo(sums.get("p1-l1-s1"));
  }

  private static boolean alive(long pid) {
    return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
  }

  @Test
  void fault_38_resumeOnOtherExecutorsAndShardsGivesTheSameBytes() throws Exception {
    assertThat(sums.get("p8-l1-s2-resumed-p2-c-s3")).isEqualTo(sums.get("p1-l1-s1"));
    String events = Files.readString(runs.resolve("p8-l1-s2-resumed-p2-c-s3/events.jsonl"));
    assertThat(events).contains("\"event\":\"resume\"").contains("\"step\":10");
  }
}
