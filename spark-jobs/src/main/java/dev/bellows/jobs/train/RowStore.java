package dev.bellows.jobs.train;

import dev.bellows.ps.checkpoint.RowPart;
import dev.bellows.ps.client.PsTables;
import dev.bellows.ps.protocol.Message.State;
import dev.bellows.ps.protocol.Message.StatusReply;
import dev.bellows.ps.protocol.TableSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The sparse tables of a run on the shards, seen from the driver: loaded, copied and read back as
 * parts of a checkpoint. Nothing without tables.
 */
final class RowStore implements AutoCloseable {
  /** Elements of a part, about: 16 MiB. */
  private static final int PART_ELEMENTS = 1 << 22;

  private final List<TableSpec> specs;
  private final @Nullable PsTables tables;

  /**
   * @param tables the way to the shards; null without tables
   */
  RowStore(List<TableSpec> specs, @Nullable PsTables tables) {
    this.specs = specs;
    this.tables = tables;
  }

  /** Makes the tables and loads the rows of a point. */
  void load(RestorePoint point) {
    if (tables == null) {
      return;
    }
    tables.create();
    for (RowPart part : point.rows()) {
      tables.put(part.table(), part.keys(), part.updates(), part.rows());
    }
    tables.seal(point.step());
  }

  /** All rows that were updated, as of the step that the shards are at. */
  List<RowPart> read(long step) {
    if (tables == null) {
      return List.of();
    }
    List<RowPart> parts = new ArrayList<>();
    tables.snapshot(step);
    for (int t = 0; t < specs.size(); t++) {
      Collector collector = new Collector(t, specs.get(t).width(), parts);
      tables.read(step, t, collector);
      collector.end();
    }
    tables.release(step);
    return parts;
  }

  /** The shard that met rows of a slice that are not finite, or null. */
  @Nullable StatusReply diverged() {
    if (tables == null) {
      return null;
    }
    return tables.status().stream()
        .filter(status -> status.state() == State.DIVERGED && status.badSlice() >= 0)
        .findFirst()
        .orElse(null);
  }

  void drop() {
    if (tables != null) {
      tables.drop();
    }
  }

  @Override
  public void close() {
    if (tables != null) {
      tables.close();
    }
  }

  /** Joins pages of rows to parts. */
  private static final class Collector implements PsTables.RowReader {
    private final int table;
    private final int width;
    private final List<RowPart> parts;
    private long[] keys = new long[64];
    private long[] updates = new long[64];
    private float[] rows = new float[0];
    private int size;
    private int stride;
    private int part;

    Collector(int table, int width, List<RowPart> parts) {
      this.table = table;
      this.width = width;
      this.parts = parts;
    }

    @Override
    public void rows(long[] someKeys, long[] someUpdates, float[] values) {
      stride = values.length / someKeys.length;
      int needed = size + someKeys.length;
      if (needed > keys.length || needed * stride > rows.length) {
        int room = Math.max(needed, 2 * size);
        keys = Arrays.copyOf(keys, Math.max(keys.length, room));
        updates = Arrays.copyOf(updates, keys.length);
        rows = Arrays.copyOf(rows, keys.length * stride);
      }
      System.arraycopy(someKeys, 0, keys, size, someKeys.length);
      System.arraycopy(someUpdates, 0, updates, size, someKeys.length);
      System.arraycopy(values, 0, rows, size * stride, values.length);
      size = needed;
      if (size * stride >= PART_ELEMENTS) {
        end();
      }
    }

    void end() {
      if (size == 0) {
        return;
      }
      parts.add(
          new RowPart(
              table,
              part++,
              width,
              Arrays.copyOf(keys, size),
              Arrays.copyOf(updates, size),
              Arrays.copyOf(rows, size * stride)));
      size = 0;
    }
  }
}
