package dev.bellows.ps.sim;

import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.engine.sample.Mix64;
import dev.bellows.engine.sample.Purpose;
import dev.bellows.ps.protocol.TableSpec;
import dev.bellows.ps.shard.RowSet;
import dev.bellows.ps.shard.RowStart;
import dev.bellows.ps.shard.SparseSum;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Made-up training of a sparse table, and its truth: one map from key to row, every step done at
 * once. Gradients depend on the rows that were read, so a wrong row shows in all that follows.
 */
public final class RowWorkload {
  public final TableSpec table;
  public final UpdateSpec update;
  private final long seed;
  private final int keys;
  private final RowStart start;
  private final List<Map<Long, Row>> versions = new ArrayList<>();

  /** A row of the truth: values and slots [width] each, and its number of updates. */
  public record Row(float[] values, float[][] slots, int updates) {
    Row copied() {
      float[][] own = new float[slots.length][];
      for (int i = 0; i < own.length; i++) {
        own[i] = slots[i].clone();
      }
      return new Row(values.clone(), own, updates);
    }
  }

  /** A table of rows of some width, whose batches touch some of so many keys. */
  public RowWorkload(
      long seed, int keys, int width, int slices, int buckets, OptimizerSpec.Kind kind) {
    this.seed = seed;
    this.keys = keys;
    this.update =
        new UpdateSpec(
            OptimizerSpec.of(kind, 0.05),
            ScheduleSpec.cosine(0.001).withWarmup(2),
            1e-4,
            1e-3,
            0.5,
            0,
            NanPolicy.STOP,
            List.of(UpdateSpec.Range.trainable(0, width, true)));
    this.start = new RowStart(RowStart.Kind.NORMAL, 0.1f, seed);
    this.table =
        new TableSpec(
            width,
            buckets,
            slices,
            4,
            40,
            keys * 4L + 100,
            RowStart.Kind.NORMAL.wire(),
            0.1f,
            seed,
            update.encode());
    versions.add(new HashMap<>());
  }

  /** Keys of a slice's batch, with repetitions, perhaps none. */
  public long[] occurrences(long step, int slice) {
    SimRandom random = new SimRandom(Mix64.mix(seed, Purpose.SYNTH, step * 8192 + slice));
    long[] all = new long[random.below(7)];
    for (int i = 0; i < all.length; i++) {
      all[i] = Mix64.mix(random.below(keys)) >> (random.below(2) * 40);
    }
    return all;
  }

  /** Keys of the batches of slices [from, to). */
  public RowSet set(long step, int from, int to) {
    long[] all = new long[0];
    for (int slice = from; slice < to; slice++) {
      long[] more = occurrences(step, slice);
      int at = all.length;
      all = Arrays.copyOf(all, at + more.length);
      System.arraycopy(more, 0, all, at, more.length);
    }
    return RowSet.of(all);
  }

  /** Weight of a slice's batch; that of step 5 is 0. */
  public double weight(long step, int slice) {
    return step == 5 ? 0 : 1 + slice % 3;
  }

  /** Gradient of one row in one slice. */
  private void gradient(long step, int slice, long key, float[] row, int at, float[] to, int toAt) {
    for (int i = 0; i < table.width(); i++) {
      long bits = Mix64.mix(seed + step * 31 + slice, Purpose.SYNTH, key + i);
      to[toAt + i] = (float) (Mix64.unit(bits) - 0.5) + 0.3f * row[at + i];
    }
  }

  /** Adds the gradients of slices [from, to), given the rows of their keys, to a tree. */
  public SparseSum sums(long step, int from, int to, RowSet set, float[] rows) {
    int width = table.width();
    SparseSum sums = new SparseSum(table.slices(), width);
    for (int slice = from; slice < to; slice++) {
      RowSet own = RowSet.of(occurrences(step, slice));
      float[] values = new float[own.size() * width];
      for (int i = 0; i < own.size(); i++) {
        int at = new SparseSum.Rows(set.keys(), rows).find(own.keys()[i]);
        gradient(step, slice, own.keys()[i], rows, at * width, values, i * width);
      }
      sums.add(slice, own.keys(), values, weight(step, slice), true);
    }
    return sums;
  }

  /** The row of a key at a version. */
  public float[] row(long version, long key) {
    Row row = version(version).get(key);
    float[] values = new float[table.width()];
    if (row == null) {
      start.fill(key, values, 0, values.length);
    } else {
      System.arraycopy(row.values, 0, values, 0, values.length);
    }
    return values;
  }

  /** The rows of keys at a version. */
  public float[] rows(long version, long[] some) {
    float[] all = new float[some.length * table.width()];
    for (int i = 0; i < some.length; i++) {
      System.arraycopy(row(version, some[i]), 0, all, i * table.width(), table.width());
    }
    return all;
  }

  /** All rows that have been updated before a version. */
  public Map<Long, Row> version(long version) {
    while (versions.size() <= version) {
      versions.add(next(versions.size() - 1));
    }
    return versions.get((int) version);
  }

  private Map<Long, Row> next(long step) {
    Map<Long, Row> next = new HashMap<>();
    version(step).forEach((key, row) -> next.put(key, row.copied()));
    Map<Long, Boolean> touched = new TreeMap<>();
    for (int slice = 0; slice < table.slices(); slice++) {
      for (long key : occurrences(step, slice)) {
        touched.put(key, true);
      }
    }
    int leaves = Integer.highestOneBit(Math.max(1, table.slices() * 2 - 1));
    double weight = weights(step, 0, leaves);
    UpdateRule rule = new UpdateRule(update);
    double rate = update.rate(step, table.stepsPerEpoch(), table.totalSteps());
    for (long key : weight > 0 ? touched.keySet() : new TreeMap<Long, Boolean>().keySet()) {
      float[] sum = sum(step, key, 0, leaves);
      Row old = next.get(key);
      if (old == null) {
        old = new Row(row(step, key), new float[rule.slots()][table.width()], 0);
      }
      Row row = new Row(old.values, old.slots, old.updates + 1);
      rule.apply(row.updates, rate, weight, 1f, row.values, sum, row.slots, 0, table.width(), 0);
      next.put(key, row);
    }
    return next;
  }

  private double weights(long step, int from, int to) {
    if (to - from == 1) {
      return from < table.slices() ? weight(step, from) : 0;
    }
    int middle = (from + to) / 2;
    return weights(step, from, middle) + weights(step, middle, to);
  }

  /** The tree, written the short way: the gradient of one key over slices [from, to). */
  private float @Nullable [] sum(long step, long key, int from, int to) {
    if (from >= table.slices()) {
      return null;
    }
    if (to - from == 1) {
      if (Arrays.stream(occurrences(step, from)).noneMatch(k -> k == key)) {
        return null;
      }
      float[] gradient = new float[table.width()];
      gradient(step, from, key, row(step, key), 0, gradient, 0);
      return gradient;
    }
    int middle = (from + to) / 2;
    float[] left = sum(step, key, from, middle);
    float[] right = sum(step, key, middle, to);
    if (left == null || right == null) {
      return left == null ? right : left;
    }
    for (int i = 0; i < left.length; i++) {
      left[i] += right[i];
    }
    return left;
  }
}
