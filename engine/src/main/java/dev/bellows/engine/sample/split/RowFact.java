package dev.bellows.engine.sample.split;

/** What a splitter must know of each row. */
public enum RowFact {
  /** {@link SplitRow#key()}. */
  KEY,
  /** {@link SplitRow#stratum()}. */
  STRATUM,
  /** {@link SplitRow#group()}. */
  GROUP,
  /** {@link SplitRow#time()}. */
  TIME,
  /** {@link SplitRow#fold()}. */
  FOLD
}
