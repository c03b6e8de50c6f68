package dev.bellows.jobs.study.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.engine.model.NioFiles;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.StrictFileSystem;
import dev.bellows.jobs.space.Configuration;
import dev.bellows.jobs.study.trial.Event;
import dev.bellows.jobs.study.trial.Goal;
import dev.bellows.jobs.study.trial.Report;
import dev.bellows.jobs.study.trial.Trial;
import dev.bellows.jobs.study.trial.TrialState;
import dev.bellows.jobs.study.trial.Trials;
import dev.bellows.ps.checkpoint.HadoopFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
  private static final LongSupplier NOON = () -> 43_200_000L;
  private static final Runnable ALLOWED = () -> {};

  @TempDir Path temp;

  private static Journal open(FolderFiles files, long epoch) {
    return Journal.open(files, Goal.MAXIMIZE, epoch, NOON, ALLOWED);
  }

  /** Some trials with every kind of event. */
  private static List<Event> events(int trials) {
    List<Event> events = new ArrayList<>();
    for (int n = 0; n < trials; n++) {
      Configuration configuration =
          Configuration.of(Map.of("rate", 0.1 / (n + 1), "kind", "\"\u00fc,\n", "depth", n));
      events.add(Event.ask(n, configuration, n % 3 == 2 ? OptionalInt.of(0) : OptionalInt.empty()));
      events.add(Event.start(n));
      events.add(Event.report(n, new Report(0, 0, 10, 0.5 + 0.01 * n, Map.of("rows", 7L))));
      events.add(Event.report(n, new Report(1, 0, 10, n == 4 ? Double.NaN : 0.6)));
      events.add(
          switch (n % 5) {
            case 0 -> Event.tell(n, 0.7 + 0.001 * n, Map.of("std", 0.02));
            case 1 -> Event.prune(n, "behind");
            case 2 -> Event.fail(n, "memory");
            case 3 -> Event.timeout(n, "longer than 1 h");
            default -> Event.tell(n, Double.NaN, Map.of());
          });
    }
    events.add(Event.refit(0, Map.of("model", "model")));
    return events;
  }

  private static Trials book(List<Event> events) {
    Trials trials = new Trials(Goal.MAXIMIZE);
    events.forEach(trials::apply);
    return trials;
  }

  private static void same(Trials found, Trials expected) {
    assertThat(found.list()).isEqualTo(expected.list());
    assertThat(found.refits()).isEqualTo(expected.refits());
  }

  private static List<Path> segments(Path dir) throws IOException {
    try (var list = Files.list(dir.resolve("log"))) {
      return list.sorted().toList();
    }
  }

  @Test
  void everyEventComesBackWhereverTheDriverDied() throws Exception {
    List<Event> events = events(6);
    for (int killed = 0; killed <= events.size(); killed++) {
      FolderFiles files = new NioFiles(temp.resolve("killed" + killed));
      Journal first = open(files, 1);
      events.subList(0, killed).forEach(first::record); // and no close
      Journal second = open(files, 2);
      same(second.trials(), book(events.subList(0, killed)));
      assertThat(second.events()).isEqualTo(killed);
      events.forEach(second::record); // what is there changes nothing
      same(second.trials(), book(events));
      same(open(files, 3).trials(), book(events));
    }
  }

  @Test
  void aJournalCutAtEveryByteGivesTheEventsBeforeTheCutAndGoesOn() throws Exception {
    List<Event> events = events(2);
    FolderFiles whole = new NioFiles(temp.resolve("whole"));
    try (Journal journal = open(whole, 1)) {
      events.forEach(journal::record);
    }
    Path only = segments(temp.resolve("whole")).get(0);
    byte[] bytes = Files.readAllBytes(only);
    Path dir = temp.resolve("cut");
    Files.createDirectories(dir.resolve("log"));
    for (int cut = 0; cut <= bytes.length; cut++) {
      for (Path old : segments(dir)) {
        Files.delete(old);
      }
      Files.write(dir.resolve("log").resolve(only.getFileName()), Arrays.copyOf(bytes, cut));
      int lines =
          (int) new String(bytes, 0, cut, "ISO-8859-1").chars().filter(c -> c == '\n').count();
      Journal journal = open(new NioFiles(dir), 2);
      same(journal.trials(), book(events.subList(0, lines)));
      events.forEach(journal::record);
      same(open(new NioFiles(dir), 3).trials(), book(events));
    }
  }

  @Test
  void aChangedByteIsFoundUnlessItIsTheTornEnd() throws Exception {
    List<Event> events = events(2);
    Path dir = temp.resolve("changed");
    try (Journal journal = open(new NioFiles(dir), 1)) {
      events.forEach(journal::record);
    }
    Path only = segments(dir).get(0);
    byte[] bytes = Files.readAllBytes(only);
    int lastLine = new String(bytes, "ISO-8859-1").lastIndexOf('\n', bytes.length - 2) + 1;
    for (int at = 0; at < lastLine; at += 7) {
      byte[] changed = bytes.clone();
      changed[at] ^= 4;
      Files.write(only, changed);
      assertThatThrownBy(() -> open(new NioFiles(dir), 2))
          .as("byte %d", at)
          .isInstanceOfSatisfying(
              BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.MODEL))
          .hasMessageContaining("000001-000000.jsonl");
    }
  }

  @Test
  void segmentsAndSnapshotsHoldTheSameOnARemoteFileSystem() throws Exception {
    List<Event> events = events(2 * Journal.LINES_PER_SEGMENT);
    Path dir = temp.resolve("remote");
    FolderFiles files =
        new HadoopFiles(
            StrictFileSystem.uri(dir),
            StrictFileSystem.register(new org.apache.hadoop.conf.Configuration(false)));
    assertThat(files.remote()).isTrue();
    try (Journal journal = open(files, 7)) {
      events.forEach(journal::record);
    }
    int expected = (events.size() + Journal.LINES_PER_SEGMENT - 1) / Journal.LINES_PER_SEGMENT;
    assertThat(segments(dir)).hasSize(expected);
    same(open(files, 8).trials(), book(events));
    // A segment is missing: said, not passed over.
    Files.delete(dir.resolve("log/000007-000003.jsonl"));
    Files.deleteIfExists(dir.resolve("log/.000007-000003.jsonl.crc"));
    assertThatThrownBy(() -> open(files, 8)).hasMessageContaining("expected event 300 next");
  }

  @Test
  void aSnapshotStandsForTheSegmentsBeforeItAndADamagedOneIsPassedOver() throws Exception {
    int count = Journal.LINES_PER_SEGMENT * (Journal.SEGMENTS_PER_SNAPSHOT + 1);
    Path dir = temp.resolve("snapshot");
    List<Event> events = events(count / 5 + 1);
    try (Journal journal = open(new NioFiles(dir), 1)) {
      events.forEach(journal::record);
    }
    Path snapshot = dir.resolve("log/snapshot-000001-000099.jsonl");
    assertThat(snapshot).isRegularFile();
    Path early = dir.resolve("log/000001-000000.jsonl");
    byte[] segment = Files.readAllBytes(early);
    Files.write(early, new byte[] {1});
    same(open(new NioFiles(dir), 2).trials(), book(events)); // the segment is not read
    Files.write(early, segment);
    Files.write(snapshot, Arrays.copyOf(Files.readAllBytes(snapshot), 5000));
    same(open(new NioFiles(dir), 2).trials(), book(events)); // the snapshot is not used
  }

  @Test
  void whatADriverWroteAfterItLostItsLeaseDoesNotCount() throws Exception {
    List<Event> events = events(3);
    FolderFiles files = new NioFiles(temp.resolve("fenced"));
    Journal old = open(files, 1);
    events.subList(0, 4).forEach(old::record);
    Journal taken = open(files, 2);
    old.record(Event.fail(0, "seen by the old driver only"));
    events.forEach(taken::record);
    same(open(files, 3).trials(), book(events));
    assertThatThrownBy(() -> open(files, 2)).hasMessageContaining("lease 2");
    Journal fenced =
        Journal.open(
            files,
            Goal.MAXIMIZE,
            9,
            NOON,
            () -> {
              throw new BellowsException(ExitCode.CLUSTER, "taken over");
            });
    assertThatThrownBy(() -> fenced.record(Event.refit(1, Map.of())))
        .hasMessageContaining("taken over");
  }

  @Test
  void theFirstEndAndTheFirstReportOfAUnitCount() {
    Trials trials = book(events(1).subList(0, 3));
    assertThat(trials.apply(Event.report(0, new Report(0, 0, 10, 0.9)))).isFalse();
    assertThat(trials.apply(Event.tell(0, 0.8, Map.of()))).isTrue();
    assertThat(trials.apply(Event.fail(0, "late"))).isFalse();
    assertThat(trials.apply(Event.tell(0, 0.9, Map.of()))).isFalse();
    Trial trial = trials.get(0);
    assertThat(trial.state()).isEqualTo(TrialState.COMPLETE);
    assertThat(trial.score()).isEqualTo(0.8);
    assertThat(trial.report(0, 0).orElseThrow().score()).isEqualTo(0.5);
  }

  @Test
  void aNaNIsAFailureAndNeverTheBest() {
    Trials trials = book(events(5));
    assertThat(trials.get(4).state()).isEqualTo(TrialState.FAIL);
    assertThat(trials.get(4).reason()).isEqualTo("its score is NaN");
    assertThat(trials.get(3).state()).isEqualTo(TrialState.TIMEOUT);
    assertThat(trials.get(1).score()).isEqualTo((0.51 + 0.6) / 2);
    assertThat(trials.history().best().orElseThrow().number()).isZero();
    assertThatThrownBy(() -> trials.apply(Event.start(9))).hasMessageContaining("[0, 5)");
    Configuration other = Configuration.of(Map.of("x", 1));
    assertThatThrownBy(() -> trials.apply(Event.ask(2, other, OptionalInt.empty())))
        .hasMessageContaining("asked twice");
    assertThatThrownBy(() -> trials.apply(Event.ask(7, other, OptionalInt.empty())))
        .hasMessageContaining("expected trial 5");
  }

  @Test
  void anotherStudyIsNotResumed() throws Exception {
    FolderFiles files = new NioFiles(temp.resolve("study"));
    assertThat(StudyFile.read(files)).isEmpty();
    Map<String, Object> study =
        Map.of("seed", 7L, "space", Map.of("x", Map.of("int", List.of(1L, 9L))), "trials", 100L);
    StudyFile.write(files, study);
    Map<String, Object> stored = StudyFile.read(files).orElseThrow();
    StudyFile.requireSame(stored, study, Set.of());
    Map<String, Object> now = new java.util.HashMap<>(study);
    now.put("trials", 200L);
    now.put("seed", 8L);
    assertThatThrownBy(() -> StudyFile.requireSame(stored, now, Set.of("trials")))
        .hasMessageContaining("seed was 7, is 8")
        .hasMessageNotContaining("trials");
    Path file = temp.resolve("study/study.json");
    Files.writeString(file, Files.readString(file).replace("7", "9"));
    assertThatThrownBy(() -> StudyFile.read(files)).hasMessageContaining("was changed");
  }
}
