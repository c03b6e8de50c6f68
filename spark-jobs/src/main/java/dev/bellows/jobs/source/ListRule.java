package dev.bellows.jobs.source;

import dev.bellows.engine.audio.LogMel;
import dev.bellows.jobs.config.FeatureConfig;
import dev.bellows.jobs.config.FeaturesConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.spark.ml.attribute.AttributeGroup;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * What the arrays of numbers and the MLlib vectors of a data frame become: {@code name[0]} to
 * {@code name[k-1]}, k columns of numbers, or the sparse part of the rows.
 *
 * <p>For a training, a vector is columns up to a width of {@value #WIDEST_COLUMNS}, and the sparse
 * part above it or where the configuration says {@code type: sparse}. That does not depend on which
 * rows happen to be stored as dense or sparse vectors. For a stored model, the model decides.
 */
public final class ListRule {
  /** Widest vector that becomes columns of its own accord. */
  static final int WIDEST_COLUMNS = 1024;

  /** Width of a vector that is the sparse part. */
  static final int SPARSE = 0;

  private final @Nullable FeaturesConfig features;
  private final List<String> modelColumns;
  private final boolean modelSparse;
  private final Map<String, Tokenizer> tokenizers;
  private final @Nullable LogMel sound;

  private ListRule(
      @Nullable FeaturesConfig features,
      List<String> modelColumns,
      boolean modelSparse,
      Map<String, Tokenizer> tokenizers,
      @Nullable LogMel sound) {
    this.tokenizers = tokenizers;
    this.sound = sound;
    this.features = features;
    this.modelColumns = modelColumns;
    this.modelSparse = modelSparse;
  }

  /** For rows that are trained on. */
  public static ListRule training(FeaturesConfig features) {
    return new ListRule(features, List.of(), false, Map.of(), features.sound());
  }

  /**
   * For rows of a stored model.
   *
   * @param columns all columns of its training source
   * @param sparse whether it has a sparse part
   * @param tokenizers those of its text columns
   * @param sound how its sounds became images; null for none
   */
  public static ListRule model(
      List<String> columns,
      boolean sparse,
      Map<String, Tokenizer> tokenizers,
      @Nullable LogMel sound) {
    return new ListRule(null, List.copyOf(columns), sparse, Map.copyOf(tokenizers), sound);
  }

  /** How sounds become images; null where nothing says so. */
  @Nullable LogMel sound() {
    return sound;
  }

  /** How the text of a column becomes tokens. */
  Tokenizer tokenizer(String column) {
    Tokenizer known = tokenizers.get(column);
    if (known != null) {
      return known;
    }
    return features == null ? Tokenizer.WHITESPACE : Tokenizer.of(features.of(column).text());
  }

  /** For rows whose arrays and vectors are not looked at. */
  static ListRule none() {
    return model(List.of(), false, Map.of(), null);
  }

  /** Name of one column of a list. */
  static String name(String list, int index) {
    return list + "[" + index + "]";
  }

  static boolean vector(DataType type) {
    return type.equals(SQLDataTypes.VectorType());
  }

  /** Whether a field may become several columns. */
  static boolean list(DataType type) {
    return vector(type) || (type instanceof ArrayType a && a.elementType() instanceof NumericType);
  }

  /** Whether a column that cannot be used is an error. */
  boolean needs(String column) {
    return features != null && features.of(column).type() != FeatureConfig.Type.IGNORE;
  }

  /** Name to width of the lists that are used, {@link #SPARSE} for the sparse part. */
  Map<String, Integer> widths(StructType type) {
    return widths(type, null);
  }

  /**
   * As {@link #widths(StructType)}; where only the rows can tell the width of a training column,
   * the first complete row is looked at.
   */
  Map<String, Integer> widths(Dataset<Row> rows) {
    return widths(rows.schema(), rows);
  }

  private Map<String, Integer> widths(StructType type, @Nullable Dataset<Row> rows) {
    Map<String, Integer> widths = new LinkedHashMap<>();
    List<Integer> unknown = new ArrayList<>();
    for (int i = 0; i < type.fields().length; i++) {
      StructField field = type.fields()[i];
      if (!list(field.dataType())) {
        continue;
      }
      if (features == null) {
        ofModel(field, widths);
      } else if (needs(field.name())) {
        int width = vector(field.dataType()) ? AttributeGroup.fromStructField(field).size() : -1;
        if (width < 1) {
          unknown.add(i);
        }
        widths.put(field.name(), width);
      }
    }
    if (!unknown.isEmpty()) {
      int[] seen = look(Objects.requireNonNull(rows), unknown);
      for (int i = 0; i < seen.length; i++) {
        widths.put(type.fields()[unknown.get(i)].name(), seen[i]);
      }
    }
    if (features != null) {
      for (StructField field : type.fields()) {
        if (vector(field.dataType())) {
          widths.computeIfPresent(field.name(), (name, width) -> decided(features, name, width));
        }
      }
    }
    return widths;
  }

  private static int decided(FeaturesConfig features, String name, int width) {
    FeatureConfig.Type wanted = features.of(name).type();
    boolean sparse =
        wanted == FeatureConfig.Type.SPARSE
            || (wanted == FeatureConfig.Type.AUTO && width > WIDEST_COLUMNS);
    return sparse ? SPARSE : width;
  }

  private void ofModel(StructField field, Map<String, Integer> widths) {
    int width = 0;
    while (modelColumns.contains(name(field.name(), width))) {
      width++;
    }
    if (width > 0) {
      widths.put(field.name(), width);
    } else if (modelSparse && vector(field.dataType())) {
      widths.put(field.name(), SPARSE);
    }
  }

  /** Widths in the first row in which none of the fields is null; 1 where there is no such row. */
  private static int[] look(Dataset<Row> rows, List<Integer> fields) {
    List<int[]> first =
        rows.javaRDD()
            .filter(row -> fields.stream().noneMatch(row::isNullAt))
            .map(row -> fields.stream().mapToInt(f -> width(row, f)).toArray())
            .take(1);
    if (first.isEmpty()) {
      return fields.stream().mapToInt(f -> 1).toArray();
    }
    return first.get(0);
  }

  private static int width(Row row, int field) {
    return row.get(field) instanceof Vector v ? v.size() : row.getList(field).size();
  }
}
