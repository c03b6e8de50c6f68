package dev.bellows.engine.sample.split;

import dev.bellows.engine.sample.Mix64;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/** The two passes over rows, in one or many parts. */
final class Splits {
  private Splits() {}

  /** Rows with random keys, 3 classes of unequal size, 40 groups of unequal size, times, folds. */
  static List<SplitRow> rows(int n) {
    List<SplitRow> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      long h = Mix64.mix(i);
      int u = (int) (h >>> 50) % 100;
      long group = (long) (Math.pow((h & 1023) / 1024.0, 2) * 40);
      rows.add(new SplitRow(h, u < 70 ? 0 : u < 92 ? 1 : 2, group, i / 2, i % 4 - 1));
    }
    return rows;
  }

  static Folds plan(Splitter splitter, List<SplitRow> rows, long seed) {
    return splitter.plan(count(splitter, rows, 1), seed);
  }

  /** Shuffled rows, counted in parts that travel as bytes, merged in another order. */
  static RowCounts count(Splitter splitter, List<SplitRow> rows, int parts) {
    List<SplitRow> shuffled = new ArrayList<>(rows);
    shuffled.sort(Comparator.comparingLong(r -> Mix64.mix(r.key() + parts)));
    List<RowCounts> counted = new ArrayList<>();
    for (int p = 0; p < parts; p++) {
      RowCounts counts = splitter.counts();
      for (int i = p; i < shuffled.size(); i += parts) {
        counts.add(shuffled.get(i));
      }
      counted.add(copy(counts));
    }
    Collections.reverse(counted);
    return counted.stream().reduce(RowCounts::merge).orElseThrow();
  }

  static CellCounts sizes(Folds folds, List<SplitRow> rows) {
    CellCounts sizes = new CellCounts(folds.repeats());
    for (SplitRow row : rows) {
      for (int r = 0; r < folds.repeats(); r++) {
        sizes.add(r, folds.cell(row, r), row.stratum());
      }
    }
    return sizes;
  }

  /** Rows that validate in each split. */
  static List<Long> validating(Folds folds, List<SplitRow> rows) {
    CellCounts sizes = sizes(folds, rows);
    List<Long> out = new ArrayList<>();
    for (int s = 0; s < folds.splits(); s++) {
      out.add(sizes.rows(folds, s, Role.VALIDATION));
    }
    return out;
  }

  @SuppressWarnings("unchecked")
  static <T> T copy(T value) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
        out.writeObject(value);
      }
      try (ObjectInputStream in =
          new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
        return (T) in.readObject();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }
}
