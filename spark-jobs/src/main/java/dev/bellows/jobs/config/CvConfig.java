package dev.bellows.jobs.config;

import java.io.Serializable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Cross-validation.
 *
 * @param kind how rows are divided
 * @param folds k; of leave_groups_out the groups that are left out at once
 * @param repeats how often the rows are divided anew
 * @param group column whose equal values stay together; null for none
 * @param time column that orders rows in time; null for none
 * @param fold column with the number of each row's fold; null for none
 * @param validationRows rows of a fold of a time series; 0: rows / (folds + 1)
 * @param windowRows training rows of a time series: the latest so many; 0: all
 * @param gapRows rows left out between training and validation
 * @param purge time after which a label is known, in the unit of {@code time}
 * @param share of the rows that a hold-out measures
 * @param metrics metric names; empty: the usual ones of the task
 * @param refit whether a model is trained on all rows at the end
 * @param execution where units run
 */
public record CvConfig(
    Kind kind,
    int folds,
    int repeats,
    @Nullable String group,
    @Nullable String time,
    @Nullable String fold,
    int validationRows,
    int windowRows,
    int gapRows,
    long purge,
    double share,
    List<String> metrics,
    boolean refit,
    Execution execution)
    implements Serializable {

  /** How rows are divided. */
  public enum Kind {
    AUTO,
    KFOLD,
    STRATIFIED,
    GROUP,
    STRATIFIED_GROUP,
    LEAVE_ONE_OUT,
    LEAVE_GROUPS_OUT,
    TIME_SERIES,
    COLUMN,
    HOLD_OUT
  }

  /** Where units run. */
  public enum Execution {
    AUTO,
    LOCAL
  }
}
