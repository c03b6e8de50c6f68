package dev.bellows.jobs.table;

import dev.bellows.engine.metric.ExactSum;
import dev.bellows.engine.sample.Mix64;
import dev.bellows.jobs.source.ArrayCodec;
import dev.bellows.jobs.source.BadRow;
import dev.bellows.jobs.source.RawBlock;
import java.io.Externalizable;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.apache.spark.api.java.JavaRDD;
import org.jspecify.annotations.Nullable;

/**
 * One pass over the rows: what every column holds, what could not be read, the order-independent
 * hash of all rows.
 */
public final class TableStats implements Externalizable {
  private static final long serialVersionUID = 1L;
  private static final int KEPT = 5;

  long rows;
  long hashSum;
  long badRows;
  TreeSet<BadRow> firstBadRows = new TreeSet<>();
  TreeSet<String> failures = new TreeSet<>();
  ColumnStats[] columns = {};

  /** [channels] sums of bytes and of their squares. */
  long[] maskCounts = {};

  private ExactSum[] seriesSums = {};
  private ExactSum[] seriesSquares = {};
  private long seriesCount;

  long[] pixelSums = {};

  long[] pixelSquares = {};
  int pixelMin = 255;
  int pixelMax;
  long pixels;
  long stored;
  int sparseWidth;

  public TableStats() {}

  /** Counts all rows of the blocks. */
  public static TableStats of(JavaRDD<RawBlock> blocks, int columnCount) {
    return blocks
        .mapPartitions(
            it -> {
              TableStats s = new TableStats();
              while (it.hasNext()) {
                s.add(it.next(), null);
              }
              return List.of(s).iterator();
            })
        .treeReduce(TableStats::merge)
        .withColumns(columnCount);
  }

  /** Counts the rows that are set in the masks. */
  public static TableStats ofMasked(JavaRDD<MaskedBlock> blocks, int columnCount) {
    return blocks
        .mapPartitions(
            it -> {
              TableStats s = new TableStats();
              while (it.hasNext()) {
                MaskedBlock b = it.next();
                s.add(b.block(), b.rows());
              }
              return List.of(s).iterator();
            })
        .treeReduce(TableStats::merge)
        .withColumns(columnCount);
  }

  /** What this package sends through Spark's serializer. */
  public static List<Class<?>> kryoClasses() {
    return List.of(TableStats.class, FitStats.class, ValueCounts.class);
  }

  /** Rows counted. */
  public long rows() {
    return rows;
  }

  /** Rows that could not be read at all. */
  public long badRows() {
    return badRows;
  }

  /** The first of them by file and position. */
  public List<BadRow> firstBadRows() {
    return List.copyOf(firstBadRows);
  }

  /** Files that could not be read to their end. */
  public List<String> failures() {
    return List.copyOf(failures);
  }

  /** One more than the largest sparse column. */
  public int sparseWidth() {
    return sparseWidth;
  }

  /** 16 hex digits of column names, row count and the order-independent sum of row hashes. */
  public String fingerprint(TablePlan plan) {
    long h = Mix64.mix(rows);
    for (String name : plan.names()) {
      h = Mix64.mix(h ^ Mix64.ofText(name));
    }
    for (int side : plan.schema().imageShape()) {
      h = Mix64.mix(h ^ side);
    }
    return String.format("%016x", Mix64.mix(h ^ hashSum));
  }

  /** Order-independent hash of all rows. */
  public long hashSum() {
    return hashSum;
  }

  /** Different values of a column. */
  public long distinct(int column) {
    return columns[column].distinct.count();
  }

  /** Whether all numbers of a column are whole. */
  public boolean whole(int column) {
    return columns[column].whole;
  }

  /** Text cells of a column. */
  public long texts(int column) {
    return columns[column].texts;
  }

  TableStats add(RawBlock block, @Nullable BitSet mask) {
    badRows += block.badRows();
    firstBadRows.addAll(block.firstBadRows());
    String failure = block.failure();
    if (failure != null) {
      failures.add(failure);
    }
    trim();
    if (columns.length == 0) {
      columns = newColumns(block.columnCount());
    }
    for (int r = 0; r < block.rows(); r++) {
      if (mask == null || mask.get(r)) {
        rows++;
        hashSum += block.contentHashes()[r];
      }
    }
    for (int c = 0; c < columns.length; c++) {
      columns[c].add(block, c, mask);
    }
    if (block.pixelWidth() > 0) {
      addPixels(block, mask);
    }
    if (block.seriesWidth() > 0) {
      addSeries(block, mask);
    }
    if (block.maskWidth() > 0) {
      addMasks(block, mask);
    }
    if (block.rowPointers().length > 0) {
      addSparse(block, mask);
    }
    return this;
  }

