package dev.bellows.jobs.study.trial;

/** What has become of a trial. */
public enum TrialState {
  /** It has a configuration and no task yet. */
  WAITING,
  /** Some of its units run or ran. */
  RUNNING,
  /** It was stopped because others are better; its score is what it had reached. */
  PRUNED,
  /** It has its score. */
  COMPLETE,
  /** It threw, ran out of memory, or gave a score that is not a number. */
  FAIL,
  /** It took longer than a trial may. */
  TIMEOUT;

  /** Whether nothing happens to it any more. */
  public boolean finished() {
    return this != WAITING && this != RUNNING;
  }

  /** Whether it ended without a score. */
  public boolean failed() {
    return this == FAIL || this == TIMEOUT;
  }
}
