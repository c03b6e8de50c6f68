package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.jobs.run.RunFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Runs on executor processes that must end at once, because trying again would not help. */
@Tag("cluster")
class RefusedRunsTest {
  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  static Path temp;

  private static Path runs;
  private static String log;

  @BeforeAll
  static void run() throws Exception {
    runs = temp.resolve("runs");
    Path csv = TinyData.write(temp.resolve("data"));
    Path config = Files.writeString(temp.resolve("adam.yaml"), TinyData.adam(csv));
    String line = "%s | local-cluster[2,1,700] | " + config + " | %s | %s";
    List<String> script =
        List.of(
            line.formatted("recompute", "distributed.max_failures=4", "task.step:-1:sleep=300"),
            line.formatted("driver-refused", "", "wrong secret"),
            line.formatted("task-refused", "distributed.placement=driver", "wrong secret"));
    try (DriverProcess driver = DriverProcess.start(temp.resolve("driver"), runs, script)) {
      driver.awaitLog(" *best", 300); // the first epoch is over, the rows are cached
      Files.writeString(csv, Files.readString(csv).replaceAll(",-?\\d+\\.\\d+,", ",word,"));
      // All executors: a survivor may hold every block that is needed.
      List<ProcessHandle> executors =
          driver
              .process()
              .descendants()
              .filter(p -> p.info().command().orElse("").endsWith("java"))
              .toList();
      for (ProcessHandle executor : executors) {
        new ProcessBuilder("kill", "-9", Long.toString(executor.pid())).start().waitFor();
      }
      driver.awaitLog("FAILED recompute", 120);
      TinyData.write(temp.resolve("data"));
      driver.await(300);
      log = driver.log();
    }
  }

  @Test
  void fault_67_rowsThatChangedWhenTheyAreReadAgainEndWithExitFour() {
    assertThat(log).contains("FAILED recompute 4 ");
    assertThat(RunFolder.readRun(runs.resolve("recompute"))).containsEntry("exit_code", 4L);
    assertThat(runs.resolve("recompute/model")).doesNotExist();
  }

  @Test
  void fault_21_refusedDriverEndsWithExitNine() {
    assertThat(log)
        .containsPattern(
            "FAILED driver-refused 9 the parameter server refused: cannot connect to .*")
        .doesNotContain("of 2 failures used; the parameter server");
    assertThat(RunFolder.readRun(runs.resolve("driver-refused"))).containsEntry("exit_code", 9L);
  }

  @Test
  void fault_21_refusedTaskEndsWithExitNine() {
    assertThat(log)
        .containsPattern(
            "FAILED task-refused 9 the parameter server refused: cannot connect to .*");
    assertThat(RunFolder.readRun(runs.resolve("task-refused"))).containsEntry("exit_code", 9L);
  }
}
