package dev.bellows.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.StrictFileSystem;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Run folders on a file system that java.nio does not know. */
class RemoteRunFolderTest {
  private static final Clock NOON =
      Clock.fixed(Instant.parse("2026-11-21T12:00:00Z"), ZoneOffset.UTC);

  @TempDir Path temp;

  private final Storage storage =
      Storage.of(
          () ->
              new SparkConf(false)
                  .set("spark.hadoop.fs.strict.impl", StrictFileSystem.class.getName()));

  private FolderFiles files(String name) {
    return storage.folder(StrictFileSystem.uri(temp.resolve(name)));
  }

  private static RunFolder make(FolderFiles files, boolean takeover) {
    return RunFolder.create(
        files,
        new RunFolder.Options("a: 1\n", "a: 1\nb: 2\n", List.of("train"), true, takeover, NOON));
  }

  private static void refused(ExitCode code, String message, Runnable work) {
    assertThatThrownBy(work::run)
        .isInstanceOfSatisfying(
            BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(code))
        .hasMessageContaining(message);
  }

  @Test
  void theFolderHoldsTheSameFilesAsOnTheLocalDisk() throws Exception {
    for (boolean remote : new boolean[] {false, true}) {
      Path dir = temp.resolve("same" + remote);
      FolderFiles files = storage.folder(remote ? StrictFileSystem.uri(dir) : dir.toString());
      assertThat(files.remote()).isEqualTo(remote);
      try (RunFolder folder = make(files, false)) {
        folder.writeConfig();
        folder.event("start", Map.of("step", 0L));
        folder.append("steps.ledger", "1\n");
        folder.append("steps.ledger", "2\n");
        folder.event("checkpoint", Map.of("step", 2L));
        assertThat(folder.readText("steps.ledger")).isEqualTo("1\n2\n");
        folder.finish("finished", ExitCode.OK, Map.of("steps", 2L));
      }
      assertThat(RunFolder.readRun(files)).containsEntry("status", "finished");
    }
    try (var list = Files.walk(temp.resolve("samefalse"))) {
      for (Path local : list.filter(Files::isRegularFile).toList()) {
        String name = temp.resolve("samefalse").relativize(local).toString();
        if (!name.startsWith("lease")) {
          assertThat(temp.resolve("sametrue").resolve(name)).hasSameTextualContentAs(local);
        }
      }
    }
  }

  @Test
  void whatIsAppendedIsGatheredUntilACheckpointAsksForIt() throws Exception {
    RunFolder folder = make(files("spool"), false);
    folder.event("start", Map.of()); // the first is written at once
    long before = StrictFileSystem.CHANGES.get();
    for (int step = 0; step < 1000; step++) {
      folder.append("steps.ledger", step + "\n");
    }
    folder.event("epoch", Map.of("epoch", 1L));
    assertThat(StrictFileSystem.CHANGES.get()).as("no trip for a line").isEqualTo(before);
    folder.publish();
    assertThat(temp.resolve("spool/steps.ledger")).content().hasLineCount(1000);
    assertThat(temp.resolve("spool/events.jsonl")).content().hasLineCount(2);
    folder.append("steps.ledger", "1000\n");
    folder.close(); // gives back what waits, too
    assertThat(temp.resolve("spool/steps.ledger")).content().hasLineCount(1001);
  }

  @Test
  void fault_35_whatIsNotOursCannotBeWrittenOrIsAFileIsRefused() throws Exception {
    Files.createDirectories(temp.resolve("thesis"));
    Files.writeString(temp.resolve("thesis/chapter1.tex"), "important");
    refused(ExitCode.USAGE, "not a Bellows run folder", () -> make(files("thesis"), false));
    assertThat(Files.list(temp.resolve("thesis"))).hasSize(1);
    Files.writeString(temp.resolve("file"), "x");
    refused(ExitCode.USAGE, "is a file", () -> make(files("file"), false));
    refused(ExitCode.USAGE, "file/below", () -> make(files("file/below"), false));
    refused(ExitCode.USAGE, "Permission denied", () -> make(files("forbidden/run"), false));
    refused(
        ExitCode.USAGE,
        "there is no run folder strict:",
        () -> RunFolder.open(files("none"), false, List.of(), NOON));
  }

  @Test
  void fault_35_anUnknownSchemeSaysWhatToDo() {
    refused(
        ExitCode.USAGE, "No FileSystem for scheme \"nofs\"", () -> storage.folder("nofs://x/y"));
    refused(ExitCode.USAGE, "spark.jars.packages", () -> storage.folder("nofs://x/y"));
    Storage broken =
        Storage.of(
            () -> new SparkConf(false).set("spark.hadoop.fs.broken.impl", "no.such.FileSystem"));
    refused(ExitCode.USAGE, "no.such.FileSystem", () -> broken.folder("broken://x/y"));
  }

