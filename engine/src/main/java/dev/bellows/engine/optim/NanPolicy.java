package dev.bellows.engine.optim;

/**
 * What happens when a step's gradient holds a NaN or an infinity. The step is never applied,
 * whatever the policy.
 */
public enum NanPolicy {
  /** The run ends as diverged; the last good checkpoint is kept. */
  STOP,
  /** The step is left out, counted and reported; the run goes on. */
  SKIP
}
