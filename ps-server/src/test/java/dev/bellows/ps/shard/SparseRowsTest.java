package dev.bellows.ps.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.ps.sim.Seeds;
import dev.bellows.ps.sim.SimRandom;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Rows of a table beside a plain map in double; sums over slices beside the dense tree. */
class SparseRowsTest {
  private static final double RATE = 0.1;

  /** A row of the plain map. */
  private static final class Plain {
    final double[] w;
    final double[] m;
    final double[] v;
    int t;

    Plain(float[] start) {
      w = new double[start.length];
      for (int i = 0; i < w.length; i++) {
        w[i] = start[i];
      }
      m = new double[w.length];
      v = new double[w.length];
    }

    void update(OptimizerSpec.Kind kind, float[] g, double weight) {
      t++;
      for (int i = 0; i < w.length; i++) {
        double mean = g[i] / weight;
        switch (kind) {
          case SGD -> w[i] -= RATE * mean;
          case ADAGRAD -> {
            v[i] += mean * mean;
            w[i] -= RATE * mean / (Math.sqrt(v[i]) + 1e-10);
          }
          default -> {
            m[i] = 0.9 * m[i] + 0.1 * mean;
            v[i] = 0.999 * v[i] + 0.001 * mean * mean;
            double first = m[i] / (1 - Math.pow(0.9, t));
            w[i] -= RATE * first / (Math.sqrt(v[i] / (1 - Math.pow(0.999, t))) + 1e-8);
          }
        }
      }
    }
  }

  @Test
  void updatesAreThoseOfAPlainMapRowByRow() {
    Seeds.forEach(
        "SparseRowsTest#updates*",
        60,
        seed -> {
          SimRandom random = new SimRandom(seed);
          OptimizerSpec.Kind kind =
              random.pick(
                  java.util.List.of(
                      OptimizerSpec.Kind.SGD, OptimizerSpec.Kind.ADAGRAD, OptimizerSpec.Kind.ADAM));
          int width = random.between(1, 40);
          UpdateRule rule = new UpdateRule(UpdateSpec.plain(OptimizerSpec.of(kind, RATE), width));
          RowStart start =
              new RowStart(random.pick(java.util.List.of(RowStart.Kind.values())), 0.5f, seed);
          long[] held = {0};
          SparseRows rows = new SparseRows(width, rule.slots(), start, bytes -> held[0] += bytes);
          Map<Long, Plain> map = new HashMap<>();
          int universe = random.between(1, 900);
          float[] g = new float[width + 3];
          float[] row = new float[width + 1];
          for (int i = 0; i < 3000; i++) {
            long key = (long) random.below(universe) * (seed % 2 == 0 ? 1 : 0x5851F42D4C957F2DL);
            double weight = 1 + random.below(4);
            for (int k = 0; k < width; k++) {
              g[3 + k] = (float) (random.unit() - 0.5);
            }
            rows.read(key, row, 1); // reading makes nothing
            Plain plain =
                map.computeIfAbsent(
                    key,
                    k -> {
                      float[] values = new float[width];
                      start.fill(k, values, 0, width);
                      return new Plain(values);
                    });
            assertThat(rows.find(key) >= 0).isEqualTo(plain.t > 0);
            rows.update(key, rule, RATE, weight, g, 3);
            plain.update(kind, java.util.Arrays.copyOfRange(g, 3, 3 + width), weight);
          }
          assertThat(rows.size()).isEqualTo(map.size());
          assertThat(rows.keys()).hasSize(map.size());
          for (Map.Entry<Long, Plain> entry : map.entrySet()) {
            rows.read(entry.getKey(), row, 0);
            assertThat(rows.updates(rows.find(entry.getKey()))).isEqualTo(entry.getValue().t);
            for (int k = 0; k < width; k++) {
              assertThat((double) row[k]).isCloseTo(entry.getValue().w[k], within(2e-3));
            }
          }
          rows.dispose();
          assertThat(held[0]).isZero();
        });
  }

  @Test
  void aCopiedRowGoesOnAsTheOriginalDoes() {
    UpdateRule rule =
        new UpdateRule(UpdateSpec.plain(OptimizerSpec.of(OptimizerSpec.Kind.ADAM, RATE), 3));
    RowStart start = new RowStart(RowStart.Kind.UNIFORM, 0.5f, 9);
    SparseRows one = new SparseRows(3, 2, start, FloatPool.Budget.NONE);
    SparseRows two = new SparseRows(3, 2, start, FloatPool.Budget.NONE);
    float[] g = {1, -2, 3};
    one.update(77, rule, RATE, 2, g, 0);
    float[] row = new float[one.stride()];
    one.copy(0, row, 0);
    two.put(77, one.updates(0), row, 0);
    one.update(77, rule, RATE, 2, g, 0);
    two.update(77, rule, RATE, 2, g, 0);
    float[] again = new float[one.stride()];
    one.copy(0, row, 0);
    two.copy(0, again, 0);
    assertThat(again).isEqualTo(row);
    assertThat(two.updates(0)).isEqualTo(2);
  }

