package dev.bellows.ps.server;

import dev.bellows.ps.protocol.Floats;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.RowMessage;
import dev.bellows.ps.shard.FloatPool;
import dev.bellows.ps.shard.RowMap;
import dev.bellows.ps.shard.SparseRows;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The copy of a table's rows with their slots at one step, taken bucket by bucket as each reaches
 * it. Rows are in hash order, so that pages do not depend on who made a row first.
 */
final class TableSnapshot {
  final long step;
  final Waiters waiting = new Waiters();
  private final FloatPool.Budget budget;
  private final int from;
  private final @Nullable Copy[] copies;
  private long bytes;
  private int open;

  @SuppressWarnings("ArrayRecordComponent") // plain carrier, never compared
  private record Copy(long[] keys, long[] updates, float[] rows, int stride) {}

  TableSnapshot(long step, int from, int buckets, FloatPool.Budget budget) {
    this.step = step;
    this.from = from;
    this.budget = budget;
    this.copies = new Copy[buckets];
    this.open = buckets;
  }

  boolean isWhole() {
    return open == 0;
  }

  /** Copies a bucket that has just reached the step. */
  void reached(RowBucket bucket) {
    if (bucket.version != step || copies[bucket.number - from] != null) {
      return;
    }
    SparseRows rows = bucket.rows;
    int stride = rows.stride();
    long needed = (long) rows.size() * (2 * Long.BYTES + (long) stride * Float.BYTES);
    budget.reserve(needed);
    bytes += needed;
    long[] keys = rows.keys();
    long[] updates = new long[keys.length];
    float[] values = new float[Math.multiplyExact(keys.length, stride)];
    for (int i = 0; i < keys.length; i++) {
      int row = rows.find(keys[i]);
      updates[i] = rows.updates(row);
      rows.copy(row, values, i * stride);
    }
    copies[bucket.number - from] = new Copy(keys, updates, values, stride);
    open--;
  }

  /** A page of a bucket. */
  Message page(RowMessage.GetRows m) {
    int index = m.bucket() - from;
    Copy copy = index < 0 || index >= copies.length ? null : copies[index];
    if (copy == null || m.from() < 0 || m.from() > copy.keys.length || m.limit() < 1) {
      throw new Refusal(
          PsErrorCode.OUT_OF_RANGE,
          "rows from "
              + m.from()
              + " of bucket "
              + m.bucket()
              + " are not in the snapshot of buckets "
              + from
              + ".."
              + (from + copies.length - 1)
              + ", or fewer than one was asked for: "
              + m.limit());
    }
    int most = Math.max(1, RowMap.PIECE / copy.stride);
    int count = Math.min(Math.min(m.limit(), most), copy.keys.length - m.from());
    int end = m.from() + count;
    return new Message.RowPage(
        step,
        m.bucket(),
        m.from(),
        copy.keys.length,
        Arrays.copyOfRange(copy.keys, m.from(), end),
        Arrays.copyOfRange(copy.updates, m.from(), end),
        new Floats(copy.rows, m.from() * copy.stride, count * copy.stride));
  }

  void dispose() {
    budget.reserve(-bytes);
    bytes = 0;
  }
}
