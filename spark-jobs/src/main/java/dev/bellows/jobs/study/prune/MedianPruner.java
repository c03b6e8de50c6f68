package dev.bellows.jobs.study.prune;

import dev.bellows.jobs.study.trial.History;
import dev.bellows.jobs.study.trial.Trial;
import java.util.Optional;

/**
 * Stops a trial that is worse at a rung than the median of those that were there (D. Golovin et
 * al.: Google Vizier, KDD 2017, without its running averages).
 *
 * @param startupTrials trials that must have reached the rung before; Optuna's default is 5
 * @param warmUpRungs rungs after which nobody is stopped
 * @param share share of the others that a trial must not be worse than: 0.5 is the median
 */
public record MedianPruner(int startupTrials, int warmUpRungs, double share) implements Pruner {
  /** Five trials, no warm-up. */
  public MedianPruner() {
    this(5, 0, 0.5);
  }

  /** Checks the settings. */
  public MedianPruner {
    if (startupTrials < 1 || warmUpRungs < 0 || !(share > 0 && share < 1)) {
      throw new IllegalArgumentException(
          "expected startup_trials >= 1, warm_up >= 0 and a share in (0, 1), found %d, %d and %s"
              .formatted(startupTrials, warmUpRungs, share));
    }
  }

  @Override
  public Optional<String> stop(History history, Trial trial, int rung) {
    Standing standing = new Standing(history, trial, rung, other -> true);
    if (standing.isLost()) {
      return Optional.of("no score that is a number at rung " + rung);
    }
    if (rung < warmUpRungs || standing.others() < startupTrials || !standing.isBehind(share)) {
      return Optional.empty();
    }
    return Optional.of(
        "at rung %d worse than the median of %d trials".formatted(rung, standing.others()));
  }
}