  @Test
  void aRefusedReservationChangesNothing() {
    long[] left = {40_000};
    SparseRows rows =
        new SparseRows(
            4,
            0,
            new RowStart(RowStart.Kind.ZERO, 0, 0),
            bytes -> {
              if (bytes > left[0]) {
                throw new IllegalStateException("no room");
              }
              left[0] -= bytes;
            });
    long before = left[0];
    assertThatThrownBy(() -> rows.reserve(100_000)).hasMessage("no room");
    assertThat(left[0]).isEqualTo(before);
    rows.reserve(200);
    assertThat(rows.size()).isZero();
  }

  @Test
  void sumsAreThoseOfTheDenseTreeForAnyGroupingAndOrder() {
    Seeds.forEach(
        "SparseRowsTest#sums*",
        300,
        seed -> {
          SimRandom random = new SimRandom(seed);
          int slices = random.between(1, 20);
          int width = random.between(1, 4);
          int universe = random.between(1, 12);
          float[][] dense = new float[slices][universe * width];
          RowSet[] sets = new RowSet[slices];
          float[][] values = new float[slices][];
          TreeSum truth = new TreeSum(slices, universe * width);
          for (int slice = 0; slice < slices; slice++) {
            long[] keys = new long[random.below(6)];
            for (int i = 0; i < keys.length; i++) {
              keys[i] = random.below(universe);
            }
            sets[slice] = RowSet.of(keys);
            values[slice] = new float[sets[slice].size() * width];
            for (int i = 0; i < values[slice].length; i++) {
              values[slice][i] = (float) (random.unit() * 2 - 1);
              int key = (int) sets[slice].keys()[i / width];
              dense[slice][key * width + i % width] = values[slice][i];
            }
            truth.add(slice, dense[slice], new double[] {slice + 0.1, 0, 0, 0}, true);
          }
          long[] held = {0};
          SparseSum whole = new SparseSum(slices, width, bytes -> held[0] += bytes);
          int[] order = random.order(slices);
          int at = 0;
          while (at < slices) { // tasks with any slices, in any order, some of them twice
            SparseSum task = new SparseSum(slices, width);
            int end = random.between(at + 1, slices);
            for (int i = at; i < end; i++) {
              int slice = order[i];
              task.add(slice, sets[slice].keys(), values[slice], slice + 0.1, true);
            }
            for (int times = random.between(1, 2); times > 0; times--) {
              task.forEach(
                  (level, index, rows, weight, bad) ->
                      whole.add(
                          level,
                          index,
                          rows.keys(),
                          0,
                          rows.keys().length,
                          rows.values(),
                          0,
                          weight,
                          bad));
            }
            at = random.chance(0.3) ? Math.max(at, end - 1) : end;
            at = at == end - 1 && end == slices ? end : at;
          }
          assertThat(whole.isComplete()).isTrue();
          assertThat(whole.weight()).isEqualTo(truth.scalar(0));
          float[] expected = truth.sum();
          for (int key = 0; key < universe; key++) {
            int row = whole.sum().find(key);
            for (int k = 0; k < width; k++) {
              float found = row < 0 ? 0f : whole.sum().values()[row * width + k];
              assertThat(found == expected[key * width + k]).isTrue();
            }
          }
          whole.clear();
          assertThat(held[0]).isZero();
        });
  }

  @Test
  void setsListEachKeyOnceInHashOrderAndFindIt() {
    Seeds.forEach(
        "SparseRowsTest#sets*",
        100,
        seed -> {
          SimRandom random = new SimRandom(seed);
          long[] some = new long[random.below(60)];
          for (int i = 0; i < some.length; i++) {
            some[i] = random.chance(0.3) ? random.nextLong() : random.below(20);
          }
          RowSet set = RowSet.of(some);
          int buckets = random.between(1, RowMap.MAX_BUCKETS);
          RowMap map = RowMap.of(buckets, random.between(1, 9));
          assertThat(map.to(map.shards() - 1)).isEqualTo(buckets);
          for (int i = 0; i < some.length; i++) {
            assertThat(set.keys()[set.positions()[i]]).isEqualTo(some[i]);
          }
          for (int i = 0; i < set.size(); i++) {
            int bucket = RowMap.bucket(RowMap.hash(set.keys()[i]), buckets);
            assertThat(bucket).isBetween(0, buckets - 1);
            assertThat(new SparseSum.Rows(set.keys(), new float[0]).find(set.keys()[i]))
                .isEqualTo(i);
            if (i > 0) {
              assertThat(RowMap.before(set.keys()[i - 1], set.keys()[i])).isTrue();
              assertThat(RowMap.bucket(RowMap.hash(set.keys()[i - 1]), buckets))
                  .isLessThanOrEqualTo(bucket);
            }
          }
        });
  }
}
