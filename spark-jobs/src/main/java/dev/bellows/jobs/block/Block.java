package dev.bellows.jobs.block;

import dev.bellows.jobs.source.ArrayCodec;
import java.io.Externalizable;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.util.Arrays;

/**
 * Rows in the form in which executors hold them: flat arrays of raw values, encoded once. What is
 * fitted (scaling, filling, remapping of rare categories) is not in here: {@code BlockReader}
 * applies it while it fills a batch, so that one block serves any fold.
 *
 * <p>Parts that the data does not have are empty arrays. Shapes, with R = {@link #rows()}:
 *
 * <ul>
 *   <li>numeric [R, N]: float32, raw value minus the column's storage offset; NaN = missing
 *   <li>pixels [R, P]: unsigned bytes
 *   <li>codes [R, C]: 1 + index in the column's dictionary; 0 = missing; -1 = not in the dictionary
 *   <li>rowPointers [R + 1], columns, values: sparse rows (CSR), columns ascending in each row
 *   <li>tokens [R, W]: per text its T codes, 0 after its end, then how many of them count
 *   <li>masks [R, L]: class index of each pixel, {@link #NO_LABEL} = none; then there are no labels
 *   <li>labels [R, L] class indices, -1 = none or a class not seen in training, and targets [R, K]
 *       in their own units; neither when rows are only predicted
 *   <li>series [steps, variables] and starts [R]: the first step of the window that is a row
 *   <li>weights [R]; empty = all 1
 *   <li>rowKeys [R]: stable name of a row, independent of partitions and of file order
 *   <li>folds [R]: fold of each row; empty when there are none
 * </ul>
 */
public final class Block implements Externalizable {
  private static final long serialVersionUID = 1L;

  /** A pixel of a mask without a label. */
  public static final byte NO_LABEL = (byte) 255;

  private static final int FORMAT = 3;
  private static final float[] NO_FLOATS = {};
  private static final int[] NO_INTS = {};
  private static final byte[] NO_BYTES = {};
  private static final long[] NO_LONGS = {};

  private int rows;
  private int numericWidth;
  private int pixelWidth;
  private int codeWidth;
  private int tokenWidth;
  private int labelWidth = 1;
  private int targetWidth = 1;
  private float[] numeric = NO_FLOATS;
  private byte[] pixels = NO_BYTES;
  private int[] codes = NO_INTS;
  private int[] tokens = NO_INTS;
  private int[] rowPointers = NO_INTS;
  private int[] columns = NO_INTS;
  private float[] values = NO_FLOATS;
  private byte[] masks = NO_BYTES;
  private float[] series = NO_FLOATS;
  private int[] starts = NO_INTS;
  private int seriesWidth;
  private int horizon;
  private int[] labels = NO_INTS;
  private float[] target = NO_FLOATS;
  private float[] weights = NO_FLOATS;
  private long[] rowKeys = NO_LONGS;
  private byte[] folds = NO_BYTES;

  /** An empty block; also for deserialisation. */
  public Block() {}

  /**
   * A block without texts.
   *
   * @throws IllegalArgumentException when a part would need more than 2^31 - 1 elements
   */
  Block(int rows, int numericWidth, int pixelWidth, int codeWidth) {
    this(rows, numericWidth, pixelWidth, codeWidth, 0);
  }

  /**
   * A block with dense parts of the given widths, zeroed; sparse rows and labels are set
   * afterwards.
   *
   * @throws IllegalArgumentException when a part would need more than 2^31 - 1 elements
   */
  Block(int rows, int numericWidth, int pixelWidth, int codeWidth, int tokenWidth) {
    this.rows = rows;
    this.numericWidth = numericWidth;
    this.pixelWidth = pixelWidth;
    this.codeWidth = codeWidth;
    this.tokenWidth = tokenWidth;
    this.numeric = numericWidth == 0 ? NO_FLOATS : new float[elements(rows, numericWidth)];
    this.pixels = pixelWidth == 0 ? NO_BYTES : new byte[elements(rows, pixelWidth)];
    this.codes = codeWidth == 0 ? NO_INTS : new int[elements(rows, codeWidth)];
    this.tokens = tokenWidth == 0 ? NO_INTS : new int[elements(rows, tokenWidth)];
    this.rowKeys = new long[rows];
  }

