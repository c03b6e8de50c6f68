package dev.bellows.jobs.study.prune;

import dev.bellows.jobs.study.trial.History;
import dev.bellows.jobs.study.trial.Trial;
import java.util.Optional;

/**
 * Decides after each rung whether a trial is worth going on with. A pruner has no state: the answer
 * is a function of what the history shows, which {@link
 * dev.bellows.jobs.study.trial.Generations#beforeDeciding} decides.
 */
public interface Pruner {
  /** Lets every trial run to its end. */
  Pruner NONE = (history, trial, rung) -> Optional.empty();

  /**
   * Whether to stop a trial.
   *
   * @param history what may be known; the trial itself may be in it
   * @param trial a running trial that has reported the rung
   * @param rung the rung, from 0
   * @return why the trial is to be stopped; empty when it goes on
   */
  Optional<String> stop(History history, Trial trial, int rung);
}
