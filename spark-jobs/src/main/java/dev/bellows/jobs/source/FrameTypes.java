package dev.bellows.jobs.source;

import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.TimestampNTZType;
import org.apache.spark.sql.types.TimestampType;

/** Which fields of a data frame can be columns, and how others are refused. */
final class FrameTypes {
  static final DataType INDICES = DataTypes.createArrayType(DataTypes.IntegerType, false);
  static final DataType VALUES = DataTypes.createArrayType(DataTypes.FloatType, false);

  private FrameTypes() {}

  /** Whether a field is one cell per row. */
  static boolean single(DataType t) {
    return t instanceof NumericType
        || t instanceof StringType
        || t instanceof BooleanType
        || t instanceof DateType
        || t instanceof TimestampType
        || t instanceof TimestampNTZType
        || t instanceof BinaryType;
  }

  /** Columns are found by name: each has one, and no two have the same. */
  static void checkNames(StructType type, String source) {
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < type.fields().length; i++) {
      StructField field = type.fields()[i];
      if (field.name().isBlank()) {
        throw new DataException(
            String.format(
                Locale.ROOT,
                "%s has a column without a name: number %d, of type %s; name it (withColumnRenamed) or drop it",
                source,
                i + 1,
                field.dataType().simpleString()));
      }
      if (!seen.add(field.name())) {
        throw new DataException(
            source
                + " has two columns named "
                + field.name()
                + " (the second of type "
                + field.dataType().simpleString()
                + "); rename or drop one");
      }
    }
  }

  static DataException unusable(String source, StructField field) {
    return new DataException(
        source
            + " has the column "
            + field.name()
            + " of type "
            + field.dataType().simpleString()
            + "; expected numbers, text, booleans, dates, timestamps, arrays of numbers or MLlib vectors: convert it, drop it, or"
            + " set features."
            + field.name()
            + ": {type: ignore}");
  }

  static DataException twoVectors(String source, String first, String second) {
    return new DataException(
        source
            + " has two sparse vector columns, "
            + first
            + " and "
            + second
            + "; assemble them into one, or give one {type: number} in features");
  }
}
