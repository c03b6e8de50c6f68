package dev.bellows.ps.protocol;

import java.io.Serializable;
import java.util.Arrays;

/**
 * What a sparse table is; all its shards get the same.
 *
 * @param width elements of a row
 * @param buckets parts that keys are hashed to; whole buckets live on a shard
 * @param slices number V of logical slices per step
 * @param stepsPerEpoch for the learning rate schedule
 * @param totalSteps for the learning rate schedule
 * @param maxRows bound of the rows that have been updated; the run ends with QUOTA when a bucket
 *     passes its share of it
 * @param start number of {@code shard.RowStart.Kind}
 * @param scale of the start
 * @param seed of the start
 * @param updateSpec encoded {@code engine.optim.UpdateSpec} of a vector of {@code width} elements
 */
@SuppressWarnings("ArrayRecordComponent") // plain carrier, never compared
public record TableSpec(
    int width,
    int buckets,
    int slices,
    long stepsPerEpoch,
    long totalSteps,
    long maxRows,
    int start,
    float scale,
    long seed,
    byte[] updateSpec)
    implements Serializable {
  /** Whether both make the same table. */
  public boolean sameAs(TableSpec other) {
    return width == other.width
        && buckets == other.buckets
        && slices == other.slices
        && stepsPerEpoch == other.stepsPerEpoch
        && totalSteps == other.totalSteps
        && maxRows == other.maxRows
        && start == other.start
        && Float.floatToIntBits(scale) == Float.floatToIntBits(other.scale)
        && seed == other.seed
        && Arrays.equals(updateSpec, other.updateSpec);
  }
}
