package dev.bellows.jobs.train;

import java.util.Arrays;

/**
 * What a task did in a segment.
 *
 * @param steps steps taken
 * @param rows rows computed
 * @param totalNanos time of the step loop
 * @param waitNanos time spent waiting for shards
 * @param fillNanos time spent filling batches
 * @param payloadBytes bytes of numbers sent and received
 * @param underWayNanos time in which something of a step was under way
 * @param timeline intervals of a few steps, see {@link Timeline#intervals}
 * @param unitFrom first unit of the task, with compression
 * @param residuals what its units have not sent yet [units][length]; none without compression
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier, compared by no one
record TaskReport(
    long steps,
    long rows,
    long totalNanos,
    long waitNanos,
    long fillNanos,
    long payloadBytes,
    long underWayNanos,
    long[] timeline,
    int unitFrom,
    float[][] residuals) {
  private static final float[][] NO_RESIDUALS = {};
  private static final long[] NOTHING = {};
  private static final int HEAD = 11;

  /** A task without units. */
  TaskReport(
      long steps, long rows, long totalNanos, long waitNanos, long fillNanos, long payloadBytes) {
    this(steps, rows, totalNanos, waitNanos, fillNanos, payloadBytes, 0, NOTHING, 0, NO_RESIDUALS);
  }

  /** The numbers in order, two residuals in one; records do not pass Spark's Kryo. */
  long[] toNumbers() {
    int length = residuals.length == 0 ? 0 : residuals[0].length;
    int packed = (length + 1) / 2;
    int end = HEAD + residuals.length * packed;
    long[] n = new long[end + timeline.length];
    long[] head = {
      steps,
      rows,
      totalNanos,
      waitNanos,
      fillNanos,
      payloadBytes,
      unitFrom,
      residuals.length,
      length,
      underWayNanos,
      timeline.length
    };
    System.arraycopy(head, 0, n, 0, HEAD);
    for (int unit = 0; unit < residuals.length; unit++) {
      int at = HEAD + unit * packed;
      for (int i = 0; i < length; i++) {
        long bits = Float.floatToRawIntBits(residuals[unit][i]) & 0xffff_ffffL;
        n[at + i / 2] |= bits << (Integer.SIZE * (i & 1));
      }
    }
    System.arraycopy(timeline, 0, n, end, timeline.length);
    return n;
  }

  static TaskReport of(long[] n) {
    int length = (int) n[8];
    int packed = (length + 1) / 2;
    float[][] residuals = new float[(int) n[7]][length];
    for (int unit = 0; unit < residuals.length; unit++) {
      int at = HEAD + unit * packed;
      for (int i = 0; i < length; i++) {
        residuals[unit][i] =
            Float.intBitsToFloat((int) (n[at + i / 2] >>> (Integer.SIZE * (i & 1))));
      }
    }
    return new TaskReport(
        n[0],
        n[1],
        n[2],
        n[3],
        n[4],
        n[5],
        n[9],
        Arrays.copyOfRange(n, n.length - (int) n[10], n.length),
        (int) n[6],
        residuals);
  }

  @Override
  public String toString() {
    return "TaskReport"
        + Arrays.asList(steps, rows, totalNanos, waitNanos, fillNanos, payloadBytes);
  }
}
