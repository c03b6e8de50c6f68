package dev.bellows.engine.sample.split;

import dev.bellows.engine.sample.Mix64;
import dev.bellows.engine.sample.Purpose;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.util.Arrays;

/**
 * From a row to the number of its cell: by cuts in the order of a value (a hash of the row's key or
 * group, or its time), or by a list of codes (groups, folds).
 */
final class Cells {
  private final RowFact by;
  private final boolean hashed;
  private final boolean stratified;
  private final long seed;
  private final Purpose purpose;

  /** Strata, or the listed codes; ascending. */
  private final long[] codes;

  /** [repeat][stratum][cells - 1] ascending; a cell is the number of cuts at or below the value. */
  private final long[][][] cuts;

  /** [repeat][code] or empty. */
  private final int[][] listed;

  private Cells(
      RowFact by,
      boolean hashed,
      boolean stratified,
      long seed,
      Purpose purpose,
      long[] codes,
      long[][][] cuts,
      int[][] listed) {
    this.by = by;
    this.hashed = hashed;
    this.stratified = stratified;
    this.seed = seed;
    this.purpose = purpose;
    this.codes = codes;
    this.cuts = cuts;
    this.listed = listed;
  }

  /** By the hash of the row's key within its stratum; no strata: within all rows. */
  static Cells ofKeys(long seed, Purpose purpose, long[] strata, long[][][] cuts) {
    return new Cells(
        RowFact.KEY, true, strata.length > 0, seed, purpose, strata, cuts, new int[0][]);
  }

  /** By the hash of the group. */
  static Cells ofGroupHashes(long seed, Purpose purpose, long[][][] cuts) {
    return new Cells(RowFact.GROUP, true, false, seed, purpose, new long[0], cuts, new int[0][]);
  }

  /** By time. */
  static Cells ofTimes(long[] cuts) {
    return new Cells(
        RowFact.TIME,
        false,
        false,
        0,
        Purpose.FOLD,
        new long[0],
        new long[][][] {{cuts}},
        new int[0][]);
  }

  /** By a list of groups or folds. */
  static Cells ofCodes(RowFact by, long[] codes, int[][] listed) {
    return new Cells(by, false, false, 0, Purpose.FOLD, codes, new long[0][][], listed);
  }

  /** What a row's place in the order of the cuts is; signed order. */
  static long hash(long seed, Purpose purpose, int repeat, long key) {
    return Mix64.mix(seed, purpose, repeat, key) ^ Long.MIN_VALUE;
  }

  int cell(SplitRow row, int repeat) {
    long value = value(row);
    if (listed.length > 0) {
      return listed[repeat][index(value, by)];
    }
    int stratum = stratified ? index(row.stratum(), RowFact.STRATUM) : 0;
    long[] at = cuts[repeat][stratum];
    long place = hashed ? hash(seed, purpose, repeat, value) : value;
    int from = 0;
    int to = at.length;
    while (from < to) {
      int middle = (from + to) >>> 1;
      if (at[middle] <= place) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return from;
  }

  private long value(SplitRow row) {
    return switch (by) {
      case GROUP -> row.group();
      case TIME -> row.time();
      case FOLD -> row.fold();
      default -> row.key();
    };
  }

  private int index(long code, RowFact what) {
    int i = Arrays.binarySearch(codes, code);
    if (i < 0) {
      throw new IllegalStateException(
          what + " " + code + " was not among the rows that were counted: the data changed");
    }
    return i;
  }

  void write(ObjectOutput out) throws IOException {
    out.writeUTF(by.name());
    out.writeBoolean(hashed);
    out.writeBoolean(stratified);
    out.writeLong(seed);
    out.writeUTF(purpose.name());
    write(out, codes);
    out.writeInt(cuts.length);
    for (long[][] repeat : cuts) {
      out.writeInt(repeat.length);
      for (long[] stratum : repeat) {
        write(out, stratum);
      }
    }
    out.writeInt(listed.length);
    for (int[] repeat : listed) {
      for (int cell : repeat) {
        out.writeInt(cell);
      }
    }
  }

  static Cells read(ObjectInput in) throws IOException {
    RowFact by = RowFact.valueOf(in.readUTF());
    boolean hashed = in.readBoolean();
    boolean stratified = in.readBoolean();
    long seed = in.readLong();
    Purpose purpose = Purpose.valueOf(in.readUTF());
    long[] codes = LongList.read(in).toArray();
    long[][][] cuts = new long[in.readInt()][][];
    for (int r = 0; r < cuts.length; r++) {
      cuts[r] = new long[in.readInt()][];
      for (int s = 0; s < cuts[r].length; s++) {
        cuts[r][s] = LongList.read(in).toArray();
      }
    }
    int[][] listed = new int[in.readInt()][codes.length];
    for (int[] repeat : listed) {
      for (int i = 0; i < repeat.length; i++) {
        repeat[i] = in.readInt();
      }
    }
    return new Cells(by, hashed, stratified, seed, purpose, codes, cuts, listed);
  }

  private static void write(ObjectOutput out, long[] values) throws IOException {
    out.writeInt(values.length);
    for (long v : values) {
      out.writeLong(v);
    }
  }
}
