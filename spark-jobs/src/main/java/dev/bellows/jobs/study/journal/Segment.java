package dev.bellows.jobs.study.journal;

import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file of the journal.
 *
 * @param epoch the lease under which it was written; grows with every driver of the study
 * @param sequence from 0 within an epoch
 */
record Segment(long epoch, long sequence) implements Comparable<Segment> {
  private static final Pattern NAME = Pattern.compile("(\\d{6,18})-(\\d{6,18})\\.jsonl");
  private static final String SNAPSHOT = "snapshot-";

  /** The name below {@code log/}. */
  String name() {
    return String.format(Locale.ROOT, "%06d-%06d.jsonl", epoch, sequence);
  }

  /** The name of the snapshot that holds everything up to this segment. */
  String snapshotName() {
    return SNAPSHOT + name();
  }

  Segment next() {
    return new Segment(epoch, sequence + 1);
  }

  static Optional<Segment> ofName(String name) {
    Matcher matcher = NAME.matcher(name);
    return matcher.matches()
        ? Optional.of(
            new Segment(Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2))))
        : Optional.empty();
  }

  static Optional<Segment> ofSnapshotName(String name) {
    return name.startsWith(SNAPSHOT) ? ofName(name.substring(SNAPSHOT.length())) : Optional.empty();
  }

  @Override
  public int compareTo(Segment other) {
    return Comparator.comparingLong(Segment::epoch)
        .thenComparingLong(Segment::sequence)
        .compare(this, other);
  }
}
