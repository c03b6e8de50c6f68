package dev.bellows.jobs.table;

/** What a column of the source is used for. */
public enum ColumnRole {
  NUMBER,
  CATEGORY,
  TEXT,
  TARGET,
  WEIGHT,
  ID,
  /** Divides rows into folds, and is no feature. */
  SPLIT,
  IGNORED
}
