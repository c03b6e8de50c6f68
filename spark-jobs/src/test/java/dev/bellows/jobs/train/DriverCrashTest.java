package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.bellows.jobs.run.RunFolder;
import java.io.OutputStream;
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
 * Driver processes that die while they write, run out of disk, are interrupted at a terminal, or
 * lose their folder to another one: {@code resume} ends with the bytes of an undisturbed run.
 */
@Tag("cluster")
class DriverCrashTest {
  /** The boundaries of the checkpoint writer, in the order of writing, for two shards. */
  private static final List<String> WRITER =
      List.of(
          "begin",
          "shard-0.begin",
          "shard-0.end",
          "shard-1.begin",
          "shard-1.end",
          "state.begin",
          "state.end",
          "manifest.begin",
          "manifest.end");

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  static Path temp;

  private static Path runs;
  private static Path csv;
  private static Path config;

  @BeforeAll
  static void data() throws Exception {
    runs = temp.resolve("runs");
    csv = TinyData.write(temp.resolve("data"));
    config =
        Files.writeString(
            temp.resolve("adam.yaml"),
            TinyData.adam(csv)
                .replace("every: 5 steps", "every: 3 steps")
                .replace("epochs: 3", "epochs: 4"));
  }

  private static String line(String name, Path config, String sets, String fail) {
    return "%s | local[2] | %s | %s | %s".formatted(name, config, sets, fail);
  }

  private static String sha(DriverProcess driver, String run) {
    return driver.results(List.of(run)).get(run);
  }

  /**
   * A driver is killed at every boundary of the writer, each at the next checkpoint of the same
   * run: what is resumed is the newest whole one, and the end is that of a calm run.
   */
  @Test
  @Tag("faults")
  void fault_06_killedAtEveryFailpointOfTheCheckpointWriter() throws Exception {
    String sets = "distributed.shards=2";
    for (int i = 0; i < WRITER.size(); i++) {
      long step = 6 + 3L * i;
      String point = WRITER.get(i);
      String fail = "checkpoint.%s:%d:kill".formatted(point, step);
      List<String> script = List.of(line("chain", config, sets, fail));
      try (DriverProcess driver = DriverProcess.start(temp.resolve("k" + i), runs, script)) {
        assertThat(driver.await(300).process().exitValue()).as(point).isEqualTo(137);
        if (i > 0) {
          assertThat(driver.log()).contains("from the checkpoint of step " + (step - 6) + "\n");
        }
      }
    }
    List<String> script = List.of(line("chain", config, sets, ""), line("calm", config, sets, ""));
    try (DriverProcess driver = DriverProcess.start(temp.resolve("last"), runs, script)) {
      driver.await(300);
      assertThat(driver.log()).contains("from the checkpoint of step 30\n"); // manifest.end
      assertThat(sha(driver, "chain")).isEqualTo(sha(driver, "calm"));
    }
    assertThat(runs.resolve("chain/steps.ledger"))
        .hasSameTextualContentAs(runs.resolve("calm/steps.ledger"));
  }

  /** On a disk of 1 MB a second checkpoint has no room, and at last the model has none. */
  @Test
  void fault_31_aFullDiskCostsCheckpointsAndOnlyTheModelEndsTheRun() throws Exception {
    Path wide = Files.writeString(temp.resolve("wide.yaml"), TinyData.momentum(csv));
    Path disk = Files.createDirectories(temp.resolve("disk"));
    List<String> onSmallDisk =
        List.of(
            "unshare",
            "-rm",
            "bash",
            "-c",
            "mount -t tmpfs -o size=1m tmpfs \"$0\" && { \"$@\"; cp -a \"$0\" \"$0.kept\"; }",
            disk.toString());
    assumeTrue(
        new ProcessBuilder("unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", disk.toString())
                .start()
                .waitFor()
            == 0,
        "no mount name spaces for this user");
    List<String> script = List.of(line("full", wide, "", ""));
    try (DriverProcess driver =
        DriverProcess.start(
            temp.resolve("small"), disk.toString(), script, Map.of(), onSmallDisk)) {
      String log = driver.await(300).log();
      assertThat(log)
          .containsPattern(
              "WARN checkpoint of step 10 not written, training goes on: needs \\d+ bytes, \\d+"
                  + " free; older checkpoints are intact")
          .containsPattern("FAILED full 6 the model could not be written: .*No space left");
    }
    Path kept = temp.resolve("disk.kept");
    assertThat(RunFolder.readRun(kept.resolve("full"))).containsEntry("exit_code", 6L);
    assertThat(Files.list(kept.resolve("full/checkpoints"))).hasSize(1);
    List<String> second = List.of(line("full", wide, "", ""), line("roomy", wide, "", ""));
    try (DriverProcess driver = DriverProcess.start(temp.resolve("large"), kept, second)) {
      driver.await(300);
      assertThat(driver.log()).contains("from the checkpoint of step 5");
      assertThat(sha(driver, "full")).isEqualTo(sha(driver, "roomy"));
    }
  }

