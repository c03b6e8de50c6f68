package dev.bellows.jobs.config;

/**
 * Where a value was written: a file name or {@code --set}, line and column from 1 (0 when there is
 * no line).
 */
record Mark(String origin, int line, int column) {
  static final Mark NOWHERE = new Mark("", 0, 0);
}
