package dev.bellows.jobs.train;

import dev.bellows.jobs.run.RunFolder;
import dev.bellows.ps.codec.Compression;
import dev.bellows.ps.protocol.Message.LedgerEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * {@code steps.ledger}: one line per step that the shards finished. It holds nothing that depends
 * on the topology, so equal runs have equal ledgers.
 *
 * <p>{@code loss} and {@code metric} are the means of the step, {@code crc32c} is that of the
 * parameters after it (empty where it was not taken), {@code check} is the {@link LedgerLine}'s
 * own.
 */
final class StepLedger {
  /** The file in the run folder. */
  static final String NAME = "steps.ledger";

  private static final int FLUSH_CHARS = 1 << 16;

  private final RunFolder folder;
  private final Compression compression;
  private final StringBuilder pending = new StringBuilder();

  /** Opens the ledger; lines of step {@code from} and later, and a torn last line, are dropped. */
  StepLedger(RunFolder folder, long from, Compression compression) {
    this.folder = folder;
    this.compression = compression;
    truncate(from);
  }

  /** Drops lines of step {@code from} and later: they will be taken again. */
  void truncate(long from) {
    flush(); // a roll-back to a copy made a moment ago keeps steps that were not written yet
    List<String> kept = new ArrayList<>();
    try {
      if (from > 0) {
        for (String line : folder.readText(NAME).lines().skip(1).toList()) {
          if (isBefore(line, from)) {
            kept.add(line);
          }
        }
      }
    } catch (IOException e) {
      kept.clear(); // an unreadable ledger is rewritten; training does not depend on it
    }
    kept.add(0, compression.isNone() ? LedgerLine.HEADER : LedgerLine.CODED_HEADER);
    folder.writeText(NAME, String.join("\n", kept) + "\n");
  }

  private static boolean isBefore(String line, long from) {
    try {
      return LedgerLine.parse(line).step() < from;
    } catch (IllegalArgumentException torn) {
      return false;
    }
  }

  /** Adds a step. */
  void add(LedgerEntry e) {
    pending.append(LedgerLine.of(e, codec()).line()).append('\n');
    if (pending.length() > FLUSH_CHARS) {
      flush();
    }
  }

  private String codec() {
    return compression.kind().name().toLowerCase(Locale.ROOT);
  }

  /** Writes what was added. */
  void flush() {
    if (pending.length() > 0) {
      folder.append(NAME, pending.toString());
      pending.setLength(0);
    }
  }
}
