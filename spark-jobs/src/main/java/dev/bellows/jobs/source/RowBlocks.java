package dev.bellows.jobs.source;

import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Rows that the caller holds, to raw blocks: what {@link FrameSource} does for a whole data frame.
 */
public final class RowBlocks implements SourceLayout, Serializable {
  private static final long serialVersionUID = 1L;
  private static final String IMAGE = "image";

  private final FrameColumns columns;
  private final List<Integer> imageShape;

  /**
   * @param type schema of the rows
   * @param imageShape shape of the binary column {@code image}; empty when the rows have no images
   * @param rule what is needed of the rows
   */
  public RowBlocks(StructType type, List<Integer> imageShape, ListRule rule) {
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
    return builder.build();
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

  @Override
  public int sparseWidth() {
    return 0;
  }

  @Override
  public boolean typed(String column) {
    return true;
  }
}
