package dev.bellows.jobs.block;

import dev.bellows.jobs.source.ListRule;
import dev.bellows.jobs.source.SourceReader;
import dev.bellows.jobs.source.Sources;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.jspecify.annotations.Nullable;

/**
 * Data frames that a program gives instead of the sources of its configuration.
 *
 * @param train in place of {@code data.train}; null: what is configured
 * @param validation in place of {@code data.validation}
 * @param test in place of {@code data.test}
 */
public record GivenRows(
    @Nullable Dataset<Row> train, @Nullable Dataset<Row> validation, @Nullable Dataset<Row> test) {
  /** Everything as configured. */
  public static final GivenRows NONE = new GivenRows(null, null, null);

  /** Rows as a source, called after what they are for. */
  static SourceReader source(Dataset<Row> rows, String use, ListRule rule) {
    return Sources.of(rows, "the " + use + " data frame", rule);
  }
}
