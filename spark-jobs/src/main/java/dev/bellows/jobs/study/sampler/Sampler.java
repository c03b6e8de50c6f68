package dev.bellows.jobs.study.sampler;

import dev.bellows.jobs.study.trial.History;
import java.util.OptionalLong;

/**
 * Chooses configurations. A sampler has no state: the answer is a function of its seed, the history
 * and the trial's number, so that a resumed search goes on as if it had never stopped. What the
 * history shows is decided by {@link dev.bellows.jobs.study.trial.Generations}.
 */
public interface Sampler {
  /**
   * The configuration of a trial.
   *
   * @param history what may be known; holds every trial with a smaller number
   * @param number the trial's number, from 0
   */
  Proposal ask(History history, int number);

  /** The number of trials after which there is nothing left to try; empty when there is no end. */
  default OptionalLong limit() {
    return OptionalLong.empty();
  }
}
