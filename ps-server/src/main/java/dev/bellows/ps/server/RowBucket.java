package dev.bellows.ps.server;

import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.ps.shard.Finite;
import dev.bellows.ps.shard.FloatPool;
import dev.bellows.ps.shard.RowStart;
import dev.bellows.ps.shard.SparseRows;
import dev.bellows.ps.shard.SparseSum;
import org.jspecify.annotations.Nullable;

/**
 * One bucket of a sparse table: its rows, the sum of the step that is being collected, and what the
 * rows of the last step held before it.
 */
final class RowBucket {
  final int number;
  final SparseRows rows;
  final SparseSum sum;
  long version;
  private final int width;
  private final FloatPool.Budget budget;
  private SparseSum.@Nullable Rows before;
  private long beforeBytes;

  RowBucket(int number, int width, int slots, int slices, RowStart start, FloatPool.Budget budget) {
    this.number = number;
    this.width = width;
    this.budget = budget;
    this.rows = new SparseRows(width, slots, start, budget);
    this.sum = new SparseSum(slices, width, budget);
  }

  /** True when neither a contribution was marked nor the complete sum overflowed. */
  boolean isFinite() {
    float[] values = sum.sum().values();
    return sum.badSlice() < 0
        && sum.weight() >= 0
        && Double.isFinite(sum.weight())
        && Finite.all(values, 0, values.length);
  }

  /** Rows that the complete sum will make. */
  int missing() {
    return sum.weight() > 0 ? rows.missing(sum.sum().keys()) : 0;
  }

  /**
   * Moves on by one version with the complete sum; a step without weight changes nothing.
   *
   * @throws RuntimeException of the budget when there is no room; nothing has changed then
   */
  void apply(UpdateRule rule, double rate) {
    SparseSum.Rows total = sum.sum();
    double weight = sum.weight();
    long[] keys = weight > 0 ? total.keys() : new long[0];
    rows.reserve(missing());
    long bytes = (long) keys.length * (Long.BYTES + (long) width * Float.BYTES);
    budget.reserve(bytes - beforeBytes);
    beforeBytes = bytes;
    float[] old = new float[keys.length * width];
    for (int i = 0; i < keys.length; i++) {
      rows.read(keys[i], old, i * width);
      rows.update(keys[i], rule, rate, weight, total.values(), i * width);
    }
    before = new SparseSum.Rows(keys, old);
    version++;
    sum.clear();
  }

  /** Copies a row at the version, or at the one before it. */
  void read(long key, long wanted, float[] row, int at) {
    int number = wanted < version && before != null ? before.find(key) : -1;
    if (number >= 0 && before != null) {
      System.arraycopy(before.values(), number * width, row, at, width);
    } else {
      rows.read(key, row, at);
    }
  }

  /** Whether the version before the present one is known: not right after loading. */
  boolean hasPrevious() {
    return before != null;
  }

  void dispose() {
    sum.clear();
    rows.dispose();
    budget.reserve(-beforeBytes);
    beforeBytes = 0;
    before = null;
  }
}
