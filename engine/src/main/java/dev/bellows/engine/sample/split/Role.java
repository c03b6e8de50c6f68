package dev.bellows.engine.sample.split;

/** What a row is for in one split. */
public enum Role {
  /** Neither trains nor validates: before a rolling window, in a gap, held out as test row. */
  NONE,
  /** Trains. */
  TRAIN,
  /** Is predicted by the model of the split. */
  VALIDATION
}
