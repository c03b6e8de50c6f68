package dev.bellows.jobs.study.prune;

import dev.bellows.jobs.study.trial.History;
import dev.bellows.jobs.study.trial.Trial;
import java.util.Optional;

/**
 * Stops a trial that has not become better for some rungs, whatever others do.
 *
 * @param patience rungs without a better score, 1 or more
 * @param minDelta what counts as better, 0 or more
 */
public record PatiencePruner(int patience, double minDelta) implements Pruner {
  /** Checks the settings. */
  public PatiencePruner {
    if (patience < 1 || !(minDelta >= 0)) {
      throw new IllegalArgumentException(
          "expected patience >= 1 and min_delta >= 0, found %d and %s"
              .formatted(patience, minDelta));
    }
  }

  @Override
  public Optional<String> stop(History history, Trial trial, int rung) {
    double best = Double.POSITIVE_INFINITY;
    int since = 0;
    for (int r = 0; r <= rung; r++) {
      double loss = Standing.loss(history, trial, r);
      if (loss < best - minDelta) {
        best = loss;
        since = 0;
      } else {
        since++;
      }
    }
    return since < patience
        ? Optional.empty()
        : Optional.of("no better score for %d rungs".formatted(since));
  }
}
