package dev.bellows.jobs.source;

import dev.bellows.jobs.source.RawSchema.CellKind;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Collects rows into a {@link RawBlock}. A row is {@link #beginRow}, its cells, then {@link
 * #endRow}; {@link #reject} instead takes the cells back and counts a bad row.
 */
final class RawBlockBuilder {
  /**
   * Rows of a full block: small enough that a task holds a few, large enough that dictionaries pay.
   */
  static final int FULL_ROWS = 1 << 15;

  private static final long FULL_BYTES = 64L << 20;
  private static final int KEPT_BAD_ROWS = 5;
  private static final long MASK = RowHash.column("mask of the image");

  private final RawSchema schema;
  private final CellKind[] kinds;
  private final long[] columnHashes;
  private final int pixelWidth;
  private final int maskWidth;
  private RawBlock block = new RawBlock();
  private double[][] numbers;
  private int[][] text;
  private TextDictionary[] dictionaries;
  private int capacity;
  private int rows;
  private int stored;
  private int storedBefore;
  private long contentHash;
  private long idHash;
  private long bytes;

  RawBlockBuilder(RawSchema schema) {
    this.schema = schema;
    int n = schema.columns().size();
    this.kinds = schema.kinds().toArray(new CellKind[0]);
    this.columnHashes = new long[n];
    for (int c = 0; c < n; c++) {
      columnHashes[c] = RowHash.column(schema.columns().get(c));
    }
    this.pixelWidth = schema.pixelWidth();
    this.maskWidth = schema.maskWidth();
    this.numbers = new double[n][];
    this.text = new int[n][];
    this.dictionaries = new TextDictionary[n];
    reset("");
  }

  private void reset(String file) {
    block = new RawBlock();
    block.file = file;
    capacity = (int) Math.max(1, Math.min(256, FULL_BYTES / Math.max(1, pixelWidth)));
    for (int c = 0; c < kinds.length; c++) {
      numbers[c] = new double[kinds[c] == CellKind.SKIP ? 0 : capacity];
      text[c] = RawColumn.NO_TEXT;
      dictionaries[c] = new TextDictionary();
    }
    block.positions = new long[capacity];
    block.contentHashes = new long[capacity];
    block.idHashes = new long[schema.idColumn() >= 0 ? capacity : 0];
    block.pixels = new byte[Math.multiplyExact(capacity, pixelWidth)];
    block.pixelWidth = pixelWidth;
    block.channels = schema.channels();
    block.masks = new byte[Math.multiplyExact(capacity, maskWidth)];
    block.maskWidth = maskWidth;
    if (schema.sparse()) {
      block.rowPointers = new int[capacity + 1];
      block.sparseColumns = new int[capacity * 8];
      block.sparseValues = new float[capacity * 8];
    }
    rows = 0;
    stored = 0;
    bytes = 0;
  }

  /** Starts a block of rows of one file or partition. */
  void beginBlock(String file) {
    reset(file);
  }

  boolean full() {
    return block.seriesWidth == 0 && (rows >= FULL_ROWS || bytes >= FULL_BYTES);
  }

  /** Whether the block holds rows or news. */
  boolean worthKeeping() {
    return rows > 0 || block.badRows > 0 || block.failure != null;
  }

  int rows() {
    return rows;
  }

  void beginRow(long position) {
    if (rows == capacity) {
      grow();
    }
    block.positions[rows] = position;
    contentHash = 0;
    idHash = 0;
    storedBefore = stored;
  }

  private void grow() {
    capacity *= 2;
    for (int c = 0; c < kinds.length; c++) {
      if (kinds[c] != CellKind.SKIP) {
        numbers[c] = Arrays.copyOf(numbers[c], capacity);
      }
      if (text[c].length > 0) {
        text[c] = Arrays.copyOf(text[c], capacity);
      }
    }
    block.positions = Arrays.copyOf(block.positions, capacity);
    block.contentHashes = Arrays.copyOf(block.contentHashes, capacity);
    if (schema.idColumn() >= 0) {
      block.idHashes = Arrays.copyOf(block.idHashes, capacity);
    }
    block.pixels = Arrays.copyOf(block.pixels, Math.multiplyExact(capacity, pixelWidth));
    block.masks = Arrays.copyOf(block.masks, Math.multiplyExact(capacity, maskWidth));
    if (block.seriesWidth > 0) {
      block.starts = Arrays.copyOf(block.starts, capacity);
    }
    if (schema.sparse()) {
      block.rowPointers = Arrays.copyOf(block.rowPointers, capacity + 1);
    }
  }

  CellKind kind(int column) {
    return kinds[column];
  }

  void missing(int column) {
    hash(column, RowHash.MISSING);
    if (kinds[column] != CellKind.SKIP) {
      numbers[column][rows] = Double.NaN;
      clearText(column);
    }
  }

  /**
   * A cell given as trimmed, unquoted bytes.
   *
   * @return null, or what is wrong with it
   */
  @Nullable String cell(int column, byte[] b, int from, int to) {
    long h = RowHash.bytes(b, from, to);
    hash(column, h);
    CellKind kind = kinds[column];
    if (kind == CellKind.SKIP) {
      return null;
    }
    if (kind != CellKind.TEXT && kind != CellKind.TYPED) {
      double value = NumberText.parse(b, from, to, kind == CellKind.AUTO);
      if (!NumberText.isText(value)) {
        return storeNumber(column, value);
      }
      if (kind == CellKind.NUMBER) {
        return "expected a number in column "
            + name(column)
            + ", found \""
            + Excerpt.of(b, from, to)
            + "\"";
      }
    }
    return storeText(column, b, from, to, h);
  }

  private @Nullable String storeNumber(int column, double value) {
    if (kinds[column] == CellKind.NUMBER && Double.isInfinite(value)) {
      return "expected a finite number in column " + name(column) + ", found " + value;
    }
    numbers[column][rows] = value;
    clearText(column);
    return null;
  }

  private @Nullable String storeText(int column, byte[] b, int from, int to, long hash) {
    int code = dictionaries[column].add(b, from, to, hash);
    if (code < 0) {
      return "expected UTF-8 in column "
          + name(column)
          + ", found \""
          + Excerpt.of(b, from, to)
          + "\" (another encoding, such as latin1? set encoding of the source)";
    }
    numbers[column][rows] = Double.NaN;
    if (text[column].length == 0) {
      text[column] = new int[capacity];
      Arrays.fill(text[column], 0, rows, -1);
    }
    text[column][rows] = code;
    bytes += to - from;
    return null;
  }

  private void clearText(int column) {
    if (text[column].length > 0) {
      text[column][rows] = -1;
    }
  }

  /** A number cell of a typed source. */
  @Nullable String number(int column, double value) {
    hash(column, Double.isNaN(value) ? RowHash.MISSING : RowHash.number(value));
    CellKind kind = kinds[column];
    if (kind == CellKind.SKIP) {
      return null;
    }
    if (kind == CellKind.TEXT && !Double.isNaN(value)) {
      byte[] b = NumberText.canonical(value).getBytes(StandardCharsets.UTF_8);
      return storeText(column, b, 0, b.length, RowHash.bytes(b, 0, b.length));
    }
    return storeNumber(column, value);
  }

  /** The image of the row. */
  void pixels(byte[] b, int from) {
    System.arraycopy(b, from, block.pixels, rows * pixelWidth, pixelWidth);
    contentHash += RowHash.bytes(b, from, from + pixelWidth);
    bytes += pixelWidth;
  }

  /** The labels of the image's pixels. */
  void mask(byte[] b, int from) {
    System.arraycopy(b, from, block.masks, rows * maskWidth, maskWidth);
    contentHash += RowHash.cell(MASK, RowHash.bytes(b, from, from + maskWidth));
    bytes += maskWidth;
  }

  /**
   * The series whose windows follow, all in one block.
   *
   * @param values [steps, width]
   * @param input steps of a window
   * @param horizon steps that are known after each
   */
  void series(float[] values, int width, int input, int horizon) {
    block.windowSteps = input + horizon;
    block.series = values;
    block.seriesWidth = width;
    block.horizon = horizon;
    block.starts = new int[capacity];
  }

  /** The window that begins at a step. */
  void window(int start, long hash) {
    block.starts[rows] = start;
    contentHash += hash;
  }

  /** One stored value of the sparse part; columns come in ascending order. */
  void sparse(int column, float value) {
    if (stored == block.sparseColumns.length) {
      int n = (int) Math.min(Integer.MAX_VALUE - 8L, stored * 2L);
      block.sparseColumns = Arrays.copyOf(block.sparseColumns, n);
      block.sparseValues = Arrays.copyOf(block.sparseValues, n);
    }
    block.sparseColumns[stored] = column;
    block.sparseValues[stored] = value;
    stored++;
    bytes += 8;
    contentHash += RowHash.cell(column, Float.floatToIntBits(value));
  }

  private void hash(int column, long cellHash) {
    contentHash += RowHash.cell(columnHashes[column], cellHash);
    if (column == schema.idColumn()) {
      idHash = cellHash;
    }
  }

  void endRow() {
    block.contentHashes[rows] = contentHash;
    if (schema.idColumn() >= 0) {
      block.idHashes[rows] = idHash;
    }
    bytes += 8L * kinds.length;
    rows++;
    if (schema.sparse()) {
      block.rowPointers[rows] = stored;
    }
  }

  /** Takes the begun row back and counts it as bad. */
  void reject(long position, String problem) {
    stored = storedBefore;
    block.badRows++;
    if (block.firstBadRows.size() < KEPT_BAD_ROWS) {
      block.firstBadRows.add(new BadRow(block.file, position, problem));
    }
  }

  /** Ends reading: the file itself is damaged. */
  void fail(String failure) {
    block.failure = failure;
  }

  /** The finished block; the builder starts another one of the same file. */
  RawBlock build() {
    RawBlock done = block;
    done.rows = rows;
    done.columns = new RawColumn[kinds.length];
    for (int c = 0; c < kinds.length; c++) {
      done.columns[c] =
          kinds[c] == CellKind.SKIP
              ? RawBlock.emptyColumn()
              : new RawColumn(
                  Arrays.copyOf(numbers[c], rows),
                  text[c].length == 0 ? RawColumn.NO_TEXT : Arrays.copyOf(text[c], rows),
                  dictionaries[c].texts());
    }
    done.positions = Arrays.copyOf(done.positions, rows);
    done.contentHashes = Arrays.copyOf(done.contentHashes, rows);
    if (schema.idColumn() >= 0) {
      done.idHashes = Arrays.copyOf(done.idHashes, rows);
    }
    done.pixels = Arrays.copyOf(done.pixels, rows * pixelWidth);
    done.masks = Arrays.copyOf(done.masks, rows * maskWidth);
    if (done.seriesWidth > 0) {
      done.starts = Arrays.copyOf(done.starts, rows);
    }
    if (schema.sparse()) {
      done.rowPointers = Arrays.copyOf(done.rowPointers, rows + 1);
      done.sparseColumns = Arrays.copyOf(done.sparseColumns, stored);
      done.sparseValues = Arrays.copyOf(done.sparseValues, stored);
    }
    reset(done.file);
    return done;
  }

  int pixelWidth() {
    return pixelWidth;
  }

  String name(int column) {
    return (column + 1) + " (" + schema.columns().get(column) + ")";
  }
}
