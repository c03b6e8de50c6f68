package dev.bellows.jobs.config;

import java.io.Serializable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One input. {@code images} and {@code labels} belong to IDX, {@code path} to the other formats;
 * options of other formats hold defaults.
 *
 * @param format file format
 * @param path file, folder or glob; null for IDX
 * @param images IDX image file (magic 2051), gzip or not
 * @param labels IDX label file (magic 2049), gzip or not; null when rows are only predicted
 * @param csv options of CSV
 * @param libsvm options of LibSVM
 * @param text options of text
 * @param schemaFromModel columns and types are those that the model was trained on
 */
public record SourceConfig(
    Format format,
    @Nullable String path,
    @Nullable String images,
    @Nullable String labels,
    CsvOptions csv,
    LibsvmOptions libsvm,
    TextOptions text,
    boolean schemaFromModel)
    implements Serializable {

  /** A source of another format than text. */
  public SourceConfig(
      Format format,
      @Nullable String path,
      @Nullable String images,
      @Nullable String labels,
      CsvOptions csv,
      LibsvmOptions libsvm,
      boolean schemaFromModel) {
    this(format, path, images, labels, csv, libsvm, TextOptions.LINES, schemaFromModel);
  }

  /** The same with other options of CSV. */
  public SourceConfig withCsv(CsvOptions other) {
    return new SourceConfig(format, path, images, labels, other, libsvm, text, schemaFromModel);
  }

  /** File formats. */
  public enum Format {
    CSV,
    LIBSVM,
    IDX,
    PARQUET,
    TEXT
  }

  /**
   * Options of CSV files (gzip by file name). An empty {@code columns} takes names from the header
   * or c0, c1, ... With {@code multiline}, quoted fields may hold line breaks.
   */
  public record CsvOptions(
      boolean header,
      String separator,
      String quote,
      String escape,
      boolean trim,
      List<String> na,
      List<String> columns,
      String encoding,
      boolean multiline)
      implements Serializable {

    /** The same with another separator. */
    public CsvOptions withSeparator(String other) {
      return new CsvOptions(header, other, quote, escape, trim, na, columns, encoding, multiline);
    }

    /** The same with other column names. */
    public CsvOptions withColumns(List<String> other) {
      return new CsvOptions(header, separator, quote, escape, trim, na, other, encoding, multiline);
    }
  }

  /**
   * Options of text files (gzip by file name).
   *
   * @param pattern regular expression that each line must match; its named groups are the columns
   * @param window tokens of a row when the whole file is one text that is cut into rows; 0: a row
   *     is a line
   */
  public record TextOptions(String pattern, int window) implements Serializable {
    /** A line is a row with the one column {@code text}. */
    public static final TextOptions LINES = new TextOptions("(?<text>.*)", 0);
  }

  /**
   * Options of LibSVM files: {@code features} 0 means the largest index seen; {@code indexBase} is
   * 0 or 1.
   */
  public record LibsvmOptions(int features, int indexBase) implements Serializable {}
}
