package dev.bellows.jobs.source;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;

/** Sources whose cells are text, as data frames. */
final class TextRows {
  private TextRows() {}

  /** All rows; a missing cell is null, a row that cannot be read an error. */
  static Dataset<Row> of(SparkSession session, SourceReader source) {
    List<RawSchema.CellKind> kinds = new ArrayList<>();
    List<StructField> fields = new ArrayList<>();
    for (String column : source.columns()) {
      kinds.add(RawSchema.CellKind.TEXT);
      fields.add(DataTypes.createStructField(column, DataTypes.StringType, true));
    }
    JavaRDD<Row> rows =
        source
            .blocks(new RawSchema(source.columns(), kinds, List.of(), false, -1))
            .flatMap(block -> rows(block).iterator());
    return session.createDataFrame(rows, DataTypes.createStructType(fields));
  }

  private static List<Row> rows(RawBlock block) {
    if (block.failure() != null || block.badRows() > 0) {
      throw new DataException(
          block.failure() != null
              ? block.failure()
              : block.firstBadRows().get(0).file()
                  + " at byte "
                  + block.firstBadRows().get(0).position()
                  + ": "
                  + block.firstBadRows().get(0).problem());
    }
    List<Row> out = new ArrayList<>(block.rows());
    for (int r = 0; r < block.rows(); r++) {
      Object[] cells = new Object[block.columnCount()];
      for (int c = 0; c < cells.length; c++) {
        RawColumn column = block.column(c);
        int code = column.textCode(r);
        cells[c] = code < 0 ? null : column.dictionary()[code];
      }
      out.add(RowFactory.create(cells));
    }
    return out;
  }
}
