package dev.bellows.jobs.config;

import java.io.Serializable;

/**
 * When state is saved.
 *
 * @param every distance of checkpoints in {@code unit}; 0: only at the end
 * @param unit steps or epochs
 * @param keep how many of the newest stay
 * @param keepBest keep the best epoch beside them
 */
public record CheckpointConfig(long every, Unit unit, int keep, boolean keepBest)
    implements Serializable {

  /** Units of the distance. */
  public enum Unit {
    STEPS,
    EPOCHS
  }
}