  /** Ctrl-C as a terminal sends it: the same as SIGTERM, with exit code 130. */
  @Test
  @Tag("faults")
  void fault_07_controlCAtATerminalFinishesTheStepAndASecondOneEndsAtOnce() throws Exception {
    assumeTrue(
        new ProcessBuilder("script", "--version").start().waitFor() == 0, "no script(1) here");
    Path seldom = Files.writeString(temp.resolve("seldom.yaml"), TinyData.adam(csv));
    List<String> terminal =
        List.of(
            "bash",
            "-c",
            "exec script -qfec \"$(printf '%q ' env --default-signal=INT \"$@\")\" /dev/null",
            "bash");
    List<String> script =
        List.of(
            line("asked", config, "", "task.step:-1:sleep=100"),
            line("hangs", seldom, "distributed.deadline=60s", "task.step:3:sleep=60000"));
    try (DriverProcess driver =
        DriverProcess.start(temp.resolve("tty"), runs.toString(), script, Map.of(), terminal)) {
      OutputStream keyboard = driver.process().getOutputStream();
      driver.awaitLog("BEGIN asked", 300);
      DriverProcess.awaitText(runs.resolve("asked/checkpoints/step-000003/manifest.json"));
      keyboard.write(3);
      keyboard.flush();
      driver.awaitLog("RESULT asked 130", 60);
      DriverProcess.awaitText(runs.resolve("hangs/steps.ledger"));
      keyboard.write(3);
      keyboard.flush();
      Thread.sleep(500);
      assertThat(driver.process().isAlive()).isTrue();
      keyboard.write(3);
      keyboard.flush();
      assertThat(driver.await(20).process().exitValue()).isEqualTo(130);
    }
    assertThat(RunFolder.readRun(runs.resolve("asked")))
        .containsEntry("status", "stopped")
        .containsEntry("exit_code", 130L);
  }

  /** Two processes, one folder: the second takes it over, the first stops and writes nothing. */
  @Test
  @Tag("faults")
  void fault_36_aTakeoverByAnotherProcessFencesTheFirst() throws Exception {
    List<String> first = List.of(line("shared", config, "", "task.step:-1:sleep=8000"));
    List<String> refused = List.of(line("shared", config, "", ""));
    List<String> second =
        List.of(line("shared", config, "takeover", ""), line("own", config, "", ""));
    try (DriverProcess slow = DriverProcess.start(temp.resolve("slow"), runs, first)) {
      DriverProcess.awaitText(runs.resolve("shared/steps.ledger"));
      try (DriverProcess other = DriverProcess.start(temp.resolve("other"), runs, refused)) {
        assertThat(other.await(100).log())
            .contains("FAILED shared 2 run folder")
            .contains("is in use by host")
            .contains("pid " + slow.process().pid())
            .contains("--takeover");
      }
      try (DriverProcess taker = DriverProcess.start(temp.resolve("taker"), runs, second)) {
        taker.await(100);
        assertThat(sha(taker, "shared")).isEqualTo(sha(taker, "own"));
      }
      assertThat(slow.await(60).log())
          .containsPattern("FAILED shared 7 run folder .* was taken over by another process")
          .contains("writes nothing more");
    }
    assertThat(runs.resolve("shared/steps.ledger"))
        .hasSameTextualContentAs(runs.resolve("own/steps.ledger"));
    assertThat(RunFolder.readRun(runs.resolve("shared"))).containsEntry("exit_code", 0L);
  }
}