  private static ColumnStats[] newColumns(int n) {
    ColumnStats[] columns = new ColumnStats[n];
    for (int c = 0; c < n; c++) {
      columns[c] = new ColumnStats();
    }
    return columns;
  }

  private void addPixels(RawBlock block, @Nullable BitSet mask) {
    int width = block.pixelWidth();
    int channels = block.channels();
    byte[] bytes = block.pixels();
    if (pixelSums.length == 0) {
      pixelSums = new long[channels];
      pixelSquares = new long[channels];
    }
    for (int r = 0; r < block.rows(); r++) {
      if (mask != null && !mask.get(r)) {
        continue;
      }
      int min = 255;
      int max = 0;
      for (int c = 0; c < channels; c++) {
        long sum = 0;
        long squares = 0;
        for (int i = r * width + c; i < (r + 1) * width; i += channels) {
          int b = bytes[i] & 0xff;
          sum += b;
          squares += (long) b * b;
          min = Math.min(min, b);
          max = Math.max(max, b);
        }
        pixelSums[c] += sum;
        pixelSquares[c] += squares;
      }
      pixelMin = Math.min(pixelMin, min);
      pixelMax = Math.max(pixelMax, max);
      pixels += width;
    }
  }

  private void addSparse(RawBlock block, @Nullable BitSet mask) {
    for (int r = 0; r < block.rows(); r++) {
      int from = block.rowPointers()[r];
      int to = block.rowPointers()[r + 1];
      if (to > from && (mask == null || mask.get(r))) {
        stored += to - from;
        sparseWidth = Math.max(sparseWidth, block.sparseColumns()[to - 1] + 1);
      }
    }
  }

  private void trim() {
    while (firstBadRows.size() > KEPT) {
      firstBadRows.pollLast();
    }
    while (failures.size() > KEPT) {
      failures.pollLast();
    }
  }

  TableStats merge(TableStats o) {
    rows += o.rows;
    hashSum += o.hashSum;
    badRows += o.badRows;
    firstBadRows.addAll(o.firstBadRows);
    failures.addAll(o.failures);
    trim();
    if (columns.length == 0) {
      columns = o.columns;
    } else {
      for (int c = 0; c < o.columns.length; c++) {
        columns[c].merge(o.columns[c]);
      }
    }
    pixelSums = sum(pixelSums, o.pixelSums);
    pixelSquares = sum(pixelSquares, o.pixelSquares);
    maskCounts = sum(maskCounts, o.maskCounts);
    mergeSeries(o);
    pixelMin = Math.min(pixelMin, o.pixelMin);
    pixelMax = Math.max(pixelMax, o.pixelMax);
    pixels += o.pixels;
    stored += o.stored;
    sparseWidth = Math.max(sparseWidth, o.sparseWidth);
    return this;
  }

  /** Of all bytes of the images. */
  Moments pixelMoments() {
    return moments(LongStream.of(pixelSums).sum(), LongStream.of(pixelSquares).sum(), pixels);
  }

  /** Of one channel of the images. */
  Moments pixelMoments(int channel) {
    return moments(pixelSums[channel], pixelSquares[channel], pixels / pixelSums.length);
  }

  /** Each step counts once, however many windows have it; a step that no row has does not. */
  private void addSeries(RawBlock block, @Nullable BitSet mask) {
    int width = block.seriesWidth();
    if (seriesSums.length == 0) {
      seriesSums = sums(width);
      seriesSquares = sums(width);
    }
    BitSet steps = new BitSet();
    int length = block.windowSteps();
    for (int r = 0; r < block.rows(); r++) {
      if (mask == null || mask.get(r)) {
        steps.set(block.starts()[r], block.starts()[r] + length);
      }
    }
    for (int t = steps.nextSetBit(0); t >= 0; t = steps.nextSetBit(t + 1)) {
      for (int c = 0; c < width; c++) {
        double v = block.series()[t * width + c];
        seriesSums[c].add(v);
        seriesSquares[c].add(v * v);
      }
      seriesCount++;
    }
  }

  private static ExactSum[] sums(int n) {
    ExactSum[] sums = new ExactSum[n];
    java.util.Arrays.setAll(sums, i -> new ExactSum());
    return sums;
  }

