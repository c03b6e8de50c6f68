package dev.bellows.jobs.source;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * How the fields of a data frame become columns.
 *
 * @param columns names of the tabular columns
 * @param parts which field each run of columns comes from
 * @param lists columns of each list by field name; none of the sparse part and of what is left out
 * @param vectorIndex field of the sparse vector column; -1 for none
 * @param indicesIndex field of the indices of a sparse row, as LibSVM sources give them; -1 for
 *     none
 * @param valuesIndex field of its values; -1 for none
 * @param imageIndex field of image bytes; -1 for none
 */
record FrameColumns(
    List<String> columns,
    List<Part> parts,
    Map<String, List<String>> lists,
    int vectorIndex,
    int indicesIndex,
    int valuesIndex,
    int imageIndex)
    implements Serializable {

  /**
   * A field.
   *
   * @param field its index
   * @param name its name
   * @param column its first column
   * @param width number of columns of a list; 0 for a single cell
   */
  record Part(int field, String name, int column, int width) implements Serializable {}

  /** Whether rows have a sparse part. */
  boolean sparse() {
    return vectorIndex >= 0 || (indicesIndex >= 0 && valuesIndex >= 0);
  }

  /**
   * @param image name of the binary column that holds images; empty for none
   * @param rule what is needed of the rows
   * @param widths of the lists, from {@code rule}
   */
  static FrameColumns of(
      StructType type, String source, String image, ListRule rule, Map<String, Integer> widths) {
    FrameTypes.checkNames(type, source);
    List<String> columns = new ArrayList<>();
    List<Part> parts = new ArrayList<>();
    Map<String, List<String>> lists = new LinkedHashMap<>();
    int vector = -1;
    int indicesField = -1;
    int valuesField = -1;
    int imageField = -1;
    for (int i = 0; i < type.fields().length; i++) {
      StructField field = type.fields()[i];
      String name = field.name();
      DataType fieldType = field.dataType();
      Integer width = widths.get(name);
      if (name.equals("indices") && fieldType.equals(FrameTypes.INDICES)) {
        indicesField = i;
      } else if (name.equals("values") && fieldType.equals(FrameTypes.VALUES)) {
        valuesField = i;
      } else if (width != null && width == ListRule.SPARSE) {
        if (vector >= 0) {
          throw FrameTypes.twoVectors(source, type.fields()[vector].name(), name);
        }
        vector = i;
        lists.put(name, List.of());
      } else if (width != null) {
        parts.add(new Part(i, name, columns.size(), width));
        List<String> names = new ArrayList<>();
        for (int k = 0; k < width; k++) {
          names.add(ListRule.name(name, k));
        }
        columns.addAll(names);
        lists.put(name, names);
      } else if (!image.isEmpty() && name.equals(image)) {
        imageField = i;
      } else if (FrameTypes.single(fieldType)) {
        parts.add(new Part(i, name, columns.size(), 0));
        columns.add(name);
      } else if (rule.needs(name)) {
        throw FrameTypes.unusable(source, field);
      } else {
        lists.put(name, List.of());
      }
    }
    return new FrameColumns(columns, parts, lists, vector, indicesField, valuesField, imageField);
  }

  void add(Row row, long position, RawBlockBuilder out) {
    out.beginRow(position);
    String problem = null;
    for (int p = 0; p < parts.size() && problem == null; p++) {
      Part part = parts.get(p);
      problem =
          part.width() == 0
              ? cell(out, part.column(), row.get(part.field()))
              : list(out, part, row);
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
    if (value instanceof java.time.LocalDateTime t) {
      return cell(out, column, t.toInstant(ZoneOffset.UTC));
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

  /** A list is one number per column; a null element is a missing cell, a null list a bad row. */
  private @Nullable String list(RawBlockBuilder out, Part part, Row row) {
    Object value = row.get(part.field());
    double[] vector = value instanceof Vector v ? v.toArray() : null;
    List<?> elements = value == null || vector != null ? List.of() : row.getList(part.field());
    int found = vector != null ? vector.length : elements.size();
    if (value == null || found != part.width()) {
      return "expected "
          + part.width()
          + " numbers in column "
          + part.name()
          + ", as in other rows, found "
          + (value == null ? "null" : String.valueOf(found));
    }
    String problem = null;
    for (int k = 0; k < found && problem == null; k++) {
      problem = cell(out, part.column() + k, vector != null ? vector[k] : elements.get(k));
    }
    return problem;
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
