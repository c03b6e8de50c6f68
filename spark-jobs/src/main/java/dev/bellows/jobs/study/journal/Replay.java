package dev.bellows.jobs.study.journal;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.engine.model.ModelFileException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Reads a journal back: the newest snapshot that is whole, then the segments after it by epoch and
 * sequence.
 *
 * <p>A driver may die while it writes: the last line of the last segment of an epoch may be torn
 * and is dropped. A driver that lost its lease may go on writing for a moment: where a later epoch
 * starts at a smaller number, the lines of earlier epochs from that number on are dropped. Anything
 * else that does not fit is damage, and said.
 */
final class Replay {
  private final FolderFiles files;
  private final String folder;
  private final List<JournalLine> lines = new ArrayList<>();

  private Replay(FolderFiles files, String folder) {
    this.files = files;
    this.folder = folder;
  }

  /** All lines in their order. */
  static List<JournalLine> read(FolderFiles files, String folder) throws IOException {
    Replay replay = new Replay(files, folder);
    replay.run();
    return replay.lines;
  }

  private void run() throws IOException {
    List<String> names = files.list(folder);
    Segment after = snapshot(names);
    List<Segment> segments =
        names.stream()
            .map(Segment::ofName)
            .flatMap(Optional::stream)
            .filter(s -> s.compareTo(after) > 0)
            .sorted()
            .toList();
    for (int i = 0; i < segments.size(); i++) {
      Segment segment = segments.get(i);
      boolean last = i + 1 == segments.size() || segments.get(i + 1).epoch() != segment.epoch();
      boolean first = i == 0 || segments.get(i - 1).epoch() != segment.epoch();
      add(segment, first && segment.epoch() != after.epoch(), last);
    }
  }

  private Segment snapshot(List<String> names) throws IOException {
    List<Segment> snapshots =
        names.stream()
            .map(Segment::ofSnapshotName)
            .flatMap(Optional::stream)
            .sorted(Comparator.reverseOrder())
            .toList();
    for (Segment snapshot : snapshots) {
      try {
        lines.clear();
        for (JournalLine line : parse(snapshot.snapshotName(), false)) {
          follow(line, snapshot.snapshotName(), false);
        }
        return snapshot;
      } catch (ModelFileException damaged) {
        lines.clear(); // the segments hold everything that a snapshot holds
      }
    }
    return new Segment(-1, -1);
  }

  private void add(Segment segment, boolean startsEpoch, boolean endsEpoch) throws IOException {
    boolean mayStartBack = startsEpoch;
    for (JournalLine line : parse(segment.name(), endsEpoch)) {
      follow(line, segment.name(), mayStartBack);
      mayStartBack = false;
    }
  }

  private void follow(JournalLine line, String name, boolean mayStartBack)
      throws ModelFileException {
    if (mayStartBack && line.number() < lines.size()) {
      lines.subList(Math.toIntExact(line.number()), lines.size()).clear();
    }
    if (line.number() != lines.size()) {
      throw JournalLine.damaged(
          "%s: expected event %d next, found %d; a segment is missing or was written by another"
                  .formatted(where(name), lines.size(), line.number())
              + " study");
    }
    lines.add(line);
  }

  private List<JournalLine> parse(String name, boolean mayBeTorn) throws IOException {
    String text = new String(files.read(folder + "/" + name), StandardCharsets.UTF_8);
    List<JournalLine> parsed = new ArrayList<>();
    int number = 1;
    for (int at = 0; at < text.length(); number++) {
      int end = text.indexOf('\n', at);
      boolean torn = mayBeTorn && (end < 0 || end + 1 == text.length());
      try {
        if (end < 0) {
          throw JournalLine.damaged(
              where(name) + ":" + number + ": expected a whole line, found a part of one");
        }
        parsed.add(JournalLine.parse(text.substring(at, end), where(name) + ":" + number));
      } catch (ModelFileException damaged) {
        if (torn) {
          return parsed;
        }
        throw damaged;
      }
      at = end + 1;
    }
    return parsed;
  }

  private String where(String name) {
    return files.root() + "/" + folder + "/" + name;
  }
}
