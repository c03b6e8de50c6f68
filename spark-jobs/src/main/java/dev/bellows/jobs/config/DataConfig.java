package dev.bellows.jobs.config;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * Where rows come from. Relative paths resolve against the data folder of the command line.
 *
 * @param train training rows; null in evaluate and predict files
 * @param validation rows that steer training (early stopping, best checkpoint)
 * @param test rows that are only measured
 * @param input rows to predict; null elsewhere
 * @param badRows what happens to rows that cannot be read
 * @param badRowsMaxFraction largest share of rows that may be dropped under {@link BadRows#DROP}
 * @param id column whose value names a row (row key); null: a hash of the content
 * @param weight column of row weights; null: all 1
 */
public record DataConfig(
    @Nullable SourceConfig train,
    HoldoutConfig validation,
    HoldoutConfig test,
    @Nullable SourceConfig input,
    BadRows badRows,
    double badRowsMaxFraction,
    @Nullable String id,
    @Nullable String weight)
    implements Serializable {

  /** What happens to a row that cannot be read. */
  public enum BadRows {
    FAIL,
    DROP
  }
}
