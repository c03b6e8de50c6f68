package dev.bellows.jobs.train;

import dev.bellows.ps.codec.Compression;

/**
 * Bytes of numbers that a task exchanges in a step; about so many, because sparse codes vary.
 *
 * @param up gradients: those of each of its units, or one vector without compression
 * @param down parameters
 */
record Traffic(long up, long down) {
  /** The traffic of the task with the most units. */
  static Traffic of(Compression compression, int slices, int tasks, int length) {
    if (compression.isNone()) {
      return new Traffic((long) Float.BYTES * length, (long) Float.BYTES * length);
    }
    int units = -Math.floorDiv(-compression.usedUnits(slices), tasks);
    return new Traffic(
        Math.round(units * compression.upBytesPerElement() * length),
        Math.round(compression.downBytesPerElement() * length));
  }

  /** Mean bytes of an element in one direction. */
  double perElement(int length) {
    return (up + down) / 2.0 / length;
  }

  @Override
  public String toString() {
    return Plan.size(up) + " up + " + Plan.size(down) + " down";
  }
}
