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
 * @param schemaFromModel columns and types are those that the model was trained on
 */
public record SourceConfig(
    Format format,
    @Nullable String path,
    @Nullable String images,
    @Nullable String labels,
    CsvOptions csv,
    LibsvmOptions libsvm,
    boolean schemaFromModel)
    implements Serializable {

  /** File formats. */
  public enum Format {
    CSV,
    LIBSVM,
    IDX,
    PARQUET
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
   * Options of LibSVM files: {@code features} 0 means the largest index seen; {@code indexBase} is
   * 0 or 1.
   */
  public record LibsvmOptions(int features, int indexBase) implements Serializable {}
}
