package dev.bellows.ps.client;

import dev.bellows.ps.protocol.TableSpec;
import dev.bellows.ps.shard.SparseSum;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * A training task's side of sparse tables.
 *
 * <pre>{@code
 * RowSet set = RowSet.of(keysOfTheBatch);
 * rows.pull(step, List.of(set.keys()), List.of(values));  // values [set.size(), width]
 * ... gradients of each slice: sums.add(slice, keys, gradients, weight, finite) ...
 * rows.push(step, List.of(sums));                         // returns when the shards have them
 * }</pre>
 *
 * <p>Beside a dense vector: pull rows of the version that {@link PsClient} gave, and push rows
 * before the dense sums of the same step; then all tables are at the next version when the dense
 * vector is. All calls come from one thread and fail as those of {@link PsClient} do.
 */
public final class PsRows implements AutoCloseable {
  private final RowOptions rows;
  private final Calls calls;
  private final LongSupplier nanoTime = System::nanoTime;
  private long waitedNanos;

  private PsRows(RowOptions rows, Connector connector) {
    this.rows = rows;
    this.calls = new Calls(rows.options, connector);
  }

  /**
   * A client; connections are opened by the first call.
   *
   * @param options of the run; shards of an empty part of the dense vector need an address, too
   * @param tables the run's tables in order of their numbers
   * @param connector the way to the shards
   */
  public static PsRows open(ClientOptions options, List<TableSpec> tables, Connector connector) {
    return new PsRows(new RowOptions(options, tables), connector);
  }

  /**
   * Reads rows of all tables at a version, waiting for it when it is the next one.
   *
   * @param version the step to compute
   * @param keys of each table, in hash order (see {@code RowSet}), perhaps none
   * @param values of each table [keys, width], overwritten; may be longer
   */
  public void pull(long version, List<long[]> keys, List<float[]> values) {
    checkTables(keys.size());
    checkTables(values.size());
    calls.begin();
    for (int table = 0; table < rows.tables(); table++) {
      long needed = (long) keys.get(table).length * rows.specs.get(table).width();
      if (values.get(table).length < needed) {
        throw new IllegalArgumentException(
            "rows of table "
                + table
                + " need "
                + needed
                + " elements, found "
                + values.get(table).length);
      }
      rows.addPulls(calls, table, version, keys.get(table), values.get(table));
    }
    waitedNanos +=
        Waiting.forAnswers("reading rows of step " + version, calls, rows.options, nanoTime);
  }

  /**
   * Pushes this task's sums of a step and waits until the shards have them.
   *
   * @param step the step
   * @param sums of each table: exactly the slices that this task owns; not changed
   */
  public void push(long step, List<SparseSum> sums) {
    checkTables(sums.size());
    calls.begin();
    for (int table = 0; table < rows.tables(); table++) {
      rows.addPushes(calls, table, step, sums.get(table));
    }
    waitedNanos +=
        Waiting.forAnswers("pushing rows of step " + step, calls, rows.options, nanoTime);
  }

  private void checkTables(int found) {
    if (found != rows.tables()) {
      throw new IllegalArgumentException(
          "expected something for each of " + rows.tables() + " tables, found " + found);
    }
  }

  /** Nanoseconds spent waiting so far. */
  public long waitedNanos() {
    return waitedNanos;
  }

  /** Bytes of keys and numbers sent and received so far. */
  public long payloadBytes() {
    return calls.payloadBytes();
  }

  @Override
  public void close() {
    calls.close();
  }
}
