package dev.bellows.engine.sample.split;

import java.io.Externalizable;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.util.Map;
import java.util.TreeMap;

/**
 * Rows of each cell and stratum, counted in the second pass in any parts and order: how large the
 * parts of every split really are. Not thread-safe.
 */
public final class CellCounts implements Externalizable {
  private static final long serialVersionUID = 1L;

  /** The number under which all cells of a repeat are counted together. */
  private static final int ALL = (1 << 16) - 1;

  private static final Tally NOTHING = new Tally();

  private int repeats;

  /** By (repeat, cell) as repeat * 2^16 + cell. */
  private final TreeMap<Long, Tally> cells = new TreeMap<>();

  /** For deserialisation only. */
  public CellCounts() {}

  /** Counts for folds of that many repeats. */
  public CellCounts(int repeats) {
    this.repeats = repeats;
  }

  /** Adds a row that lies in a cell in one repeat. */
  public void add(int repeat, int cell, long stratum) {
    if (repeat < 0 || repeat >= repeats) {
      throw new IndexOutOfBoundsException(
          "repeat: expected 0.." + (repeats - 1) + ", got " + repeat);
    }
    long first = (long) repeat << 16;
    cells.computeIfAbsent(first + cell, c -> new Tally()).add(stratum, 1);
    cells.computeIfAbsent(first + ALL, c -> new Tally()).add(stratum, 1);
  }

  /** Adds the rows of another part; returns this. */
  public CellCounts merge(CellCounts other) {
    other.cells.forEach((c, t) -> cells.computeIfAbsent(c, k -> new Tally()).addAll(t));
    return this;
  }

  /** Rows that have a role in a split, by stratum. */
  public Map<Long, Long> rowsByStratum(Folds folds, int split, Role role) {
    int repeat = folds.repeatOf(split);
    Map<Long, Long> rows = new TreeMap<>();
    if (folds.disjoint() && role == Role.TRAIN) {
      add(rows, all(repeat), 1);
      add(rows, cell(repeat, split - repeat * folds.splitsPerRepeat()), -1);
      rows.values().removeIf(n -> n == 0);
      return rows;
    }
    if (folds.disjoint() && role == Role.VALIDATION) {
      add(rows, cell(repeat, split - repeat * folds.splitsPerRepeat()), 1);
      return rows;
    }
    long from = (long) repeat << 16;
    for (Map.Entry<Long, Tally> e : cells.subMap(from, from + folds.cells()).entrySet()) {
      if (folds.role((int) (e.getKey() - from), split) == role) {
        add(rows, e.getValue(), 1);
      }
    }
    return rows;
  }

  private Tally all(int repeat) {
    return cells.getOrDefault(((long) repeat << 16) + ALL, NOTHING);
  }

  private Tally cell(int repeat, int cell) {
    return cells.getOrDefault(((long) repeat << 16) + cell, NOTHING);
  }

  private static void add(Map<Long, Long> rows, Tally tally, int times) {
    for (long stratum : tally.codes()) {
      rows.merge(stratum, times * tally.of(stratum), Long::sum);
    }
  }

  /** Rows that have a role in a split. */
  public long rows(Folds folds, int split, Role role) {
    return rowsByStratum(folds, split, role).values().stream().mapToLong(n -> n).sum();
  }

  /**
   * Refuses a split that has nothing to train on or nothing to validate.
   *
   * @throws SplitException which names the split
   */
  public void check(Folds folds) {
    for (int split = 0; split < folds.splits(); split++) {
      for (Role role : new Role[] {Role.TRAIN, Role.VALIDATION}) {
        if (rows(folds, split, role) == 0) {
          throw SplitException.data(
              "split "
                  + (split + 1)
                  + " of "
                  + folds.splits()
                  + " has no row to "
                  + (role == Role.TRAIN ? "train on" : "validate")
                  + "; use fewer folds");
        }
      }
    }
  }

  @Override
  public void writeExternal(ObjectOutput out) throws IOException {
    out.writeInt(repeats);
    out.writeInt(cells.size());
    for (Map.Entry<Long, Tally> e : cells.entrySet()) {
      out.writeLong(e.getKey());
      e.getValue().write(out);
    }
  }

  @Override
  public void readExternal(ObjectInput in) throws IOException {
    repeats = in.readInt();
    for (int left = in.readInt(); left > 0; left--) {
      cells.put(in.readLong(), Tally.read(in));
    }
  }
}
