package dev.bellows.ps.client;

import dev.bellows.ps.protocol.Floats;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.protocol.RowMessage;
import dev.bellows.ps.protocol.TableSpec;
import dev.bellows.ps.protocol.Target;
import dev.bellows.ps.shard.RowMap;
import dev.bellows.ps.shard.ShardMap;
import dev.bellows.ps.shard.SparseSum;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What the two sides of a run's sparse tables share: who holds which bucket, and requests cut into
 * pieces that fit a frame.
 */
final class RowOptions {
  final ClientOptions options;
  final List<TableSpec> specs;
  private final RowMap[] maps;
  private final Target[] targets;

  RowOptions(ClientOptions options, List<TableSpec> specs) {
    int shards = options.placement().size();
    // the dense vector may be too short for some shards; tables use all of them
    ShardMap all = ShardMap.of(shards * ShardMap.ALIGNMENT, shards);
    this.options = options.withMap(all);
    this.specs = List.copyOf(specs);
    this.maps = new RowMap[specs.size()];
    this.targets = new Target[shards];
    for (int table = 0; table < maps.length; table++) {
      maps[table] = RowMap.of(specs.get(table).buckets(), shards);
    }
    for (int shard = 0; shard < shards; shard++) {
      targets[shard] = new Target(options.run(), shard, options.incarnation());
    }
  }

  int shards() {
    return targets.length;
  }

  int tables() {
    return maps.length;
  }

  RowMap map(int table) {
    return maps[table];
  }

  Target target(int shard) {
    return targets[shard];
  }

  /** Whether a shard holds a part of a table. */
  boolean holds(int shard, int table) {
    return maps[table].from(shard) < maps[table].to(shard);
  }

  /**
   * Asks for rows of a table at a version; shards that hold none of them are asked, too, so that
   * the caller knows that they are at the version.
   *
   * @param keys in hash order
   * @param rows [keys, width], overwritten
   */
  void addPulls(Calls calls, int table, long version, long[] keys, float[] rows) {
    int width = specs.get(table).width();
    int most = Math.max(1, RowMap.PIECE / width);
    int at = 0;
    for (int shard = 0; shard < targets.length; shard++) {
      if (!holds(shard, table)) {
        continue;
      }
      int end = endOf(table, maps[table].to(shard), keys, at);
      do {
        int count = Math.min(most, end - at);
        int first = at * width;
        calls.add(
            shard,
            new RowMessage.PullRows(
                targets[shard], table, version, Arrays.copyOfRange(keys, at, at + count)),
            (from, values, offset, length) -> System.arraycopy(values, offset, rows, first, length),
            0,
            count * width,
            version);
        at += count;
      } while (at < end);
    }
  }

  /** First position whose key lies in bucket {@code bucket} or behind it. */
  private int endOf(int table, int bucket, long[] keys, int from) {
    int at = from;
    int buckets = maps[table].buckets();
    while (at < keys.length && RowMap.bucket(RowMap.hash(keys[at]), buckets) < bucket) {
      at++;
    }
    return at;
  }

  /** Sends the subtrees of a task for a step, buckets together as far as they fit. */
  void addPushes(Calls calls, int table, long step, SparseSum sums) {
    sums.forEach(
        (level, index, rows, weight, badSlice) -> {
          for (int shard = 0; shard < targets.length; shard++) {
            if (holds(shard, table)) {
              for (RowMessage.PushRows piece :
                  pieces(shard, table, step, level, index, rows, weight, badSlice)) {
                calls.add(shard, piece);
              }
            }
          }
        });
  }

  private List<RowMessage.PushRows> pieces(
      int shard,
      int table,
      long step,
      int level,
      int index,
      SparseSum.Rows rows,
      double weight,
      int badSlice) {
    RowMap map = maps[table];
    int width = specs.get(table).width();
    int last = map.to(shard);
    List<RowMessage.PushRows> pieces = new ArrayList<>();
    int from = map.from(shard);
    int at = endOf(table, from, rows.keys(), 0);
    while (from < last) {
      int to = from + 1;
      int end = endOf(table, to, rows.keys(), at);
      if ((end - at) * (8L + 4L * width) > 8L * RowMap.PIECE) { // bytes of keys and gradients
        throw new PsException(
            PsErrorCode.QUOTA,
            "one bucket of table "
                + table
                + " has "
                + (end - at)
                + " rows in one step, more than a frame takes: use more than "
                + map.buckets()
                + " buckets");
      }
      while (to < last) {
        int next = endOf(table, to + 1, rows.keys(), end);
        if ((long) (next - at) * width > RowMap.PIECE) {
          break;
        }
        end = next;
        to++;
      }
      pieces.add(
          new RowMessage.PushRows(
              targets[shard],
              table,
              step,
              level,
              index,
              from,
              to,
              badSlice,
              weight,
              Arrays.copyOfRange(rows.keys(), at, end),
              new Floats(rows.values(), at * width, (end - at) * width)));
      from = to;
      at = end;
    }
    return pieces;
  }
}
