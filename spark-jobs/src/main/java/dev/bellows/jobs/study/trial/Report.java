package dev.bellows.jobs.study.trial;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The result of one unit of a trial.
 *
 * @param fold the fold from 0 (over all repeats); 0 where there is one split only
 * @param rung the rung from 0 up to which the unit trained; 0 where there are none
 * @param resource what was spent on the fold so far: rounds, epochs, or a share of the rows
 * @param score the score there; NaN when there is none
 * @param details what else is known, as JSON has it: other metrics, rows, milliseconds
 */
public record Report(
    int fold,
    int rung,
    double resource,
    double score,
    Map<String, ? extends @Nullable Object> details) {
  /** Checks the numbers. */
  public Report {
    if (fold < 0 || rung < 0 || !(resource >= 0)) {
      throw new IllegalArgumentException(
          "expected fold, rung and resource >= 0, found %d, %d, %s"
              .formatted(fold, rung, resource));
    }
  }

  /** Without details. */
  public Report(int fold, int rung, double resource, double score) {
    this(fold, rung, resource, score, Map.of());
  }
}
