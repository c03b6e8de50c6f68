package dev.bellows.jobs.train;

import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.SparseTable;
import dev.bellows.engine.plan.BatchBuffers;
import dev.bellows.engine.plan.SliceTrainer;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.ps.client.ClientOptions;
import dev.bellows.ps.client.Connector;
import dev.bellows.ps.client.PsRows;
import dev.bellows.ps.shard.RowSet;
import dev.bellows.ps.shard.SparseSum;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The sparse tables' side of a task: the rows that its slices name in a step are pulled once and
 * become the tables of a small network; codes are numbered by those rows; each slice's gradients of
 * them are added under their keys. Which rows other slices name changes no bit of a slice's
 * gradient.
 *
 * <p>A step: {@link #beginStep}, per slice {@link #collect}, then {@link #pull}; per slice {@link
 * #number}, the trainer's run, {@link #add}; then {@link #push}.
 */
final class RowWork {
  private final List<RowTable> tables;
  private final int owned;
  private final int codeWidth;
  private final int[] codes;
  private final int[] starts;
  private final RowSet[] sets;
  private final float[][] values;
  private final int[] offsets;
  private final List<SparseSum> sums = new ArrayList<>();
  private @Nullable PsRows rows;

  private RowWork(List<RowTable> tables, int slices, int owned, int maxRows, int codeWidth) {
    this.tables = tables;
    this.owned = owned;
    this.codeWidth = codeWidth;
    this.codes = new int[Math.multiplyExact(Math.multiplyExact(owned, maxRows), codeWidth)];
    this.starts = new int[owned + 1];
    this.sets = new RowSet[tables.size()];
    this.offsets = new int[tables.size()];
    this.values = new float[tables.size()][];
    for (int t = 0; t < values.length; t++) {
      SparseTable table = tables.get(t).table();
      values[t] = new float[tables.get(t).named((long) owned * maxRows) * table.width()];
      sums.add(new SparseSum(slices, table.width()));
    }
  }

  /** The work of a task; null for a network without sparse tables. */
  static @Nullable RowWork of(TaskPlan plan, SliceRows rows, int owned) {
    return plan.tables().isEmpty()
        ? null
        : new RowWork(
            plan.tables(), plan.slices(), owned, rows.schedule().maxSliceRows(), rows.codeWidth());
  }

  /** The network whose tables have as many rows as the task's slices can name in a step. */
  NetworkSpec cut(NetworkSpec network) {
    int[] most = new int[tables.size()];
    for (int t = 0; t < most.length; t++) {
      most[t] = values[t].length / tables.get(t).table().width();
    }
    return SparseTable.cut(network, tables.stream().map(RowTable::table).toList(), most);
  }

  /** Finds the tables in the flat vector of the trainer of {@link #cut}. */
  void bind(SliceTrainer trainer) {
    for (int t = 0; t < offsets.length; t++) {
      offsets[t] = trainer.layout().segment(tables.get(t).table().segment()).offset();
    }
  }

  void connect(ClientOptions options, Connector connector) {
    rows = PsRows.open(options, tables.stream().map(RowTable::spec).toList(), connector);
  }

  void disconnect() {
    PsRows open = rows;
    rows = null;
    if (open != null) {
      open.close();
    }
  }

  private PsRows rows() {
    PsRows open = rows;
    if (open == null) {
      throw new IllegalStateException("no connection to the tables");
    }
    return open;
  }

  /** Forgets the step before. */
  void beginStep() {
    sums.forEach(SparseSum::clear);
    Arrays.fill(starts, 0);
  }

  /** Notes the codes of the i-th owned slice; slices come in order. */
  void collect(SliceRows source, long stepInEpoch, int i) {
    int count = source.count(stepInEpoch, i);
    source.codes(stepInEpoch, i, codes, starts[i] * codeWidth);
    starts[i + 1] = starts[i] + count;
  }

  /** Pulls the rows of all noted codes at a step and hands them to the trainer. */
  void pull(long step, SliceTrainer trainer) {
    int count = starts[owned];
    List<long[]> keys = new ArrayList<>();
    for (int t = 0; t < sets.length; t++) {
      SparseTable table = tables.get(t).table();
      int columns = table.codeTo() - table.codeFrom();
      long[] named = new long[count * columns];
      for (int i = 0; i < named.length; i++) {
        named[i] = codes[i / columns * codeWidth + table.codeFrom() + i % columns];
      }
      sets[t] = RowSet.of(named);
      keys.add(sets[t].keys());
    }
    rows().pull(step, keys, List.of(values));
    for (int t = 0; t < sets.length; t++) {
      int length = sets[t].size() * tables.get(t).table().width();
      trainer.setParameters(offsets[t], values[t], 0, length);
    }
  }

  /** Numbers the codes of the i-th owned slice's batch by the rows that were pulled. */
  void number(int i, BatchBuffers batch) {
    for (int t = 0; t < sets.length; t++) {
      SparseTable table = tables.get(t).table();
      int columns = table.codeTo() - table.codeFrom();
      int[] positions = sets[t].positions();
      for (int row = starts[i]; row < starts[i + 1]; row++) {
        long to = batch.codes() + 4L * ((long) (row - starts[i]) * codeWidth + table.codeFrom());
        for (int c = 0; c < columns; c++) {
          Memory.putInt(to + 4L * c, positions[row * columns + c]);
        }
      }
    }
  }

  /**
   * Adds the gradients of the i-th owned slice's rows.
   *
   * @param finite whether the dense part of its gradient, and its loss, are
   */
  void add(int i, int slice, SliceTrainer trainer, boolean finite) {
    for (int t = 0; t < sets.length; t++) {
      SparseTable table = tables.get(t).table();
      int columns = table.codeTo() - table.codeFrom();
      int[] named =
          Arrays.copyOfRange(sets[t].positions(), starts[i] * columns, starts[i + 1] * columns);
      Arrays.sort(named); // positions follow the order of keys
      long[] keys = new long[named.length];
      float[] gradients = new float[named.length * table.width()];
      boolean rowsFinite = true;
      int n = 0;
      for (int j = 0; j < named.length; j++) {
        if (j > 0 && named[j] == named[j - 1]) {
          continue;
        }
        keys[n] = sets[t].keys()[named[j]];
        long from = trainer.gradientAddress() + 4L * (offsets[t] + (long) named[j] * table.width());
        for (int k = 0; k < table.width(); k++) {
          float value = Memory.getFloat(from + 4L * k);
          rowsFinite &= Float.isFinite(value);
          gradients[n * table.width() + k] = value;
        }
        n++;
      }
      double weight = trainer.scalars()[0];
      int bad = finite && rowsFinite ? -1 : slice;
      sums.get(t).add(0, slice, keys, 0, n, gradients, 0, weight, bad);
    }
  }

  /** Adds a slice without rows. */
  void addNothing(int slice) {
    for (SparseSum sum : sums) {
      sum.add(slice, new long[0], new float[0], 0, true);
    }
  }

  /** Pushes the sums of a step. */
  void push(long step) {
    rows().push(step, sums);
  }

  long waitedNanos() {
    return rows == null ? 0 : rows.waitedNanos();
  }

  long payloadBytes() {
    return rows == null ? 0 : rows.payloadBytes();
  }
}
