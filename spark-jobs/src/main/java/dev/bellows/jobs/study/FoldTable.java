package dev.bellows.jobs.study;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.ExternalizableSerializer;
import dev.bellows.engine.sample.split.Folds;
import dev.bellows.engine.sample.split.Role;
import dev.bellows.engine.sample.split.RowCounts;
import dev.bellows.engine.sample.split.SplitRow;
import dev.bellows.engine.sample.split.Splitter;
import java.io.Externalizable;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.util.BitSet;
import java.util.function.IntFunction;

/** Which rows train and which are measured in each split: two bytes a row and repeat. */
@DefaultSerializer(ExternalizableSerializer.class) // whatever registrator the session has
public final class FoldTable implements Externalizable {
  private static final long serialVersionUID = 1L;

  private Folds folds = new Folds();
  private short[][] cells = {};

  /** For deserialisation only. */
  public FoldTable() {}

  private FoldTable(Folds folds, short[][] cells) {
    this.folds = folds;
    this.cells = cells;
  }

  /**
   * Divides rows.
   *
   * @param rows number of rows
   * @param facts what is known of each
   * @throws dev.bellows.engine.sample.split.SplitException when they can't be divided so
   */
  static FoldTable of(Splitter splitter, int rows, IntFunction<SplitRow> facts, long seed) {
    RowCounts counts = splitter.counts();
    for (int row = 0; row < rows; row++) {
      counts.add(facts.apply(row));
    }
    Folds folds = splitter.plan(counts, seed);
    short[][] cells = new short[folds.repeats()][rows];
    for (int repeat = 0; repeat < cells.length; repeat++) {
      for (int row = 0; row < rows; row++) {
        cells[repeat][row] = (short) folds.cell(facts.apply(row), repeat);
      }
    }
    return new FoldTable(folds, cells);
  }

  /** Number of splits over all repeats. */
  public int splits() {
    return folds.splits();
  }

  /** Number of repeats. */
  public int repeats() {
    return folds.repeats();
  }

  /** Repeat of a split. */
  public int repeatOf(int split) {
    return folds.repeatOf(split);
  }

  /** Number of a split in its repeat. */
  public int foldOf(int split) {
    return split % folds.splitsPerRepeat();
  }

  /** Whether every row is measured at most once a repeat. */
  public boolean disjoint() {
    return folds.disjoint();
  }

  /** Rows of one role in a split, ascending. */
  public int[] rows(int split, Role role) {
    short[] cell = cells[folds.repeatOf(split)];
    boolean[] wanted = new boolean[folds.cells()];
    for (int c = 0; c < wanted.length; c++) {
      wanted[c] = folds.role(c, split) == role;
    }
    int n = 0;
    for (short c : cell) {
      n += wanted[c] ? 1 : 0;
    }
    int[] rows = new int[n];
    int at = 0;
    for (int row = 0; row < cell.length; row++) {
      if (wanted[cell[row]]) {
        rows[at++] = row;
      }
    }
    return rows;
  }

  /** Rows as a set. */
  static BitSet set(int[] rows) {
    BitSet set = new BitSet();
    for (int row : rows) {
      set.set(row);
    }
    return set;
  }

  @Override
  public void writeExternal(ObjectOutput out) throws IOException {
    folds.writeExternal(out);
    out.writeInt(cells.length);
    for (short[] repeat : cells) {
      out.writeInt(repeat.length);
      byte[] bytes = new byte[2 * repeat.length];
      for (int row = 0; row < repeat.length; row++) {
        bytes[2 * row] = (byte) (repeat[row] >> 8);
        bytes[2 * row + 1] = (byte) repeat[row];
      }
      out.write(bytes);
    }
  }

  @Override
  public void readExternal(ObjectInput in) throws IOException {
    folds = new Folds();
    folds.readExternal(in);
    cells = new short[in.readInt()][];
    for (int repeat = 0; repeat < cells.length; repeat++) {
      cells[repeat] = new short[in.readInt()];
      byte[] bytes = new byte[2 * cells[repeat].length];
      in.readFully(bytes);
      for (int row = 0; row < cells[repeat].length; row++) {
        cells[repeat][row] = (short) ((bytes[2 * row] << 8) | (bytes[2 * row + 1] & 0xff));
      }
    }
  }
}
