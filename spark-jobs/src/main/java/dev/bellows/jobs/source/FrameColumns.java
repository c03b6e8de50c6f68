package dev.bellows.jobs.source;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.TimestampType;
import org.jspecify.annotations.Nullable;

/**
 * How the fields of a data frame become columns.
 *
 * @param columns names of the tabular columns
 * @param fields field index of each of them
 * @param vectorIndex field of the vector column; -1 for none
 * @param indicesIndex field of the indices of a sparse row, as LibSVM sources give them; -1 for
 *     none
 * @param valuesIndex field of its values; -1 for none
 * @param imageIndex field of image bytes; -1 for none
 */
record FrameColumns(
    List<String> columns,
    List<Integer> fields,
    int vectorIndex,
    int indicesIndex,
    int valuesIndex,
    int imageIndex)
    implements Serializable {
  private static final DataType INDICES = DataTypes.createArrayType(DataTypes.IntegerType, false);
  private static final DataType VALUES = DataTypes.createArrayType(DataTypes.FloatType, false);

  /** Whether rows have a sparse part. */
  boolean sparse() {
    return vectorIndex >= 0 || (indicesIndex >= 0 && valuesIndex >= 0);
  }

  /**
   * @param image name of the binary column that holds images; empty for none
   */
  static FrameColumns of(StructType type, String source, String image) {
    List<String> columns = new ArrayList<>();
    List<Integer> indices = new ArrayList<>();
    int vector = -1;
    int indicesField = -1;
    int valuesField = -1;
    int imageField = -1;
    for (int i = 0; i < type.fields().length; i++) {
      StructField field = type.fields()[i];
      if (field.dataType().equals(SQLDataTypes.VectorType())) {
        if (vector >= 0) {
          throw new DataException(
              source
                  + " has two vector columns, "
                  + type.fields()[vector].name()
                  + " and "
                  + field.name()
                  + "; assemble them into one");
        }
        vector = i;
      } else if (field.name().equals("indices") && field.dataType().equals(INDICES)) {
        indicesField = i;
      } else if (field.name().equals("values") && field.dataType().equals(VALUES)) {
        valuesField = i;
      } else if (!image.isEmpty() && field.name().equals(image)) {
        imageField = i;
      } else if (supported(field.dataType())) {
        columns.add(field.name());
        indices.add(i);
      } else {
        throw new DataException(
            source
                + " has the column "
                + field.name()
                + " of type "
                + field.dataType().simpleString()
                + "; expected numbers, text, booleans, dates or one vector: drop or convert it");
      }
    }
    return new FrameColumns(columns, indices, vector, indicesField, valuesField, imageField);
  }

  private static boolean supported(DataType t) {
    return t instanceof NumericType
        || t instanceof StringType
        || t instanceof BooleanType
        || t instanceof DateType
        || t instanceof TimestampType
        || t instanceof BinaryType;
  }

  void add(Row row, long position, RawBlockBuilder out) {
    out.beginRow(position);
    String problem = null;
    for (int c = 0; c < fields.size() && problem == null; c++) {
      problem = cell(out, c, row.get(fields.get(c)));
    }
    if (problem == null && vectorIndex >= 0) {
      problem = vector(out, row.get(vectorIndex));
    } else if (problem == null && sparse()) {
      problem = arrays(out, row.getList(indicesIndex), row.getList(valuesIndex));
    }
    if (problem == null && imageIndex >= 0) {
      problem = image(out, row.get(imageIndex));
    }
    if (problem == null) {
      out.endRow();
    } else {
      out.reject(position, problem);
    }
  }

  private @Nullable String cell(RawBlockBuilder out, int column, @Nullable Object value) {
    if (value == null) {
      out.missing(column);
      return null;
    }
    if (value instanceof Number n) {
      return out.number(column, n.doubleValue());
    }
    if (value instanceof java.sql.Date d) {
      return out.number(column, (double) d.toLocalDate().toEpochDay());
    }
    if (value instanceof java.sql.Timestamp t) {
      return out.number(column, t.getTime() / 1000.0);
    }
    if (value instanceof java.time.LocalDate d) {
      return out.number(column, (double) d.toEpochDay());
    }
    if (value instanceof java.time.Instant t) {
      return out.number(column, t.getEpochSecond() + t.getNano() / 1e9);
    }
    if (value instanceof byte[] b) {
      return out.kind(column) == RawSchema.CellKind.SKIP
          ? out.cell(column, b, 0, b.length)
          : "binary column " + out.name(column) + " cannot be a feature; ignore it";
    }
    byte[] b = value.toString().getBytes(StandardCharsets.UTF_8);
    if (b.length == 0) {
      out.missing(column);
      return null;
    }
    return out.cell(column, b, 0, b.length);
  }

  private static @Nullable String arrays(
      RawBlockBuilder out, List<Integer> indices, List<Float> values) {
    for (int i = 0; i < indices.size(); i++) {
      out.sparse(indices.get(i), values.get(i));
    }
    return null;
  }

  private static @Nullable String image(RawBlockBuilder out, @Nullable Object value) {
    if (!(value instanceof byte[] b) || b.length != out.pixelWidth()) {
      return "expected an image of "
          + out.pixelWidth()
          + " bytes, found "
          + (value instanceof byte[] bytes ? bytes.length + " bytes" : "none");
    }
    out.pixels(b, 0);
    return null;
  }

  private static @Nullable String vector(RawBlockBuilder out, @Nullable Object value) {
    if (!(value instanceof Vector v)) {
      return "the vector is null";
    }
    int[] indices = v.toSparse().indices();
    double[] values = v.toSparse().values();
    for (int i = 0; i < indices.length; i++) {
      if (!Double.isFinite(values[i])) {
        return "expected finite values, found "
            + values[i]
            + " at index "
            + indices[i]
            + " of the vector";
      }
      if (values[i] != 0) {
        out.sparse(indices[i], (float) values[i]);
      }
    }
    return null;
  }
}
