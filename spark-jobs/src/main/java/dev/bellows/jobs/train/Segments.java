package dev.bellows.jobs.train;

/**
 * Where training pauses: epoch ends and checkpoint steps. A segment is the steps between two pauses
 * and is one Spark job.
 *
 * @param stepsPerEpoch steps of an epoch, {@code >= 1}
 * @param totalSteps steps of the whole training
 * @param checkpointSteps distance of checkpoints in steps; 0: only where something else asks
 */
record Segments(long stepsPerEpoch, long totalSteps, long checkpointSteps) {
  Segments {
    if (stepsPerEpoch < 1 || totalSteps < 0 || checkpointSteps < 0) {
      throw new IllegalArgumentException(
          "segments need stepsPerEpoch >= 1, totalSteps >= 0, checkpointSteps >= 0; found "
              + stepsPerEpoch
              + ", "
              + totalSteps
              + ", "
              + checkpointSteps);
    }
  }

  /** The step at which the segment that starts after {@code step} steps ends. */
  long end(long step) {
    long end = Math.min(totalSteps, (step / stepsPerEpoch + 1) * stepsPerEpoch);
    if (checkpointSteps > 0) {
      end = Math.min(end, (step / checkpointSteps + 1) * checkpointSteps);
    }
    return end;
  }

  /** Whether an epoch is complete after {@code step} steps. */
  boolean epochEnd(long step) {
    return step > 0 && (step % stepsPerEpoch == 0 || step == totalSteps);
  }

  /** Whether a checkpoint is due after {@code step} steps. */
  boolean checkpoint(long step) {
    return step == totalSteps || (checkpointSteps > 0 && step % checkpointSteps == 0);
  }

  /** Epochs begun before step {@code step} runs, that is the index of its epoch, from 0. */
  long epoch(long step) {
    return step / stepsPerEpoch;
  }
}
