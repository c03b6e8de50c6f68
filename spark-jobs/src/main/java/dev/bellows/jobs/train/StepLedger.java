package dev.bellows.jobs.train;

import dev.bellows.jobs.run.RunFolder;
import dev.bellows.ps.protocol.Message.LedgerEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * {@code steps.ledger}: one line per step that the shards finished. It holds nothing that depends
 * on the topology, so equal runs have equal ledgers.
 *
 * <pre>step,loss,metric,weight,rows,applied,crc32c</pre>
 */
final class StepLedger {
  private static final String NAME = "steps.ledger";
  private static final String HEADER = "step,loss,metric,weight,rows,applied,crc32c\n";
  private static final int FLUSH_CHARS = 1 << 16;

  private final RunFolder folder;
  private final StringBuilder pending = new StringBuilder();

  /** Opens the ledger; lines of step {@code from} and later, and a torn last line, are dropped. */
  StepLedger(RunFolder folder, long from) {
    this.folder = folder;
    truncate(from);
  }

  /** Drops lines of step {@code from} and later: they will be taken again. */
  void truncate(long from) {
    flush(); // a roll-back to a copy made a moment ago keeps steps that were not written yet
    List<String> kept = new ArrayList<>();
    try {
      if (from > 0) {
        for (String line : folder.readText(NAME).lines().toList()) {
          String[] cells = line.split(",", -1);
          if (cells.length == 7
              && cells[0].matches("\\d{1,18}")
              && cells[6].matches("([0-9a-f]{8})?")
              && Long.parseLong(cells[0]) < from) {
            kept.add(line);
          }
        }
      }
    } catch (IOException e) {
      kept.clear(); // an unreadable ledger is rewritten; training does not depend on it
    }
    folder.writeText(NAME, HEADER + (kept.isEmpty() ? "" : String.join("\n", kept) + "\n"));
  }

  /** Adds a step. */
  void add(LedgerEntry e) {
    pending
        .append(e.step())
        .append(',')
        .append(e.weight() == 0 ? 0.0 : e.loss() / e.weight())
        .append(',')
        .append(e.rows() == 0 ? 0.0 : e.metric() / e.rows())
        .append(',')
        .append(e.weight())
        .append(',')
        .append((long) e.rows())
        .append(',')
        .append(e.applied() ? 1 : 0)
        .append(',')
        .append(e.hasCrc() ? String.format(Locale.ROOT, "%08x", e.crc()) : "")
        .append('\n');
    if (pending.length() > FLUSH_CHARS) {
      flush();
    }
  }

  /** Writes what was added. */
  void flush() {
    if (pending.length() > 0) {
      folder.append(NAME, pending.toString());
      pending.setLength(0);
    }
  }
}
