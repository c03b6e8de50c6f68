package dev.bellows.ps.client;

import dev.bellows.ps.protocol.Floats;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.protocol.RowMessage;
import dev.bellows.ps.protocol.TableSpec;
import dev.bellows.ps.shard.RowMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;

/**
 * The driver's side of sparse tables: makes, loads, copies and drops them on all shards. Rows are
 * read in hash order whatever the number of shards, and loaded in any order: a copy that was
 * written with some number of shards is loaded with any other.
 *
 * <p>All calls come from one thread; each ends within the options' step deadline.
 */
public final class PsTables implements AutoCloseable {
  private static final int PAGE_ROWS = 65_536;

  private final RowOptions rows;
  private final Calls calls;
  private final LongSupplier nanoTime = System::nanoTime;

  /** Gets rows of a copy. */
  @FunctionalInterface
  public interface RowReader {
    /**
     * Some rows.
     *
     * @param keys in hash order, behind those before
     * @param updates updates that each has behind it
     * @param values [keys, (1 + slots) width]: values, then each slot
     */
    void rows(long[] keys, long[] updates, float[] values);
  }

  private PsTables(RowOptions rows, Connector connector) {
    this.rows = rows;
    this.calls = new Calls(rows.options, connector);
  }

  /** A control of one run's tables; connections are opened by the first call. */
  public static PsTables open(ClientOptions options, List<TableSpec> tables, Connector connector) {
    return new PsTables(new RowOptions(options, tables), connector);
  }

  /** Makes (or, with a larger incarnation, replaces) the tables; state LOADING, no rows. */
  public void create() {
    each(
        "creating tables",
        (shard, table) ->
            new RowMessage.CreateTable(
                rows.target(shard),
                table,
                rows.map(table).from(shard),
                rows.map(table).to(shard),
                rows.specs.get(table)));
  }

  /**
   * Loads rows.
   *
   * @param table the table
   * @param keys in any order
   * @param updates updates that each has behind it
   * @param values [keys, (1 + slots) width]
   */
  public void put(int table, long[] keys, long[] updates, float[] values) {
    if (keys.length == 0) {
      return;
    }
    int stride = values.length / keys.length;
    int most = (int) Math.max(1, 4L * RowMap.PIECE / (16 + 4L * stride)); // key, updates, values
    RowMap map = rows.map(table);
    int[] shardOf = new int[keys.length];
    for (int i = 0; i < keys.length; i++) {
      int bucket = RowMap.bucket(RowMap.hash(keys[i]), map.buckets());
      while (bucket >= map.to(shardOf[i])) {
        shardOf[i]++;
      }
    }
    calls.begin();
    for (int shard = 0; shard < rows.shards(); shard++) {
      int[] mine = mine(shardOf, shard);
      for (int at = 0; at < mine.length; at += most) {
        calls.add(
            shard,
            part(
                shard,
                table,
                Arrays.copyOfRange(mine, at, Math.min(mine.length, at + most)),
                stride,
                keys,
                updates,
                values));
      }
    }
    await("loading rows of table " + table);
  }

  private static int[] mine(int[] shardOf, int shard) {
    int[] mine = new int[shardOf.length];
    int n = 0;
    for (int i = 0; i < shardOf.length; i++) {
      if (shardOf[i] == shard) {
        mine[n++] = i;
      }
    }
    return Arrays.copyOf(mine, n);
  }

  private Message part(
      int shard, int table, int[] which, int stride, long[] keys, long[] updates, float[] values) {
    long[] someKeys = new long[which.length];
    long[] someUpdates = new long[which.length];
    float[] some = new float[which.length * stride];
    for (int i = 0; i < which.length; i++) {
      someKeys[i] = keys[which[i]];
      someUpdates[i] = updates[which[i]];
      System.arraycopy(values, which[i] * stride, some, i * stride, stride);
    }
    return new RowMessage.PutRows(
        rows.target(shard), table, someKeys, someUpdates, Floats.of(some));
  }

  /** Ends loading: the rows are those of this step. */
  public void seal(long step) {
    control("sealing step " + step + " of tables", RowMessage.Action.SEAL, step);
  }

  /** State of each table on each shard that holds a part of it. */
  public List<Message.StatusReply> status() {
    List<Message.StatusReply> all = new ArrayList<>();
    for (Call call : control("asking for tables", RowMessage.Action.STATUS, -1)) {
      if (calls.answer(call) instanceof Message.StatusReply status) {
        all.add(status);
      }
    }
    return all;
  }

  /** Copies all rows at a version inside the shards, waiting for it when it is ahead. */
  public void snapshot(long step) {
    control("the snapshot of tables at step " + step, RowMessage.Action.SNAPSHOT, step);
  }

  /** Reads all rows of a table from the snapshot, a page at a time. */
  public void read(long step, int table, RowReader reader) {
    RowMap map = rows.map(table);
    for (int shard = 0; shard < rows.shards(); shard++) {
      for (int bucket = map.from(shard); bucket < map.to(shard); bucket++) {
        int from = 0;
        int total = 1;
        while (from < total) {
          Message.RowPage page = page(shard, table, step, bucket, from);
          if (page.keys().length > 0) {
            reader.rows(page.keys(), page.updates(), page.rows().array());
          }
          total = page.total();
          from += page.keys().length;
        }
      }
    }
  }

  private Message.RowPage page(int shard, int table, long step, int bucket, int from) {
    calls.begin();
    Call call =
        calls.add(
            shard,
            new RowMessage.GetRows(rows.target(shard), table, step, bucket, from, PAGE_ROWS));
    await("reading rows of table " + table);
    if (calls.answer(call) instanceof Message.RowPage page
        && page.bucket() == bucket
        && page.from() == from
        && (page.keys().length > 0 || page.total() == from)) {
      return page;
    }
    throw new PsException(
        PsErrorCode.INTERNAL, "GET_ROWS of bucket " + bucket + " was not answered with its rows");
  }

  /** Frees the snapshot. */
  public void release(long step) {
    control("releasing the snapshot of tables", RowMessage.Action.RELEASE, step);
  }

  /** Forgets the run on all shards: its tables, and its part of the dense vector. */
  public void drop() {
    calls.begin();
    for (int shard = 0; shard < rows.shards(); shard++) {
      calls.add(shard, new Message.Drop(rows.target(shard)));
    }
    await("dropping tables");
  }

  private List<Call> control(String what, RowMessage.Action action, long step) {
    return each(
        what, (shard, table) -> new RowMessage.Control(rows.target(shard), table, action, step));
  }

  private List<Call> each(String what, BiFunction<Integer, Integer, Message> request) {
    calls.begin();
    List<Call> all = new ArrayList<>();
    for (int shard = 0; shard < rows.shards(); shard++) {
      for (int table = 0; table < rows.tables(); table++) {
        if (rows.holds(shard, table)) {
          all.add(calls.add(shard, request.apply(shard, table)));
        }
      }
    }
    await(what);
    return all;
  }

  private void await(String what) {
    Waiting.forAnswers(what, calls, rows.options, nanoTime);
  }

  @Override
  public void close() {
    calls.close();
  }
}
