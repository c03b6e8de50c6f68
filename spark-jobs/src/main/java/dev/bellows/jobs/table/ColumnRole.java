package dev.bellows.jobs.table;

/** What a column of the source is used for. */
public enum ColumnRole {
  NUMBER,
  CATEGORY,
  TARGET,
  WEIGHT,
  ID,
  IGNORED
}
