package dev.bellows.jobs.source;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * Rows that the caller holds, to raw blocks: what {@link FrameSource} does for a whole data frame.
 */
public final class RowBlocks implements SourceLayout, Serializable {
  private static final long serialVersionUID = 1L;
  private static final String IMAGE = "image";
  private static final String WINDOW = "window";

  private final FrameColumns columns;
  private final List<Integer> imageShape;
  private final @Nullable SeriesShape series;

  /**
   * @param type schema of the rows
   * @param imageShape shape of the binary column {@code image}; empty when the rows have no images
   * @param rule what is needed of the rows
   */
  public RowBlocks(StructType type, List<Integer> imageShape, ListRule rule) {
    this(type, imageShape, null, rule);
  }

  /**
   * As above, for a model of windows of a series.
   *
   * @param series what the array column {@code window} holds, [L, C]; null for other rows
   */
  public RowBlocks(
      StructType type, List<Integer> imageShape, @Nullable SeriesShape series, ListRule rule) {
    if (series != null && !List.of(type.fieldNames()).contains(WINDOW)) {
      throw new DataException(
          "the data frame has no column window, an array of "
              + series.width()
              + " numbers: the last "
              + series.input()
              + " steps of "
              + series.variables()
              + ", step by step");
    }
    this.series = series;
    boolean image =
        !imageShape.isEmpty()
            && List.of(type.fieldNames()).contains(IMAGE)
            && field(type).dataType().equals(DataTypes.BinaryType);
    this.columns =
        FrameColumns.of(type, "the data frame", image ? IMAGE : "", rule, rule.widths(type));
    this.imageShape = image ? List.copyOf(imageShape) : List.of();
  }

  private static StructField field(StructType type) {
    return type.fields()[type.fieldIndex(IMAGE)];
  }

  /** All rows as one block. */
  public RawBlock block(RawSchema schema, List<Row> rows) {
    RawBlockBuilder builder = new RawBlockBuilder(schema);
    builder.beginBlock("rows");
    long position = 0;
    for (Row row : rows) {
      columns.add(row, position++, builder);
    }
    RawBlock block = builder.build();
    return series == null ? block : windows(series, rows, block);
  }

  private static RawBlock windows(SeriesShape shape, List<Row> rows, RawBlock block) {
    float[] steps = new float[Math.multiplyExact(rows.size(), shape.width())];
    int at = 0;
    for (Row row : rows) {
      List<?> window = row.getList(row.fieldIndex(WINDOW));
      if (window.size() != shape.width()) {
        throw new DataException(
            "row cannot be predicted: expected "
                + shape.width()
                + " numbers in column window, found "
                + window.size());
      }
      for (Object value : window) {
        if (!(value instanceof Number n) || !Float.isFinite(n.floatValue())) {
          throw new DataException(
              "row cannot be predicted: expected finite numbers in column window, found " + value);
        }
        steps[at++] = n.floatValue();
      }
    }
    block.series = steps;
    block.seriesWidth = shape.variables().size();
    block.windowSteps = shape.input();
    block.starts = new int[rows.size()];
    Arrays.setAll(block.starts, i -> i * shape.input());
    return block;
  }

  @Override
  public @Nullable SeriesShape series() {
    return series;
  }

  @Override
  public String name() {
    return "the data frame";
  }

  @Override
  public List<String> columns() {
    return columns.columns();
  }

  @Override
  public List<Integer> imageShape() {
    return imageShape;
  }

  @Override
  public boolean sparse() {
    return columns.sparse();
  }
}
