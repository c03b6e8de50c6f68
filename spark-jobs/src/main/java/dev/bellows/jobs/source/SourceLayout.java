package dev.bellows.jobs.source;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What is known of a source before its rows are read. */
public interface SourceLayout {
  /** What to call it in messages. */
  String name();

  /** Tabular columns in order. IDX and LibSVM sources have one, {@code label}. */
  List<String> columns();

  /**
   * Arrays and vectors by name, with the columns that each became; none for the one that is the
   * sparse part and for those that are left out.
   */
  default Map<String, List<String>> lists() {
    return Map.of();
  }

  /** [height, width, channels] of image sources; empty otherwise. */
  default List<Integer> imageShape() {
    return List.of();
  }

  /** Whether rows have a sparse part. */
  default boolean sparse() {
    return false;
  }

  /** Declared width of the sparse part; 0 when it is the largest column seen. */
  default int sparseWidth() {
    return 0;
  }

  /** Whether a column holds running text unless the configuration says otherwise. */
  default boolean text(String column) {
    return false;
  }

  /** Tokens of a row beyond which the text of the source is cut; 0 when rows are whole texts. */
  default int window() {
    return 0;
  }

  /** What windows of a series are; null for other rows. */
  default @Nullable SeriesShape series() {
    return null;
  }

  /** Whether each pixel of an image has a label beside it. */
  default boolean masks() {
    return false;
  }

  /** Whether cells of this source carry types, so that text that looks like a number stays text. */
  default boolean typed(String column) {
    return true;
  }
}
