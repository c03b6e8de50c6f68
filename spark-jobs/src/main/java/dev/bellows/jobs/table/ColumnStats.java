package dev.bellows.jobs.table;

import dev.bellows.engine.metric.ExactSum;
import dev.bellows.engine.sample.Mix64;
import dev.bellows.jobs.source.RawBlock;
import dev.bellows.jobs.source.RawColumn;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Counts and exact sums of one column. Every figure is independent of how rows were partitioned.
 */
final class ColumnStats {
  long missing;
  long numbers;
  long texts;
  long infinite;
  double min = Double.POSITIVE_INFINITY;
  double max = Double.NEGATIVE_INFINITY;
  boolean whole = true;

  /** Sum over rows of a hash of (row content, cell): equal for columns with equal cells. */
  long digest;

  ExactSum sum = new ExactSum();
  ExactSum squares = new ExactSum();
  DistinctCounter distinct = new DistinctCounter();

  /** Adds the cells of the rows of {@code block} that are set in {@code mask} (null: all). */
  void add(RawBlock block, int index, @Nullable BitSet mask) {
    RawColumn column = block.column(index);
    double[] values = column.numbers();
    if (values.length == 0) {
      return;
    }
    long[] textHashes = new long[column.dictionary().length];
    for (int i = 0; i < textHashes.length; i++) {
      textHashes[i] = Mix64.ofText(column.dictionary()[i]);
    }
    long[] content = block.contentHashes();
    for (int r = 0; r < values.length; r++) {
      if (mask != null && !mask.get(r)) {
        continue;
      }
      double v = values[r];
      long hash;
      if (!Double.isNaN(v)) {
        numbers++;
        if (Double.isInfinite(v)) {
          infinite++;
        } else {
          sum.add(v);
          squares.addProduct(v, v);
          min = Math.min(min, v);
          max = Math.max(max, v);
          whole &= v == Math.rint(v);
        }
        hash = Mix64.mix(Double.doubleToLongBits(v == 0 ? 0.0 : v));
        distinct.add(hash);
      } else if (column.textCode(r) >= 0) {
        texts++;
        hash = textHashes[column.textCode(r)];
        distinct.add(hash);
      } else {
        missing++;
        hash = 0;
      }
      digest += Mix64.mix(content[r] + hash);
    }
  }

  void merge(ColumnStats o) {
    missing += o.missing;
    numbers += o.numbers;
    texts += o.texts;
    infinite += o.infinite;
    min = Math.min(min, o.min);
    max = Math.max(max, o.max);
    whole &= o.whole;
    digest += o.digest;
    sum.merge(o.sum);
    squares.merge(o.squares);
    distinct.merge(o.distinct);
  }

  Moments moments() {
    return Moments.of(sum, squares, numbers - infinite);
  }

  void write(ObjectOutput out) throws IOException {
    out.writeLong(missing);
    out.writeLong(numbers);
    out.writeLong(texts);
    out.writeLong(infinite);
    out.writeDouble(min);
    out.writeDouble(max);
    out.writeBoolean(whole);
    out.writeLong(digest);
    sum.write(out);
    squares.write(out);
    distinct.write(out);
  }

  static ColumnStats read(ObjectInput in) throws IOException {
    ColumnStats s = new ColumnStats();
    s.missing = in.readLong();
    s.numbers = in.readLong();
    s.texts = in.readLong();
    s.infinite = in.readLong();
    s.min = in.readDouble();
    s.max = in.readDouble();
    s.whole = in.readBoolean();
    s.digest = in.readLong();
    s.sum = ExactSum.read(in);
    s.squares = ExactSum.read(in);
    s.distinct = DistinctCounter.read(in);
    return s;
  }
}