  /** Of one variable of the series. */
  Moments seriesMoments(int variable) {
    return Moments.of(seriesSums[variable], seriesSquares[variable], seriesCount);
  }

  private void mergeSeries(TableStats o) {
    if (seriesSums.length == 0) {
      seriesSums = o.seriesSums;
      seriesSquares = o.seriesSquares;
    } else {
      for (int c = 0; c < o.seriesSums.length; c++) {
        seriesSums[c].merge(o.seriesSums[c]);
        seriesSquares[c].merge(o.seriesSquares[c]);
      }
    }
    seriesCount += o.seriesCount;
  }

  private void addMasks(RawBlock block, @Nullable BitSet mask) {
    int width = block.maskWidth();
    if (maskCounts.length == 0) {
      maskCounts = new long[256];
    }
    for (int r = 0; r < block.rows(); r++) {
      for (int i = r * width; (mask == null || mask.get(r)) && i < (r + 1) * width; i++) {
        maskCounts[block.masks()[i] & 0xff]++;
      }
    }
  }

  /** Pixels of each label of the masks, by label; empty without masks. */
  Map<String, long[]> maskLabels() {
    Map<String, long[]> labels = new TreeMap<>();
    for (int label = 0; label < maskCounts.length; label++) {
      if (maskCounts[label] > 0) {
        labels.put(Integer.toString(label), new long[] {maskCounts[label], maskCounts[label]});
      }
    }
    return labels;
  }

  private static Moments moments(long sum, long squares, long count) {
    double n = Math.max(1, count);
    double mean = sum / n;
    return new Moments(mean, Math.sqrt(Math.max(0, squares / n - mean * mean)));
  }

  private static long[] sum(long[] a, long[] b) {
    if (a.length == 0 || b.length == 0) {
      return a.length == 0 ? b : a;
    }
    long[] sum = a.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += b[i];
    }
    return sum;
  }

  /** Columns for a table that turned out to have no block at all. */
  TableStats withColumns(int n) {
    if (columns.length == 0) {
      columns = newColumns(n);
    }
    return this;
  }

  @Override
  public void writeExternal(ObjectOutput out) throws IOException {
    out.writeLong(rows);
    out.writeLong(hashSum);
    out.writeLong(badRows);
    out.writeInt(firstBadRows.size());
    for (BadRow b : firstBadRows) {
      out.writeUTF(b.file());
      out.writeLong(b.position());
      out.writeUTF(b.problem());
    }
    out.writeInt(failures.size());
    for (String f : failures) {
      out.writeUTF(f);
    }
    out.writeInt(columns.length);
    for (ColumnStats c : columns) {
      c.write(out);
    }
    ArrayCodec codec = new ArrayCodec();
    codec.write(out, pixelSums);
    codec.write(out, pixelSquares);
    codec.write(out, maskCounts);
    out.writeLong(seriesCount);
    out.writeInt(seriesSums.length);
    for (int c = 0; c < seriesSums.length; c++) {
      seriesSums[c].write(out);
      seriesSquares[c].write(out);
    }
    out.writeInt(pixelMin);
    out.writeInt(pixelMax);
    out.writeLong(pixels);
    out.writeLong(stored);
    out.writeInt(sparseWidth);
  }

  @Override
  public void readExternal(ObjectInput in) throws IOException {
    rows = in.readLong();
    hashSum = in.readLong();
    badRows = in.readLong();
    int n = in.readInt();
    for (int i = 0; i < n; i++) {
      firstBadRows.add(new BadRow(in.readUTF(), in.readLong(), in.readUTF()));
    }
    n = in.readInt();
    for (int i = 0; i < n; i++) {
      failures.add(in.readUTF());
    }
    columns = new ColumnStats[in.readInt()];
    for (int c = 0; c < columns.length; c++) {
      columns[c] = ColumnStats.read(in);
    }
    ArrayCodec codec = new ArrayCodec();
    pixelSums = codec.readLongs(in);
    pixelSquares = codec.readLongs(in);
    maskCounts = codec.readLongs(in);
    seriesCount = in.readLong();
    seriesSums = new ExactSum[in.readInt()];
    seriesSquares = new ExactSum[seriesSums.length];
    for (int c = 0; c < seriesSums.length; c++) {
      seriesSums[c] = ExactSum.read(in);
      seriesSquares[c] = ExactSum.read(in);
    }
    pixelMin = in.readInt();
    pixelMax = in.readInt();
    pixels = in.readLong();
    stored = in.readLong();
    sparseWidth = in.readInt();
  }
}
