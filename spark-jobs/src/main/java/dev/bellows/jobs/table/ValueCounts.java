package dev.bellows.jobs.table;

import dev.bellows.jobs.source.NumberText;
import dev.bellows.jobs.source.RawBlock;
import dev.bellows.jobs.source.RawColumn;
import dev.bellows.jobs.source.Tokenizer;
import java.io.Externalizable;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How often each value of some columns occurs, or each token of a text: in all rows and in those
 * that count.
 */
final class ValueCounts implements Externalizable {
  private static final long serialVersionUID = 1L;

  /**
   * Distinct values of one column above which it is refused: dictionaries live on the driver and in
   * the model.
   */
  static final int MAX_VALUES = 1 << 22;

  private int[] columns = {};
  private Map<String, long[]>[] counts = maps(0);

  /** Most tokens of a row that counts, by column. */
  private int[] longest = {};

  /** How a text is cut; null where a cell is one value. Not needed once the rows are counted. */
  private @Nullable Tokenizer[] tokenizers = {};

  public ValueCounts() {}

  ValueCounts(int[] columns, @Nullable Tokenizer[] tokenizers) {
    this.columns = columns.clone();
    this.tokenizers = tokenizers.clone();
    this.longest = new int[columns.length];
    this.counts = maps(columns.length);
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static Map<String, long[]>[] maps(int n) {
    Map[] maps = new Map[n];
    for (int i = 0; i < n; i++) {
      maps[i] = new HashMap<String, long[]>();
    }
    return maps;
  }

  ValueCounts add(RawBlock block, BitSet mask) {
    for (int i = 0; i < columns.length; i++) {
      RawColumn column = block.column(columns[i]);
      String[] dictionary = column.dictionary();
      long[] all = new long[dictionary.length];
      long[] kept = new long[dictionary.length];
      for (int r = 0; r < block.rows(); r++) {
        int code = column.textCode(r);
        double v = column.numbers()[r];
        if (code >= 0) {
          all[code]++;
          kept[code] += mask.get(r) ? 1 : 0;
        } else if (!Double.isNaN(v)) {
          add(i, NumberText.canonical(v), 1, mask.get(r) ? 1 : 0);
        }
      }
      for (int code = 0; code < dictionary.length; code++) {
        Tokenizer tokenizer = tokenizers[i];
        if (all[code] > 0 && tokenizer != null) {
          List<String> tokens = tokenizer.split(dictionary[code]);
          longest[i] = Math.max(longest[i], kept[code] > 0 ? tokens.size() : 0);
          for (String token : tokens) {
            add(i, token, all[code], kept[code]);
          }
        } else if (all[code] > 0) {
          add(i, NumberText.canonical(dictionary[code]), all[code], kept[code]);
        }
      }
    }
    return this;
  }

  private void add(int i, String value, long all, long kept) {
    if (counts[i].size() > MAX_VALUES) {
      return; // the driver refuses the column; no need to fill the heap first
    }
    long[] c = counts[i].computeIfAbsent(value, v -> new long[2]);
    c[0] += all;
    c[1] += kept;
  }

  ValueCounts merge(ValueCounts other) {
    for (int i = 0; i < columns.length; i++) {
      int at = i;
      longest[i] = Math.max(longest[i], other.longest[i]);
      other.counts[i].forEach((value, c) -> add(at, value, c[0], c[1]));
    }
    return this;
  }

  /** Value to {count in all rows, count in rows that count} of a column. */
  Map<String, long[]> of(int column) {
    for (int i = 0; i < columns.length; i++) {
      if (columns[i] == column) {
        return counts[i];
      }
    }
    throw new IllegalArgumentException("column " + column + " was not counted");
  }

  /** Most tokens that a row which counts has in a text column. */
  int longest(int column) {
    for (int i = 0; i < columns.length; i++) {
      if (columns[i] == column) {
        return longest[i];
      }
    }
    throw new IllegalArgumentException("column " + column + " was not counted");
  }

  @Override
  public void writeExternal(ObjectOutput out) throws IOException {
    out.writeInt(columns.length);
    for (int i = 0; i < columns.length; i++) {
      out.writeInt(columns[i]);
      out.writeInt(longest[i]);
      out.writeInt(counts[i].size());
      for (Map.Entry<String, long[]> e : counts[i].entrySet()) {
        byte[] b = e.getKey().getBytes(StandardCharsets.UTF_8);
        out.writeInt(b.length);
        out.write(b);
        out.writeLong(e.getValue()[0]);
        out.writeLong(e.getValue()[1]);
      }
    }
  }

  @Override
  public void readExternal(ObjectInput in) throws IOException {
    columns = new int[in.readInt()];
    counts = maps(columns.length);
    longest = new int[columns.length];
    for (int i = 0; i < columns.length; i++) {
      columns[i] = in.readInt();
      longest[i] = in.readInt();
      int n = in.readInt();
      for (int j = 0; j < n; j++) {
        byte[] b = new byte[in.readInt()];
        in.readFully(b);
        counts[i].put(
            new String(b, StandardCharsets.UTF_8), new long[] {in.readLong(), in.readLong()});
      }
    }
  }
}