  @Test
  void fault_36_aSecondRunIsRefusedAndTakeoverFencesTheFirst() throws Exception {
    FolderFiles files = files("shared");
    RunFolder first = make(files, false);
    refused(ExitCode.USAGE, "is in use by host " + HostName.local(), () -> make(files, false));
    first.append("steps.ledger", "late\n");
    try (RunFolder second = make(files, true)) {
      assertThat(second.attempt()).isGreaterThan(first.attempt());
      refused(ExitCode.CLUSTER, "taken over", () -> first.writeText("history.csv", "late"));
      refused(ExitCode.CLUSTER, "taken over", first::publish);
      first.close(); // neither writes what waits nor gives back what it no longer has
      assertThat(temp.resolve("shared/steps.ledger")).doesNotExist();
      second.writeText("history.csv", "second");
    }
    make(files, false).close(); // given back
    assertThat(temp.resolve("shared/history.csv")).hasContent("second");
  }

  @Test
  void fault_36_ofTwoThatTookTheSameNumberTheOverwrittenOneStops() throws Exception {
    RunFolder first = make(files("race"), false);
    Path lease = temp.resolve("race/lease/000001.json");
    Files.writeString(
        lease, "{\"host\": \"elsewhere\", \"pid\": 7, \"process\": \"b:1\", \"released\": false}");
    refused(ExitCode.CLUSTER, "host elsewhere pid 7", () -> first.writeText("history.csv", "late"));
    first.close();
    assertThat(lease).content().contains("elsewhere").contains("false");
    // the other host is believed to be alive while its lease is fresh
    Files.setLastModifiedTime(lease, FileTime.from(NOON.instant().minusSeconds(30)));
    refused(ExitCode.USAGE, "host elsewhere pid 7", () -> make(files("race"), false));
    Files.setLastModifiedTime(lease, FileTime.from(NOON.instant().minusSeconds(91)));
    RunLease.acquire(files("race"), false, NOON, 30).close();
  }

  /** An hour forwards or backwards, here or there: who goes on renewing is alive. */
  @Test
  void fault_29_aHolderWhoseClockOrOursWasSetIsRecognisedByItsRenewals() throws Exception {
    FolderFiles files = files("jumped");
    Path lease = Files.createDirectories(temp.resolve("jumped/lease")).resolve("000001.json");
    Files.writeString(
        lease, "{\"host\": \"elsewhere\", \"pid\": 7, \"process\": \"b:1\", \"released\": false}");
    CountDownLatch renewed = new CountDownLatch(3);
    Thread renewing =
        new Thread(
            () -> {
              for (long s = 1; !Thread.currentThread().isInterrupted(); s++) {
                try {
                  Files.setLastModifiedTime(lease, FileTime.from(Instant.ofEpochSecond(s)));
                  renewed.countDown();
                  Thread.sleep(10);
                } catch (java.io.IOException | InterruptedException e) {
                  return;
                }
              }
            });
    renewing.start();
    renewed.await();
    try {
      for (long hours : new long[] {-1, 0, 1}) {
        Clock jumped = Clock.offset(NOON, Duration.ofHours(hours));
        refused(
            ExitCode.USAGE,
            "is in use by host elsewhere pid 7",
            () -> RunLease.acquire(files, false, jumped, 600));
      }
    } finally {
      renewing.interrupt();
      renewing.join();
    }
    Clock late = Clock.offset(NOON, Duration.ofHours(1));
    try (RunLease next = RunLease.acquire(files, false, late, 30)) {
      assertThat(next.number()).as("the order of runs is a counter").isEqualTo(2);
    }
  }

  @Test
  void fault_36_aLeaseElsewhereIsRenewedHoweverLongAJobTakesAndNoThreadStays() throws Exception {
    FolderFiles files = files("renewed");
    files.createFolders("");
    RunLease lease = RunLease.acquire(files, false, Clock.systemUTC(), 10);
    Path file = temp.resolve("renewed/lease/000001.json");
    Files.setLastModifiedTime(file, FileTime.fromMillis(0));
    for (int i = 0; i < 500 && Files.getLastModifiedTime(file).toMillis() == 0; i++) {
      Thread.sleep(10);
    }
    assertThat(Files.getLastModifiedTime(file).toMillis()).isPositive();
    lease.close();
    for (int i = 0; i < 500 && keepers() > 0; i++) {
      Thread.sleep(10);
    }
    assertThat(keepers()).isZero();
    assertThat(file).content().contains("\"released\": true");
  }

  private static long keepers() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("bellows-lease"))
        .count();
  }

  @Test
  void aFileTimeThatCannotBeSetIsSetByWriting() throws Exception {
    FolderFiles files = files("touch");
    assertThat(files.createNew("a", "one".getBytes(StandardCharsets.UTF_8))).isTrue();
    assertThat(files.createNew("a", "two".getBytes(StandardCharsets.UTF_8))).isFalse();
    Path file = temp.resolve("touch/a");
    Files.setLastModifiedTime(file, FileTime.fromMillis(0));
    files.touch("a", 1_000_000);
    assertThat(files.modifiedMs("a")).isGreaterThan(1_000_000);
    assertThat(file).hasContent("one");
  }

  @Test
  void localPathsWithAndWithoutSchemeAreTheSame() {
    assertThat(storage.folder("file://" + temp).root()).isEqualTo(temp.toString());
    assertThat(storage.folder("file:" + temp).root()).isEqualTo(temp.toString());
    assertThat(storage.folder("runs/x").root())
        .isEqualTo(Path.of("runs/x").toAbsolutePath().toString());
    assertThat(Storage.isLocal("hdfs://nn/runs/x")).isFalse();
  }
}
