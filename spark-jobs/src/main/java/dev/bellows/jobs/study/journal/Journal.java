package dev.bellows.jobs.study.journal;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.engine.model.ModelFileException;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.study.trial.Event;
import dev.bellows.jobs.study.trial.Goal;
import dev.bellows.jobs.study.trial.Trials;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * The events of a study on any file system, so that a search survives its driver.
 *
 * <pre>
 * log/000001-000000.jsonl            epoch 1, segment 0: up to 100 {@linkplain JournalLine lines}
 * log/000001-000001.jsonl
 * log/snapshot-000001-000099.jsonl   all lines up to that segment, every 100 segments: fewer files to read
 * log/000002-000000.jsonl            the driver that resumed: its lease's number is the next epoch
 * </pre>
 *
 * <p>On the local disk a line is added to its segment at once. On a remote file system, where that
 * means writing the file anew, lines are gathered and written as a whole segment, every 100 lines
 * or 5 seconds; segments are never changed afterwards. What a killed driver had not written is
 * asked and run again.
 *
 * <p>Not thread-safe: the driver's study thread owns it.
 */
public final class Journal implements AutoCloseable {
  /** The folder of the segments. */
  static final String FOLDER = "log";

  static final int LINES_PER_SEGMENT = 100;
  static final int SEGMENTS_PER_SNAPSHOT = 100;
  private static final long FLUSH_MS = 5_000;

  private final FolderFiles files;
  private final LongSupplier clockMs;
  private final Runnable allowed;
  private final Trials trials;
  private final StringBuilder all = new StringBuilder();
  private final StringBuilder waiting = new StringBuilder();
  private Segment segment;
  private long lines;
  private int linesOfSegment;
  private int linesWaiting;
  private long waitingSinceMs;

  private Journal(
      FolderFiles files, Goal goal, long epoch, LongSupplier clockMs, Runnable allowed) {
    this.files = files;
    this.clockMs = clockMs;
    this.allowed = allowed;
    this.trials = new Trials(goal);
    this.segment = new Segment(epoch, 0);
  }

  /**
   * Opens the journal of a study and replays what is there.
   *
   * @param files the study's folder
   * @param goal whether small or large scores are wanted
   * @param epoch the number of the lease that this driver holds; larger than any before
   * @param clockMs a clock that never goes back, milliseconds: when gathered lines are written
   * @param allowed fails when this driver must not write any more; called before every write
   * @throws BellowsException exit 8 when the journal is damaged
   */
  public static Journal open(
      FolderFiles files, Goal goal, long epoch, LongSupplier clockMs, Runnable allowed) {
    Journal journal = new Journal(files, goal, epoch, clockMs, allowed);
    try {
      files.createFolders(FOLDER);
      journal.replay();
    } catch (ModelFileException | IllegalArgumentException damaged) {
      throw new BellowsException(
          ExitCode.MODEL,
          "the study's journal can't be read: "
              + damaged.getMessage()
              + "; restore the folder from a copy, or start the search in a new one",
          damaged);
    } catch (IOException e) {
      throw new BellowsException(
          ExitCode.MEMORY_OR_DISK, "cannot read the journal of " + files.root() + ": " + e, e);
    }
    return journal;
  }

  private void replay() throws IOException {
    List<JournalLine> read = Replay.read(files, FOLDER);
    for (JournalLine line : read) {
      trials.apply(line.event());
      all.append(line.text()).append('\n');
    }
    lines = read.size();
    for (String name : files.list(FOLDER)) {
      if (Segment.ofName(name).map(s -> s.epoch() >= segment.epoch()).orElse(false)) {
        throw new IllegalArgumentException(
            "%s/%s/%s was written under lease %d or later, this driver holds %d"
                .formatted(files.root(), FOLDER, name, segment.epoch(), segment.epoch()));
      }
    }
  }

  /** The trials as of all events so far. To be changed through {@link #record} only. */
  public Trials trials() {
    return trials;
  }

  /** The number of events so far. */
  public long events() {
    return lines;
  }

  /**
   * Applies an event and writes it down when it changed something.
   *
   * @return whether it changed something
   * @throws BellowsException when it can't be written: exit 6, or what {@code allowed} throws
   */
  public boolean record(Event event) {
    if (!trials.apply(event)) {
      return false;
    }
    String line = new JournalLine(lines, event).text() + "\n";
    if (linesWaiting == 0) {
      waitingSinceMs = clockMs.getAsLong();
    }
    lines++;
    linesWaiting++;
    waiting.append(line);
    if (!files.remote()) {
      flush();
    } else {
      flushIfDue();
    }
    return true;
  }

  /** Writes what waits if enough does, or for long enough; cheap, to be called every second. */
  public void flushIfDue() {
    long waitedMs = clockMs.getAsLong() - waitingSinceMs;
    boolean late = waitedMs >= FLUSH_MS;
    if (linesWaiting >= LINES_PER_SEGMENT || (linesWaiting > 0 && late)) {
      flush();
    }
  }

  /** Writes what waits. */
  public void flush() {
    if (linesWaiting == 0) {
      return;
    }
    allowed.run();
    try {
      byte[] bytes = waiting.toString().getBytes(StandardCharsets.UTF_8);
      String name = FOLDER + "/" + segment.name();
      if (files.remote()) {
        files.replace(name, bytes);
      } else {
        files.append(name, bytes);
      }
      all.append(waiting);
      linesOfSegment += linesWaiting;
      waiting.setLength(0);
      linesWaiting = 0;
      if (files.remote() || linesOfSegment >= LINES_PER_SEGMENT) {
        closeSegment();
      }
    } catch (IOException e) {
      throw new BellowsException(
          ExitCode.MEMORY_OR_DISK, "cannot write the journal of " + files.root() + ": " + e, e);
    }
  }

  private void closeSegment() throws IOException {
    if ((segment.sequence() + 1) % SEGMENTS_PER_SNAPSHOT == 0) {
      files.replace(
          FOLDER + "/" + segment.snapshotName(), all.toString().getBytes(StandardCharsets.UTF_8));
      for (String name : files.list(FOLDER)) {
        if (Segment.ofSnapshotName(name).map(s -> s.compareTo(segment) < 0).orElse(false)) {
          files.delete(FOLDER + "/" + name);
        }
      }
    }
    segment = segment.next();
    linesOfSegment = 0;
  }

  /** Writes what waits. */
  @Override
  public void close() {
    flush();
  }
}