  static int elements(int rows, int width) {
    long n = (long) rows * width;
    if (n > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "a block of "
              + rows
              + " rows x "
              + width
              + " columns has "
              + n
              + " elements, more than an array holds; use more slices");
    }
    return (int) n;
  }

  /** A copy of the first {@code count} rows, or of all where there are fewer. */
  public Block first(int count) {
    if (count >= rows) {
      return this;
    }
    Block head = new Block();
    head.rows = count;
    head.numericWidth = numericWidth;
    head.pixelWidth = pixelWidth;
    head.codeWidth = codeWidth;
    head.tokenWidth = tokenWidth;
    head.labelWidth = labelWidth;
    head.targetWidth = targetWidth;
    head.numeric = Arrays.copyOf(numeric, count * numericWidth);
    head.pixels = Arrays.copyOf(pixels, count * pixelWidth);
    head.codes = Arrays.copyOf(codes, count * codeWidth);
    head.tokens = Arrays.copyOf(tokens, count * tokenWidth);
    if (sparse()) {
      head.rowPointers = Arrays.copyOf(rowPointers, count + 1);
      head.columns = Arrays.copyOf(columns, rowPointers[count]);
      head.values = Arrays.copyOf(values, rowPointers[count]);
    }
    head.labels = labels.length == 0 ? labels : Arrays.copyOf(labels, count * labelWidth);
    head.target = target.length == 0 ? target : Arrays.copyOf(target, count * targetWidth);
    head.weights = weights.length == 0 ? weights : Arrays.copyOf(weights, count);
    head.rowKeys = Arrays.copyOf(rowKeys, count);
    head.folds = folds.length == 0 ? folds : Arrays.copyOf(folds, count);
    return head;
  }

  void setSparse(int[] newRowPointers, int[] newColumns, float[] newValues) {
    this.rowPointers = newRowPointers;
    this.columns = newColumns;
    this.values = newValues;
  }

  void setLabels(int[] newLabels) {
    setLabels(newLabels, 1);
  }

  void setLabels(int[] newLabels, int width) {
    this.labels = newLabels;
    this.labelWidth = width;
  }

  void setMasks(byte[] newMasks, int width) {
    this.masks = newMasks;
    this.labelWidth = width;
  }

  /** Windows of a series, with {@code known} steps known after each. */
  void setSeries(float[] newSeries, int width, int[] newStarts, int known) {
    this.seriesWidth = width;
    this.series = newSeries;
    this.starts = newStarts;
    this.horizon = known;
  }

  void setTarget(float[] newTarget) {
    setTarget(newTarget, 1);
  }

  void setTarget(float[] newTarget, int width) {
    this.target = newTarget;
    this.targetWidth = width;
  }

  void setWeights(float[] newWeights) {
    this.weights = newWeights;
  }

  void setFolds(byte[] newFolds) {
    this.folds = newFolds;
  }

  /** Rows R. */
  public int rows() {
    return rows;
  }

  /** Numeric columns N (raw, before missing flags). */
  public int numericWidth() {
    return numericWidth;
  }

  /** Bytes of an image P; 0 without images. */
  public int pixelWidth() {
    return pixelWidth;
  }

  /** Category columns C. */
  public int codeWidth() {
    return codeWidth;
  }

  /** [R, N] row-major, NaN = missing. Not a copy. */
  public float[] numeric() {
    return numeric;
  }

  /** [R, P] row-major, unsigned. Not a copy. */
  public byte[] pixels() {
    return pixels;
  }

  /** [R, C] row-major. Not a copy. */
  public int[] codes() {
    return codes;
  }

  /** Token codes and lengths of a row; 0 without texts. */
  public int tokenWidth() {
    return tokenWidth;
  }

  /** [R, W] row-major. Not a copy. */
  public int[] tokens() {
    return tokens;
  }

  /** Labels of a row L; 1 where there are none. */
  public int labelWidth() {
    return labelWidth;
  }

  /** Float targets of a row K; 1 where there are none. */
  public int targetWidth() {
    return targetWidth;
  }

  /** Category cells whose value is not in the dictionary. */
  public long unknownCategories() {
    long n = 0;
    for (int code : codes) {
      n += code >>> 31;
    }
    return n;
  }

  /** Whether the rows have a sparse part. */
  public boolean sparse() {
    return rowPointers.length > 0;
  }

  /** [R + 1]. Not a copy. */
  public int[] rowPointers() {
    return rowPointers;
  }

  /** [nnz] column of each stored value. Not a copy. */
  public int[] columns() {
    return columns;
  }

  /** [nnz]. Not a copy. */
  public float[] values() {
    return values;
  }

  /**
   * [R, L] class indices, -1 = none or an unseen class; empty without classes and for rows to
   * predict. Not a copy.
   */
  public int[] labels() {
    return labels;
  }

  /** [R, L] class indices of pixels, unsigned; empty without masks. Not a copy. */
  public byte[] masks() {
    return masks;
  }

  /** [steps, variables] of series whose windows are the rows. Not a copy. */
  public float[] series() {
    return series;
  }

  /** Variables of the series. */
  public int seriesWidth() {
    return seriesWidth;
  }

  /** [R] first step of each window; empty without series. Not a copy. */
  public int[] starts() {
    return starts;
  }

  /** Steps that are known after each window; 0 where rows are only predicted. */
  public int horizon() {
    return horizon;
  }

  /**
   * Class index of one position of a row, from labels or masks; -1 = none.
   *
   * @param at row times L plus position
   */
  public int label(int at) {
    return masks.length == 0 ? labels[at] : masks[at] == NO_LABEL ? -1 : masks[at] & 0xff;
  }

  /**
   * [R, K] numbers to be learnt, in their own units; empty without them and for rows to predict.
   * Not a copy.
   */
  public float[] target() {
    return target;
  }

  /** [R]; empty = all 1. Not a copy. */
  public float[] weights() {
    return weights;
  }

  /** Weight of one row. */
  public float weight(int row) {
    return weights.length == 0 ? 1f : weights[row];
  }

  /** [R]. Not a copy. */
  public long[] rowKeys() {
    return rowKeys;
  }

  /** [R]; empty when there are no folds. Not a copy. */
  public byte[] folds() {
    return folds;
  }

  /** Bytes of the arrays. */
  public long sizeBytes() {
    return 4L
            * (numeric.length
                + codes.length
                + tokens.length
                + rowPointers.length
                + columns.length
                + values.length
                + labels.length)
        + 4L * (target.length + weights.length + series.length + starts.length)
        + 8L * rowKeys.length
        + pixels.length
        + masks.length
        + folds.length;
  }

  @Override
  public void writeExternal(ObjectOutput out) throws IOException {
    out.writeInt(FORMAT);
    out.writeInt(rows);
    out.writeInt(numericWidth);
    out.writeInt(pixelWidth);
    out.writeInt(codeWidth);
    out.writeInt(tokenWidth);
    out.writeInt(labelWidth);
    out.writeInt(targetWidth);
    ArrayCodec codec = new ArrayCodec();
    codec.write(out, numeric);
    codec.write(out, pixels);
    codec.write(out, codes);
    codec.write(out, tokens);
    codec.write(out, rowPointers);
    codec.write(out, columns);
    codec.write(out, values);
    codec.write(out, masks);
    codec.write(out, series);
    codec.write(out, starts);
    out.writeInt(seriesWidth);
    out.writeInt(horizon);
    codec.write(out, labels);
    codec.write(out, target);
    codec.write(out, weights);
    codec.write(out, rowKeys);
    codec.write(out, folds);
  }

  @Override
  public void readExternal(ObjectInput in) throws IOException {
    int format = in.readInt();
    if (format != FORMAT) {
      throw new IOException(
          "block format "
              + format
              + ", expected "
              + FORMAT
              + ": driver and executors run different versions");
    }
    rows = in.readInt();
    numericWidth = in.readInt();
    pixelWidth = in.readInt();
    codeWidth = in.readInt();
    tokenWidth = in.readInt();
    labelWidth = in.readInt();
    targetWidth = in.readInt();
    ArrayCodec codec = new ArrayCodec();
    numeric = codec.readFloats(in);
    pixels = codec.readBytes(in);
    codes = codec.readInts(in);
    tokens = codec.readInts(in);
    rowPointers = codec.readInts(in);
    columns = codec.readInts(in);
    values = codec.readFloats(in);
    masks = codec.readBytes(in);
    series = codec.readFloats(in);
    starts = codec.readInts(in);
    seriesWidth = in.readInt();
    horizon = in.readInt();
    labels = codec.readInts(in);
    target = codec.readFloats(in);
    weights = codec.readFloats(in);
    rowKeys = codec.readLongs(in);
    folds = codec.readBytes(in);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Block b
        && rows == b.rows
        && numericWidth == b.numericWidth
        && pixelWidth == b.pixelWidth
        && codeWidth == b.codeWidth
        && tokenWidth == b.tokenWidth
        && labelWidth == b.labelWidth
        && targetWidth == b.targetWidth
        && Arrays.equals(numeric, b.numeric)
        && Arrays.equals(pixels, b.pixels)
        && Arrays.equals(codes, b.codes)
        && Arrays.equals(tokens, b.tokens)
        && Arrays.equals(rowPointers, b.rowPointers)
        && Arrays.equals(columns, b.columns)
        && Arrays.equals(values, b.values)
        && Arrays.equals(masks, b.masks)
        && Arrays.equals(series, b.series)
        && Arrays.equals(starts, b.starts)
        && horizon == b.horizon
        && Arrays.equals(labels, b.labels)
        && Arrays.equals(target, b.target)
        && Arrays.equals(weights, b.weights)
        && Arrays.equals(rowKeys, b.rowKeys)
        && Arrays.equals(folds, b.folds);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(rowKeys) * 31 + rows;
  }
}
