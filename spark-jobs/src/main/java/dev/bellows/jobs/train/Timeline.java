package dev.bellows.jobs.train;

import java.util.Arrays;

/**
 * What a task did when, in a few steps of a segment: intervals in memory of a fixed size. Times are
 * monotonic nanoseconds of one process.
 */
final class Timeline {
  /** Steps that are noted of a segment. */
  static final int STEPS = 6;

  /** Numbers of an interval: kind, step, from, to. */
  static final int FIELDS = 4;

  /** The step is computed; waits lie inside. */
  static final int COMPUTE = 0;

  /** Nothing is done until something of the step before arrives. */
  static final int WAIT = 1;

  /** From the first part of the step's sums that leaves to the last part of parameters back. */
  static final int UNDER_WAY = 2;

  /** Steps after which what is compiled and cached is. */
  private static final long WARM_UP = 20;

  private static final int CAPACITY = 256;

  private final long[] numbers = new long[FIELDS * CAPACITY];
  private int used;
  private long first;

  /** Begins anew with a segment that has these steps. */
  void begin(long from, long to) {
    used = 0;
    first = from + Math.min(WARM_UP, Math.max(0, (to - from - STEPS) / 2));
  }

  /** Notes an interval when its step is one of the sample; what is too much is left out. */
  void add(int kind, long step, long from, long to) {
    if (step < first || step >= first + STEPS || used == CAPACITY || from == to) {
      return;
    }
    int at = FIELDS * used++;
    numbers[at] = kind;
    numbers[at + 1] = step;
    numbers[at + 2] = from;
    numbers[at + 3] = to;
  }

  /** All intervals, {@link #FIELDS} numbers each, with times since the first one began. */
  long[] intervals() {
    long[] taken = Arrays.copyOf(numbers, FIELDS * used);
    long start = Long.MAX_VALUE;
    for (int at = 0; at < taken.length; at += FIELDS) {
      start = Math.min(start, taken[at + 2]);
    }
    for (int at = 0; at < taken.length; at += FIELDS) {
      taken[at + 2] -= start;
      taken[at + 3] -= start;
    }
    return taken;
  }
}
