package dev.bellows.jobs.train;

import dev.bellows.engine.plan.BatchBuffers;
import dev.bellows.engine.sample.BatchSchedule;
import dev.bellows.engine.sample.RowOrder;
import dev.bellows.jobs.block.BlockReader;
import dev.bellows.jobs.block.DataShard;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The rows of the slices that a task owns, batch by batch in the epoch's order. */
final class SliceRows {
  private final long seed;
  private final int sliceFrom;
  private final BlockReader reader;
  private final BatchSchedule schedule;
  private final int[][] orders;
  private List<DataShard> owned = List.of();
  private int @Nullable [][] chosen;
  private long orderEpoch = -1;
  private long fillNanos;
  private long rows;

  SliceRows(TaskPlan plan, int sliceFrom, int sliceTo) {
    this.seed = plan.seed();
    this.sliceFrom = sliceFrom;
    this.schedule = BatchSchedule.of(plan.rows(), plan.batchSize(), plan.slices());
    this.reader = new BlockReader(plan.preprocess(), plan.augmentation(), plan.seed());
    this.orders = new int[sliceTo - sliceFrom][];
  }

  /** Sets the data of the slices and the counts to zero. */
  void beginTask(List<DataShard> shards) {
    owned = shards;
    fillNanos = 0;
    rows = 0;
  }

  /**
   * Takes only some rows of each owned shard.
   *
   * @param rows [owned slice] which, in the order that stands for the shard's own
   */
  void choose(int[][] rows) {
    chosen = rows;
    orderEpoch = -1;
  }

  BatchSchedule schedule() {
    return schedule;
  }

  /** Number of owned slices. */
  int slices() {
    return owned.size();
  }

  /** Shuffles when another epoch begins. */
  void beginStep(long epoch) {
    if (epoch == orderEpoch) {
      return;
    }
    for (int i = 0; i < owned.size(); i++) {
      int slice = sliceFrom + i;
      orders[i] = RowOrder.permutation(seed, epoch, slice, shardRows(slice));
      int[][] some = chosen;
      for (int r = 0; some != null && r < orders[i].length; r++) {
        orders[i][r] = some[i][orders[i][r]];
      }
    }
    reader.beginEpoch(epoch);
    orderEpoch = epoch;
  }

  /** Rows of a data shard that are used: ranks below the plan's number of rows. */
  private int shardRows(int slice) {
    long last = schedule.stepsPerEpoch() - 1;
    return schedule.from(last, slice) + schedule.count(last, slice);
  }

  /** Rows of the i-th owned slice in a step of the epoch. */
  int count(long stepInEpoch, int i) {
    return schedule.count(stepInEpoch, sliceFrom + i);
  }

  /** Puts those rows into a batch. */
  void fill(long stepInEpoch, int i, BatchBuffers batch) {
    int slice = sliceFrom + i;
    int count = schedule.count(stepInEpoch, slice);
    long before = System.nanoTime();
    reader.fill(owned.get(i).block(), orders[i], schedule.from(stepInEpoch, slice), count, batch);
    fillNanos += System.nanoTime() - before;
    rows += count;
  }

  /** Codes of a row. */
  int codeWidth() {
    return reader.codeWidth();
  }

  /** Puts the codes of those rows into an array, [count, codeWidth] from {@code at} on. */
  void codes(long stepInEpoch, int i, int[] to, int at) {
    int slice = sliceFrom + i;
    int count = schedule.count(stepInEpoch, slice);
    long before = System.nanoTime();
    int from = schedule.from(stepInEpoch, slice);
    reader.codes(owned.get(i).block(), orders[i], from, count, to, at);
    fillNanos += System.nanoTime() - before;
  }

  /** Rows filled in this task. */
  long rows() {
    return rows;
  }

  /** Time spent in reading rows in this task. */
  long fillNanos() {
    return fillNanos;
  }
}
