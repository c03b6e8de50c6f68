package dev.bellows.jobs.source;

import java.io.Serializable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a source holds, known before its rows are read.
 *
 * @param columns tabular columns in order
 * @param kinds how the cells of each column are read
 * @param imageShape [height, width, channels] of image bytes beside the columns; empty without
 *     images
 * @param sparse whether rows have a sparse part
 * @param idColumn index of the column that names a row; -1 for none
 * @param masks whether each pixel of an image has a label beside it
 * @param series what windows of a series are; null for other rows
 */
public record RawSchema(
    List<String> columns,
    List<CellKind> kinds,
    List<Integer> imageShape,
    boolean sparse,
    int idColumn,
    boolean masks,
    @Nullable SeriesShape series)
    implements Serializable {

  /** Rows without masks. */
  public RawSchema(
      List<String> columns,
      List<CellKind> kinds,
      List<Integer> imageShape,
      boolean sparse,
      int idColumn) {
    this(columns, kinds, imageShape, sparse, idColumn, false, null);
  }

  /** Rows that may have masks. */
  public RawSchema(
      List<String> columns,
      List<CellKind> kinds,
      List<Integer> imageShape,
      boolean sparse,
      int idColumn,
      boolean masks) {
    this(columns, kinds, imageShape, sparse, idColumn, masks, null);
  }

  /** How cells are read. */
  public enum CellKind {
    /** A number where it reads as one, else text. */
    AUTO,
    /** As the type of the source says: numbers are numbers, text is text. */
    TYPED,
    /** A number; anything else makes the row bad. */
    NUMBER,
    /** Text. */
    TEXT,
    /** Only hashed into the content of the row. */
    SKIP
  }

  /** Bytes of one image; 0 without images. */
  public int pixelWidth() {
    return imageShape.stream().reduce(1, (a, b) -> a * b) * (imageShape.isEmpty() ? 0 : 1);
  }

  /** Labels of a row: one per pixel; 0 without masks. */
  public int maskWidth() {
    return masks ? pixelWidth() / channels() : 0;
  }

  /** Values of a pixel, last axis of an image; 1 without images. */
  public int channels() {
    return imageShape.isEmpty() ? 1 : imageShape.get(imageShape.size() - 1);
  }
}
