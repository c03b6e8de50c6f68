package dev.bellows.jobs.cluster;

import java.io.Serializable;

/**
 * How fast a training task computes, as it tells the driver a few times a second.
 *
 * @param run name of the run
 * @param executorId where the task runs; "driver" in local mode
 * @param sliceFrom first slice of the task
 * @param sliceTo end of its slices, exclusive
 * @param steps steps since the message before, {@code >= 1}
 * @param computeNanos time that computing them took, without waiting for shards
 */
public record TaskPace(
    String run, String executorId, int sliceFrom, int sliceTo, long steps, long computeNanos)
    implements Serializable {
  /** Time of one slice of one step, nanoseconds. */
  public double nanosPerSlice() {
    return (double) computeNanos / steps / Math.max(1, sliceTo - sliceFrom);
  }
}
