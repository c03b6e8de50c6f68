package dev.bellows.engine.sample.split;

import java.io.Externalizable;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import org.jspecify.annotations.Nullable;

/**
 * A planned split of rows. In each repeat a row lies in one cell, and the cell has a role in every
 * split: of k folds, cell f validates in split f and trains in the others. A cell fits into a short
 * ({@link #MOST_CELLS}); a block stores one for each row and repeat. Immutable; small enough to be
 * sent to every task.
 */
public final class Folds implements Externalizable {
  private static final long serialVersionUID = 1L;

  /** Most cells and most splits. */
  public static final int MOST_CELLS = Short.MAX_VALUE;

  private @Nullable Cells map;
  private int repeats;
  private int splitsPerRepeat;
  private int cells;

  /**
   * [split within a repeat][cell] index into {@link #ROLES}; empty when cell f validates in split f
   * and nowhere else.
   */
  private byte[][] roles = {};

  private static final Role[] ROLES = {Role.NONE, Role.TRAIN, Role.VALIDATION};
  static final byte NONE = 0;
  static final byte TRAIN = 1;
  static final byte VALIDATION = 2;

  /** For deserialisation only. */
  public Folds() {}

  private Folds(Cells map, int repeats, int splitsPerRepeat, int cells, byte[][] roles) {
    this.map = map;
    this.repeats = repeats;
    this.splitsPerRepeat = splitsPerRepeat;
    this.cells = cells;
    this.roles = roles;
  }

  /** Cell f validates in split f; cells from {@code folds} on train always. */
  static Folds disjoint(Cells map, int repeats, int folds, int cells) {
    return new Folds(map, repeats, folds, cells, new byte[0][]);
  }

  /**
   * @param roles [split][cell]
   */
  static Folds of(Cells map, int repeats, byte[][] roles) {
    return new Folds(map, repeats, roles.length, roles[0].length, roles);
  }

  /** Models of one configuration: splits of a repeat times repeats. */
  public int splits() {
    return splitsPerRepeat * repeats;
  }

  /** How often the rows are divided anew. */
  public int repeats() {
    return repeats;
  }

  /** Splits of one repeat; split s belongs to repeat s / this. */
  public int splitsPerRepeat() {
    return splitsPerRepeat;
  }

  /** The repeat of a split. */
  public int repeatOf(int split) {
    if (split < 0 || split >= splits()) {
      throw new IndexOutOfBoundsException(
          "split: expected 0.." + (splits() - 1) + ", got " + split);
    }
    return split / splitsPerRepeat;
  }

  /** Cells of one repeat. */
  public int cells() {
    return cells;
  }

  /** Whether a row validates at most once in each repeat and trains in all its other splits. */
  public boolean disjoint() {
    return roles.length == 0;
  }

  /**
   * The cell of a row, 0..cells-1.
   *
   * @throws IllegalStateException when the row can't have been among those counted
   */
  public int cell(SplitRow row, int repeat) {
    if (map == null || repeat < 0 || repeat >= repeats) {
      throw new IndexOutOfBoundsException(
          "repeat: expected 0.." + (repeats - 1) + ", got " + repeat);
    }
    return map.cell(row, repeat);
  }

  /** What the rows of a cell are for in a split. */
  public Role role(int cell, int split) {
    if (cell < 0 || cell >= cells) {
      throw new IndexOutOfBoundsException("cell: expected 0.." + (cells - 1) + ", got " + cell);
    }
    int within = split - repeatOf(split) * splitsPerRepeat;
    if (roles.length == 0) {
      return cell == within ? Role.VALIDATION : Role.TRAIN;
    }
    return ROLES[roles[within][cell]];
  }

  /** What a row is for in a split. */
  public Role role(SplitRow row, int split) {
    return role(cell(row, repeatOf(split)), split);
  }

  @Override
  public void writeExternal(ObjectOutput out) throws IOException {
    if (map == null) {
      throw new IOException("folds without a plan can't be written");
    }
    map.write(out);
    out.writeInt(repeats);
    out.writeInt(splitsPerRepeat);
    out.writeInt(cells);
    out.writeBoolean(disjoint());
    for (byte[] split : roles) {
      out.write(split);
    }
  }

  @Override
  public void readExternal(ObjectInput in) throws IOException {
    map = Cells.read(in);
    repeats = in.readInt();
    splitsPerRepeat = in.readInt();
    cells = in.readInt();
    if (!in.readBoolean()) {
      roles = new byte[splitsPerRepeat][cells];
      for (byte[] split : roles) {
        in.readFully(split);
      }
    }
  }
}
