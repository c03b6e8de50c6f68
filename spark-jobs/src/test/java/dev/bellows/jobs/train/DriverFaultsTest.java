package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.jobs.StrictFileSystem;
import dev.bellows.jobs.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** What happens to whole driver processes: signals, too many lost executors, two on one folder. */
@Tag("cluster")
class DriverFaultsTest {
  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  static Path temp;

  private static Path runs;
  private static Path config;

  @BeforeAll
  static void data() throws Exception {
    runs = temp.resolve("runs");
    config =
        Files.writeString(
            temp.resolve("adam.yaml"), TinyData.adam(TinyData.write(temp.resolve("data"))));
  }

  private static String line(String name, String master, String sets, String fail) {
    return "%s | %s | %s | %s | %s".formatted(name, master, config, sets, fail);
  }

  private static void signal(DriverProcess driver, String name)
      throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(driver.process().pid())).start().waitFor();
  }

  @Test
  void fault_07_sigtermFinishesTheStepAndASecondOneEndsAtOnce() throws Exception {
    List<String> script =
        List.of(
            line("calm", "local[2]", "", ""),
            line("stopped", "local[2]", "", "task.step:-1:sleep=80"),
            line("hangs", "local[2]", "distributed.deadline=60s", "task.step:3:sleep=60000"));
    try (DriverProcess driver = DriverProcess.start(temp.resolve("a"), runs, script)) {
      driver.awaitLog("BEGIN stopped", 300);
      driver.awaitLog(" *best", 300); // of calm, then of the run that is to be stopped
      DriverProcess.awaitText(runs.resolve("stopped/checkpoints/step-000005/manifest.json"));
      signal(driver, "TERM");
      driver.awaitLog("RESULT stopped 143", 300);
      assertThat(RunFolder.readRun(runs.resolve("stopped")))
          .containsEntry("status", "stopped")
          .containsEntry("exit_code", 143L);

      driver.awaitLog("BEGIN hangs", 300);
      DriverProcess.awaitText(runs.resolve("hangs/steps.ledger"));
      fault_36_heldByAnotherProcess(driver.process().pid());
      signal(driver, "TERM");
      assertThat(driver.process().waitFor(1, TimeUnit.SECONDS)).isFalse();
      signal(driver, "TERM");
      driver.await(20);
      assertThat(driver.process().exitValue()).isEqualTo(143);
    }
    List<String> second = List.of(line("stopped", "local[1]", "", ""));
    try (DriverProcess driver = DriverProcess.start(temp.resolve("b"), runs, second)) {
      String resumed = driver.await(300).results(List.of("stopped")).get("stopped");
      assertThat(resumed).isEqualTo(RunFolder.readRun(runs.resolve("calm")).get("model_sha256"));
    }
  }

  private static void fault_36_heldByAnotherProcess(long pid) {
    assertThatThrownBy(
            () ->
                RunFolder.open(runs.resolve("hangs"), false, List.of("resume"), Clock.systemUTC()))
        .hasMessageContaining("is in use by host")
        .hasMessageContaining("pid " + pid)
        .hasMessageContaining("--takeover");
  }

  /** Also row 28: executors advertise an address that the name of this machine does not lead to. */
  @Test
  void fault_02_oneLossTooManyEndsWithTheCountsAndKeepsTheCheckpoint() throws Exception {
    String fail = "";
    for (int step : List.of(6, 8, 11)) {
      fail += "task.step:%d:kill:%s;".formatted(step, temp.resolve("mark" + step));
    }
    Path figures = Files.createDirectories(temp.resolve("figures"));
    String sink = "spark.metrics.conf.executor.sink.csv.";
    String settings =
        " | %sclass=org.apache.spark.metrics.sink.CsvSink %speriod=1 %sdirectory=%s"
            .formatted(sink, sink, sink, figures);
    fail += "task.step:-1:sleep=200";
    List<String> script = List.of(line("lost", "local-cluster[2,1,700]", "", fail) + settings);
    Map<String, String> other =
        Map.of("SPARK_LOCAL_IP", "127.0.0.2", "SPARK_LOCAL_HOSTNAME", "127.0.0.2");
    try (DriverProcess driver =
        DriverProcess.start(temp.resolve("c"), runs.toString(), script, other)) {
      driver.await(600);
      assertThat(driver.log())
          .contains("FAILED lost 7 lost 3 > maxFailures 2")
          .containsPattern("Checkpoints are kept, the newest of step 1\\d: `bellows resume");
      fault_28_theAdvertisedAddressIsUsed(driver.log());
    }
    executorsTellTheirFigures(figures);
    assertThat(RunFolder.readRun(runs.resolve("lost"))).containsEntry("exit_code", 7L);
    // the newest before the third loss; older ones may have gone by the keep rule
    assertThat(runs.resolve("lost/checkpoints/step-000010/manifest.json")).exists();
  }

  private static void fault_28_theAdvertisedAddressIsUsed(String log) {
    assertThat(log).containsPattern("WARN step \\d+: executor \\d+ \\(127\\.0\\.0\\.2\\) lost");
  }

  /** The registry of a real executor, as a sink of Spark's metrics system sees it. */
  private static void executorsTellTheirFigures(Path folder) throws IOException {
    Pattern ofExecutor = Pattern.compile(".*\\.\\d+\\.plugin\\..*\\.task\\.steps\\.csv");
    long most = 0;
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(f -> ofExecutor.matcher(f.toString()).matches()).toList()) {
        List<String> lines = Files.readAllLines(file);
        most = Math.max(most, Long.parseLong(lines.get(lines.size() - 1).split(",")[1]));
      }
    }
    assertThat(most).as("steps that an executor told").isPositive();
  }

  @Test
  void fault_05_aKilledDriverIsContinuedOnAnotherFileSystem() throws Exception {
    String remote = StrictFileSystem.uri(runs.resolve("remote"));
    List<String> script =
        List.of(
            line("calm5", "local[2]", "", ""), line("killed", "local[2]", "", "task.step:13:kill"));
    try (DriverProcess driver = DriverProcess.start(temp.resolve("d"), remote, script)) {
      assertThat(driver.await(300).process().exitValue()).isEqualTo(137);
    }
    Path killed = runs.resolve("remote/killed");
    assertThat(RunFolder.readRun(killed)).containsEntry("status", "running");
    List<String> second = List.of(line("killed", "local[1]", "", ""));
    try (DriverProcess driver = DriverProcess.start(temp.resolve("e"), remote, second)) {
      assertThat(driver.await(300).results(List.of("killed")).get("killed"))
          .isEqualTo(RunFolder.readRun(runs.resolve("remote/calm5")).get("model_sha256"));
      assertThat(driver.log()).contains("from the checkpoint of step 10");
    }
    assertThat(killed.resolve("steps.ledger"))
        .hasSameTextualContentAs(runs.resolve("remote/calm5/steps.ledger"));
  }
}
