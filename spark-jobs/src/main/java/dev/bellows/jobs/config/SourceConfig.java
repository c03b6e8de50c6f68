package dev.bellows.jobs.config;

import java.io.Serializable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One input. {@code images} and {@code labels} belong to IDX, {@code path} to the other formats;
 * options of other formats hold defaults.
 *
 * @param format file format
 * @param path file, folder or glob; null for IDX; of parallel texts the source files
 * @param images IDX image file (magic 2051), gzip or not
 * @param labels IDX label file (magic 2049), gzip or not, or the target files of parallel texts;
 *     null when rows are only predicted
 * @param csv options of CSV
 * @param libsvm options of LibSVM
 * @param text options of text, and the pattern of the names of WAV files
 * @param arrays options of images
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
    ArrayOptions arrays,
    boolean schemaFromModel)
    implements Serializable {

  /** A source of tables: without options of text and images. */
  public SourceConfig(
      Format format,
      @Nullable String path,
      @Nullable String images,
      @Nullable String labels,
      CsvOptions csv,
      LibsvmOptions libsvm,
      boolean schemaFromModel) {
    this(
        format,
        path,
        images,
        labels,
        csv,
        libsvm,
        TextOptions.LINES,
        ArrayOptions.NONE,
        schemaFromModel);
  }

  /** The same series, other steps of it. */
  public SourceConfig withSpan(long from, long to) {
    ArrayOptions other = new ArrayOptions(arrays.cifar, arrays.images, arrays.series.of(from, to));
    return new SourceConfig(
        format, path, images, labels, csv, libsvm, text, other, schemaFromModel);
  }

  /** The same with other options of CSV. */
  public SourceConfig withCsv(CsvOptions other) {
    return new SourceConfig(
        format, path, images, labels, other, libsvm, text, arrays, schemaFromModel);
  }

  /** File formats. */
  public enum Format {
    CSV,
    LIBSVM,
    IDX,
    CIFAR,
    IMAGES,
    SERIES,
    PARQUET,
    TEXT,
    PARALLEL,
    WAV
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

  /**
   * Options of images.
   *
   * @param cifar which binary format, and which of its labels
   * @param images options of folders of images
   * @param series options of series
   */
  public record ArrayOptions(Cifar cifar, ImageOptions images, SeriesOptions series)
      implements Serializable {
    /** Defaults of sources that have none of these options. */
    public static final ArrayOptions NONE =
        new ArrayOptions(Cifar.CIFAR10, ImageOptions.NONE, SeriesOptions.NONE);
  }

  /**
   * Options of series: files of time steps that are cut into windows.
   *
   * @param time column of time stamps, which must ascend; null for none
   * @param variables columns that are seen; empty: all but the time
   * @param targets those of them that are learnt; empty: all
   * @param input steps seen, L
   * @param horizon steps learnt, H
   * @param stride steps from one window to the next
   * @param from first step that may be learnt
   * @param to one more than the last; 0 for the end of the file
   * @param relative whether values are less the last seen one of their variable
   * @param variablesFirst whether rows are [C, L], else [L, C]
   */
  public record SeriesOptions(
      @Nullable String time,
      List<String> variables,
      List<String> targets,
      int input,
      int horizon,
      int stride,
      long from,
      long to,
      boolean relative,
      boolean variablesFirst)
      implements Serializable {
    /** No series. */
    public static final SeriesOptions NONE =
        new SeriesOptions(null, List.of(), List.of(), 1, 1, 1, 0, 0, false, false);

    /** The same windows of other steps. */
    public SeriesOptions of(long first, long end) {
      return new SeriesOptions(
          time, variables, targets, input, horizon, stride, first, end, relative, variablesFirst);
    }
  }

  /**
   * Options of folders of images.
   *
   * @param masks folder of masks, files of the same names with one label per pixel; null: the
   *     folder of an image names its class
   * @param channels 1 or 3; 0: those of the first image
   * @param size [height, width] that images are scaled to; empty: as they are
   * @param tile [height, width] of the windows that images are cut into; empty: whole images
   * @param stride rows and columns from one window to the next; empty: those of the tile
   */
  public record ImageOptions(
      @Nullable String masks,
      int channels,
      List<Integer> size,
      List<Integer> tile,
      List<Integer> stride)
      implements Serializable {
    /** Whole images in folders that name their class. */
    public static final ImageOptions NONE =
        new ImageOptions(null, 0, List.of(), List.of(), List.of());

    /** Step of the windows along an axis where they are {@code side} long. */
    public int stride(int axis, int side) {
      return stride.isEmpty() ? side : stride.get(axis);
    }
  }

  /** Records of 32 x 32 colour images (A. Krizhevsky, 2009): label bytes, then three planes. */
  public enum Cifar {
    /** One label byte: 10 classes. */
    CIFAR10(1, 0, 10),
    /** Two label bytes, the second of which counts: 100 classes. */
    CIFAR100_FINE(2, 1, 100),
    /** Two label bytes, the first of which counts: 20 classes. */
    CIFAR100_COARSE(2, 0, 20);

    private final int labelBytes;
    private final int labelAt;
    private final int classes;

    Cifar(int labelBytes, int labelAt, int classes) {
      this.labelBytes = labelBytes;
      this.labelAt = labelAt;
      this.classes = classes;
    }

    /** Label bytes before the image. */
    public int labelBytes() {
      return labelBytes;
    }

    /** Which of them is the label. */
    public int labelAt() {
      return labelAt;
    }

    /** Labels are 0 to classes - 1. */
    public int classes() {
      return classes;
    }
  }
}
