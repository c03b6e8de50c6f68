package dev.bellows.ps.server;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * How far each slice of a chunk is when steps overlap: the clock of a slice is the step whose
 * contribution comes next.
 */
final class ChunkClocks {
  private final long[] clocks;
  private final Map<Long, Double> seen = new HashMap<>();
  private double applied;
  private long updates;
  private long lowest;

  ChunkClocks(int slices) {
    clocks = new long[slices];
  }

  /** Starts at a step. */
  void begin(long step) {
    Arrays.fill(clocks, step);
    lowest = step;
    updates = step;
  }

  /** Steps that all slices have finished. */
  long finished() {
    return lowest;
  }

  /** Smallest clock of some slices. */
  long lowest(int from, int to) {
    long min = Long.MAX_VALUE;
    for (int slice = from; slice < to; slice++) {
      min = Math.min(min, clocks[slice]);
    }
    return min;
  }

  /** Largest clock of some slices. */
  long highest(int from, int to) {
    long max = Long.MIN_VALUE;
    for (int slice = from; slice < to; slice++) {
      max = Math.max(max, clocks[slice]);
    }
    return max;
  }

  /** Notes the contribution of some slices; their clocks were equal. */
  void advance(int from, int to) {
    boolean slowest = clocks[from] == lowest;
    for (int slice = from; slice < to; slice++) {
      clocks[slice]++;
    }
    applied += (double) (to - from) / clocks.length;
    updates++;
    if (slowest) {
      lowest = lowest(0, clocks.length);
    }
  }

  /** Updates of the values so far, for the bias correction of averages. */
  long updates() {
    return updates;
  }

  /** Notes that a client gets the values as they are now. */
  void sent(long client) {
    seen.put(client, applied);
  }

  /** Steps' worth of contributions since a client got the values that it worked on. */
  double staleness(long client) {
    return applied - seen.getOrDefault(client, applied);
  }

  /** Sets bit v for each slice v that has not finished the step. */
  void markMissing(long step, long[] mask) {
    for (int slice = 0; slice < clocks.length; slice++) {
      if (clocks[slice] <= step) {
        mask[slice >>> 6] |= 1L << slice;
      }
    }
  }
}
