package dev.bellows.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
  private static final Clock NOON =
      Clock.fixed(Instant.parse("2026-11-21T12:00:00Z"), ZoneOffset.UTC);

  @TempDir Path temp;

  private static RunFolder.Options options(boolean resume, boolean takeover) {
    return new RunFolder.Options(
        "seed: 1\n",
        "seed: 1\nall: true\n",
        List.of("train", "-c", "x.yaml"),
        resume,
        takeover,
        NOON);
  }

  private RunFolder make(Path dir) {
    return RunFolder.create(dir, options(true, false));
  }

  @Test
  void aNewFolderHoldsRunJsonConfigAndEvents() throws Exception {
    Path dir = temp.resolve("runs/a");
    try (RunFolder folder = make(dir)) {
      assertThat(folder.found()).isEqualTo(RunFolder.Found.NEW);
      folder.writeConfig();
      folder.event("epoch", Map.of("loss", 0.5));
      folder.finish("finished", ExitCode.OK, Map.of("steps", 7L));
    }
    assertThat(dir.resolve("config.yaml")).hasContent("seed: 1\n");
    assertThat(dir.resolve("config.resolved.yaml")).hasContent("seed: 1\nall: true\n");
    assertThat(Files.readString(dir.resolve("events.jsonl")))
        .startsWith("{\"time\":\"2026-11-21T12:00:00Z\",\"event\":\"epoch\"")
        .endsWith("}\n");
    assertThat(RunFolder.readRun(dir))
        .containsEntry("status", "finished")
        .containsEntry("exit_code", 0L)
        .containsEntry("steps", 7L)
        .containsEntry("command", List.of("train", "-c", "x.yaml"));
  }

  @Test
  void fault_35_aFolderThatIsNotOursIsRefusedAndUntouched() throws Exception {
    Path foreign = Files.createDirectories(temp.resolve("thesis"));
    Files.writeString(foreign.resolve("chapter1.tex"), "important");
    assertThatThrownBy(() -> make(foreign))
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE))
        .hasMessageContaining("not a Bellows run folder")
        .hasMessageContaining("--run-dir");
    assertThat(foreign.resolve("chapter1.tex")).hasContent("important");
    assertThat(Files.list(foreign)).hasSize(1);
  }

  @Test
  void fault_35_anotherProgramsRunJsonIsNotOurs() throws Exception {
    Path foreign = Files.createDirectories(temp.resolve("other"));
    Files.writeString(foreign.resolve("run.json"), "{\"format\": \"somebody-else\"}");
    assertThatThrownBy(() -> make(foreign)).hasMessageContaining("not a Bellows run folder");
  }

  @Test
  void fault_35_aFileAsFolderIsRefused() throws Exception {
    Path file = Files.writeString(temp.resolve("file"), "x");
    assertThatThrownBy(() -> make(file))
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE))
        .hasMessageContaining("is a file");
    assertThatThrownBy(() -> make(file.resolve("below")))
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE));
    assertThat(file).hasContent("x");
  }

  @Test
  void fault_36_aSecondRunIsRefusedNamingHostPidAndAge() {
    Path dir = temp.resolve("shared");
    try (RunFolder first = make(dir)) {
      assertThatThrownBy(() -> make(dir))
          .isInstanceOfSatisfying(
              BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE))
          .hasMessageContaining("is in use by host " + HostName.local())
          .hasMessageContaining("pid " + ProcessHandle.current().pid())
          .hasMessageContaining("--takeover");
      first.writeText("history.csv", "still the owner");
    }
    make(dir).close(); // given back
  }

  @Test
  void fault_36_takeoverFencesTheFirst() {
    Path dir = temp.resolve("fenced");
    RunFolder first = make(dir);
    try (RunFolder second = RunFolder.create(dir, options(true, true))) {
      assertThat(second.attempt()).isGreaterThan(first.attempt());
      assertThatThrownBy(() -> first.writeText("history.csv", "late"))
          .isInstanceOfSatisfying(
              BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CLUSTER))
          .hasMessageContaining("taken over");
      assertThatThrownBy(() -> first.append("steps.ledger", "late"))
          .isInstanceOfSatisfying(
              BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CLUSTER));
      assertThatThrownBy(() -> first.event("epoch", Map.of())).hasMessageContaining("taken over");
      first.failed(ExitCode.CLUSTER, "fenced"); // nor does it tell how it ended
      assertThat(dir.resolve("steps.ledger")).doesNotExist();
      assertThat(dir.resolve("events.jsonl")).doesNotExist();
      assertThat(RunFolder.readRun(dir)).containsEntry("status", "running");
      assertThatThrownBy(() -> first.lease().renew()).hasMessageContaining("taken over");
      second.writeText("history.csv", "second");
      first.close(); // must not give back what it no longer has
      second.writeText("history.csv", "second again");
    }
    assertThat(dir.resolve("history.csv")).hasContent("second again");
  }

  @Test
  void aFailureBeforeTheTrainingIsNotedOnce() {
    Path dir = temp.resolve("failed");
    try (RunFolder folder = make(dir)) {
      folder.failed(ExitCode.CLUSTER, "Spark did not start");
      folder.failed(ExitCode.INTERNAL, "closing it failed, too");
    }
    assertThat(RunFolder.readRun(dir))
        .containsEntry("status", "failed")
        .containsEntry("exit_code", (long) ExitCode.CLUSTER.code())
        .containsEntry("message", "Spark did not start");
    assertThat(dir.resolve("events.jsonl")).content().hasLineCount(1);
  }

  @Test
  void theLeaseOfADeadProcessIsTaken() throws Exception {
    Path dir = temp.resolve("dead");
    long number;
    try (RunFolder folder = make(dir)) {
      number = folder.attempt();
    }
    Process shortLived = new ProcessBuilder("true").start();
    shortLived.waitFor();
    Files.writeString(
        dir.resolve("lease/%06d.json".formatted(number)),
        "{\"host\": \"%s\", \"pid\": %d, \"process_started\": \"x\", \"released\": false}"
            .formatted(HostName.local(), shortLived.pid()));
    try (RunFolder next = make(dir)) {
      assertThat(next.attempt()).isEqualTo(number + 1);
      assertThat(next.found()).isEqualTo(RunFolder.Found.UNFINISHED);
    }
  }

  /** Our own pid as holder: only what is noted beside it tells whether it is this process. */
  private Path heldByOurPid(String name, String fields, Instant renewed) throws Exception {
    Path dir = temp.resolve(name);
    long number;
    try (RunFolder folder = make(dir)) {
      number = folder.attempt();
    }
    Path lease = dir.resolve("lease/%06d.json".formatted(number));
    Files.writeString(
        lease,
        "{\"host\": \"%s\", \"pid\": %d, %s, \"released\": false}"
            .formatted(HostName.local(), ProcessHandle.current().pid(), fields));
    Files.setLastModifiedTime(lease, FileTime.from(renewed));
    return dir;
  }

  @Test
  void fault_36_aLivingHolderStaysAliveWhenTheClockIsSet() throws Exception {
    Instant longAgo = NOON.instant().minus(RunLease.STALE.multipliedBy(10));
    String identity = ProcessIdentity.of(ProcessHandle.current().pid());
    assumeTrue(!identity.isEmpty(), "no /proc on this system");
    Path same =
        heldByOurPid(
            "same",
            "\"process_started\": \"1970-01-01T00:00:00Z\", \"process\": \"" + identity + "\"",
            longAgo);
    assertThatThrownBy(() -> make(same)).hasMessageContaining("is in use by");
    Path reused = heldByOurPid("reused", "\"process\": \"boot:1\"", NOON.instant());
    make(reused).close(); // another process got the pid
  }

  @Test
  void withoutProcessIdentityAFreshLeaseOfALivingPidCounts() throws Exception {
    String moved = "\"process_started\": \"1970-01-01T00:00:00Z\"";
    Path fresh = heldByOurPid("fresh", moved, NOON.instant().minusSeconds(5));
    assertThatThrownBy(() -> make(fresh)).hasMessageContaining("is in use by");
    Path stale = heldByOurPid("stale", moved, NOON.instant().minus(RunLease.STALE));
    make(stale).close();
  }

  @Test
  void fault_39_aFinishedRunIsKnownAsSuchAndUnchanged() throws Exception {
    Path dir = temp.resolve("finished");
    try (RunFolder folder = make(dir)) {
      folder.finish("finished", ExitCode.OK, Map.of("model_sha256", "abc"));
    }
    String before = Files.readString(dir.resolve("run.json"));
    try (RunFolder again = RunFolder.open(dir, false, List.of("resume"), NOON)) {
      assertThat(again.found()).isEqualTo(RunFolder.Found.FINISHED);
      assertThat(again.get("model_sha256")).isEqualTo("abc");
    }
    assertThat(dir.resolve("run.json")).hasContent(before);
  }

  @Test
  void resumeNeverRefusesAFolderWithARun() {
    Path dir = temp.resolve("never");
    make(dir).close();
    assertThatThrownBy(() -> RunFolder.create(dir, options(false, false)))
        .hasMessageContaining("holds a run already");
  }

  @Test
  void openingWhatIsNotThereSaysSo() {
    assertThatThrownBy(() -> RunFolder.open(temp.resolve("none"), false, List.of(), NOON))
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE))
        .hasMessageContaining("there is no run folder");
  }
}
