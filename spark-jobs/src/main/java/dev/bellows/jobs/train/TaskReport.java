package dev.bellows.jobs.train;

/**
 * What a task did in a segment.
 *
 * @param steps steps taken
 * @param rows rows computed
 * @param totalNanos time of the step loop
 * @param waitNanos time spent waiting for shards
 * @param fillNanos time spent filling batches
 * @param payloadBytes bytes of numbers sent and received
 */
record TaskReport(
    long steps, long rows, long totalNanos, long waitNanos, long fillNanos, long payloadBytes) {
  /** The numbers in order; records do not pass Spark's Kryo. */
  long[] toNumbers() {
    return new long[] {steps, rows, totalNanos, waitNanos, fillNanos, payloadBytes};
  }

  static TaskReport of(long[] n) {
    return new TaskReport(n[0], n[1], n[2], n[3], n[4], n[5]);
  }
}
