package dev.bellows.jobs.study.prune;

import dev.bellows.jobs.study.trial.History;
import dev.bellows.jobs.study.trial.Trial;
import java.util.Optional;

/**
 * Successive halving: of those that reach a rung the best 1/reduction go on.
 *
 * <p>L. Li et al.: A System for Massively Parallel Hyperparameter Tuning (ASHA), MLSys 2020. With
 * {@link dev.bellows.jobs.study.trial.Generations} that are asynchronous it is ASHA: a trial is
 * compared with those that have reported so far. Otherwise a generation is halved together, with
 * all earlier trials as company, which is K. Jamieson and A. Talwalkar's successive halving
 * (AISTATS 2016) and the same at any parallelism.
 *
 * @param rungs the rungs
 * @param reduction one in this many goes on: 3 (ASHA) or 4 (Ray, Optuna)
 */
public record HalvingPruner(Rungs rungs, int reduction) implements Pruner {
  /** Checks the reduction. */
  public HalvingPruner {
    if (reduction < 2) {
      throw new IllegalArgumentException("expected a reduction of at least 2, found " + reduction);
    }
  }

  @Override
  public Optional<String> stop(History history, Trial trial, int rung) {
    if (rungs.isLast(rung)) {
      return Optional.empty();
    }
    return halve(new Standing(history, trial, rung, other -> true), rung, reduction);
  }

  static Optional<String> halve(Standing standing, int rung, int reduction) {
    if (standing.isLost()) {
      return Optional.of("no score that is a number at rung " + rung);
    }
    int reached = standing.others() + 1;
    // Fewer than `reduction`: the best one goes on, or nobody ever would.
    int promoted = Math.max(1, reached / reduction);
    return standing.place() <= promoted
        ? Optional.empty()
        : Optional.of(
            "place %d of %d at rung %d, %d go on"
                .formatted(standing.place(), reached, rung, promoted));
  }
}
