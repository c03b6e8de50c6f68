package dev.bellows.jobs.block;

import dev.bellows.jobs.config.DataConfig;
import dev.bellows.jobs.source.BadRow;
import dev.bellows.jobs.source.DataException;
import dev.bellows.jobs.source.SourceReader;
import java.util.List;
import java.util.Locale;

/** Fail or drop: what bad rows do to a run. */
final class BadRowPolicy {
  private static final int SHOWN = 5;

  private final DataConfig data;
  private final SourceReader source;

  BadRowPolicy(DataConfig data, SourceReader source) {
    this.data = data;
    this.source = source;
  }

  /**
   * @throws DataException when {@code bad} of {@code total} rows are more than the policy allows
   */
  void check(long bad, long total, List<BadRow> first) {
    if (bad == 0) {
      return;
    }
    boolean drop = data.badRows() == DataConfig.BadRows.DROP;
    if (drop && bad <= data.badRowsMaxFraction() * total) {
      return;
    }
    StringBuilder s = new StringBuilder();
    s.append(bad)
        .append(" of ")
        .append(total)
        .append(" rows of ")
        .append(source.name())
        .append(" cannot be read");
    if (drop) {
      s.append(
          String.format(
              Locale.ROOT,
              ", more than bad_rows.drop.max_fraction %s allows",
              data.badRowsMaxFraction()));
    }
    first.stream()
        .sorted()
        .limit(SHOWN)
        .forEach(
            b ->
                s.append("; ")
                    .append(source.where(b.file(), b.position()))
                    .append(": ")
                    .append(b.problem()));
    if (!drop) {
      s.append("; correct them or set bad_rows: {drop: {max_fraction: ...}}");
    }
    throw new DataException(s.toString());
  }

  static void checkFailures(List<String> failures) {
    if (!failures.isEmpty()) {
      throw new DataException(String.join("; ", failures));
    }
  }
}
