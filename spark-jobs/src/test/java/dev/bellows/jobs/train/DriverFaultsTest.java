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
import java.util.concurrent.TimeUnit;
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

  @Test
  void fault_02_oneLossTooManyEndsWithTheCountsAndKeepsTheCheckpoint() throws Exception {
    String fail = "";
    for (int step : List.of(6, 8, 11)) {
      fail += "task.step:%d:kill:%s;".formatted(step, temp.resolve("mark" + step));
    }
    List<String> script = List.of(line("lost", "local-cluster[2,1,700]", "", fail));
    try (DriverProcess driver = DriverProcess.start(temp.resolve("c"), runs, script)) {
      driver.await(600);
      assertThat(driver.log()).contains("FAILED lost 7 lost 3 > maxFailures 2");
    }
    assertThat(RunFolder.readRun(runs.resolve("lost"))).containsEntry("exit_code", 7L);
    // the newest before the third loss; older ones may have gone by the keep rule
    assertThat(runs.resolve("lost/checkpoints/step-000010/manifest.json")).exists();
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
