package dev.bellows.jobs.source;

import java.io.Externalizable;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Some rows as read: columns of numbers, texts and missing cells, image bytes, sparse values;
 * content hashes; and what could not be read. Lives in Spark's cache between reading and encoding;
 * types are inferred from it, so that the source is read once.
 */
public final class RawBlock implements Externalizable {
  private static final long serialVersionUID = 1L;
  private static final double[] NO_DOUBLES = {};
  private static final long[] NO_LONGS = {};
  private static final int[] NO_INTS = {};
  private static final float[] NO_FLOATS = {};
  private static final byte[] NO_BYTES = {};

  int rows;
  String file = "";
  RawColumn[] columns = {};
  byte[] pixels = NO_BYTES;
  int pixelWidth;
  int channels = 1;
  byte[] masks = NO_BYTES;
  int maskWidth;
  float[] series = NO_FLOATS;
  int seriesWidth;
  int horizon;
  int windowSteps;
  int[] starts = NO_INTS;
  int[] rowPointers = NO_INTS;
  int[] sparseColumns = NO_INTS;
  float[] sparseValues = NO_FLOATS;
  long[] positions = NO_LONGS;
  long[] contentHashes = NO_LONGS;
  long[] idHashes = NO_LONGS;
  long badRows;
  List<BadRow> firstBadRows = new ArrayList<>();
  @Nullable String failure;

  /** For deserialisation and the builder. */
  public RawBlock() {}

  public int rows() {
    return rows;
  }

  /** Name of the file, or of the partition. */
  public String file() {
    return file;
  }

  /** Tabular columns in schema order. */
  public int columnCount() {
    return columns.length;
  }

  public RawColumn column(int index) {
    return columns[index];
  }

  /** [rows, pixelWidth] unsigned; empty without images. Not a copy. */
  public byte[] pixels() {
    return pixels;
  }

  public int pixelWidth() {
    return pixelWidth;
  }

  /** Values of a pixel, last axis of an image. */
  public int channels() {
    return channels;
  }

  /** [rows, maskWidth] unsigned label of each pixel; empty without masks. Not a copy. */
  public byte[] masks() {
    return masks;
  }

  public int maskWidth() {
    return maskWidth;
  }

  /** [steps, seriesWidth] steps of a series; empty for other rows. Not a copy. */
  public float[] series() {
    return series;
  }

  /** Variables of the series. */
  public int seriesWidth() {
    return seriesWidth;
  }

  /** Steps of a window with those that are known after it. */
  public int windowSteps() {
    return windowSteps;
  }

  /** Steps that are known after each window. */
  public int horizon() {
    return horizon;
  }

  /** [rows] first step of each window; empty without a series. Not a copy. */
  public int[] starts() {
    return starts;
  }

  /** [rows + 1]; empty without sparse rows. Not a copy. */
  public int[] rowPointers() {
    return rowPointers;
  }

  /** Zero-based columns of the sparse values. Not a copy. */
  public int[] sparseColumns() {
    return sparseColumns;
  }

  public float[] sparseValues() {
    return sparseValues;
  }

  /** Byte position of each row in its file, or its number in the partition. */
  public long position(int row) {
    return positions[row];
  }

  /** Hash of the content of each row. Not a copy. */
  public long[] contentHashes() {
    return contentHashes;
  }

  /** Hash of the id column; empty when there is none. Not a copy. */
  public long[] idHashes() {
    return idHashes;
  }

  /** Rows that could not be read. */
  public long badRows() {
    return badRows;
  }

  /** The first few of them. */
  public List<BadRow> firstBadRows() {
    return firstBadRows;
  }

  /** Why reading ended early (a damaged file); null when all was read. */
  public @Nullable String failure() {
    return failure;
  }

  @Override
  public void writeExternal(ObjectOutput out) throws IOException {
    ArrayCodec codec = new ArrayCodec();
    out.writeInt(rows);
    writeText(codec, out, file);
    out.writeInt(columns.length);
    for (RawColumn column : columns) {
      codec.write(out, column.numbers());
      codec.write(out, column.text());
      out.writeInt(column.dictionary().length);
      for (String text : column.dictionary()) {
        writeText(codec, out, text);
      }
    }
    codec.write(out, pixels);
    out.writeInt(pixelWidth);
    out.writeInt(channels);
    codec.write(out, masks);
    out.writeInt(maskWidth);
    codec.write(out, series);
    out.writeInt(seriesWidth);
    out.writeInt(horizon);
    out.writeInt(windowSteps);
    codec.write(out, starts);
    codec.write(out, rowPointers);
    codec.write(out, sparseColumns);
    codec.write(out, sparseValues);
    codec.write(out, positions);
    codec.write(out, contentHashes);
    codec.write(out, idHashes);
    out.writeLong(badRows);
    out.writeInt(firstBadRows.size());
    for (BadRow bad : firstBadRows) {
      writeText(codec, out, bad.file());
      out.writeLong(bad.position());
      writeText(codec, out, bad.problem());
    }
    out.writeBoolean(failure != null);
    if (failure != null) {
      writeText(codec, out, failure);
    }
  }

  @Override
  public void readExternal(ObjectInput in) throws IOException {
    ArrayCodec codec = new ArrayCodec();
    rows = in.readInt();
    file = readText(codec, in);
    columns = new RawColumn[in.readInt()];
    for (int c = 0; c < columns.length; c++) {
      double[] numbers = codec.readDoubles(in);
      int[] text = codec.readInts(in);
      String[] dictionary = new String[in.readInt()];
      for (int i = 0; i < dictionary.length; i++) {
        dictionary[i] = readText(codec, in);
      }
      columns[c] = new RawColumn(numbers, text, dictionary);
    }
    pixels = codec.readBytes(in);
    pixelWidth = in.readInt();
    channels = in.readInt();
    masks = codec.readBytes(in);
    maskWidth = in.readInt();
    series = codec.readFloats(in);
    seriesWidth = in.readInt();
    horizon = in.readInt();
    windowSteps = in.readInt();
    starts = codec.readInts(in);
    rowPointers = codec.readInts(in);
    sparseColumns = codec.readInts(in);
    sparseValues = codec.readFloats(in);
    positions = codec.readLongs(in);
    contentHashes = codec.readLongs(in);
    idHashes = codec.readLongs(in);
    badRows = in.readLong();
    int count = in.readInt();
    firstBadRows = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      firstBadRows.add(new BadRow(readText(codec, in), in.readLong(), readText(codec, in)));
    }
    failure = in.readBoolean() ? readText(codec, in) : null;
  }

  private static void writeText(ArrayCodec codec, ObjectOutput out, String text)
      throws IOException {
    codec.write(out, text.getBytes(StandardCharsets.UTF_8));
  }

  private static String readText(ArrayCodec codec, ObjectInput in) throws IOException {
    return new String(codec.readBytes(in), StandardCharsets.UTF_8);
  }

  static RawColumn emptyColumn() {
    return new RawColumn(NO_DOUBLES, NO_INTS, new String[0]);
  }
}
