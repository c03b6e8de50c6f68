package dev.bellows.jobs.study;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import dev.bellows.engine.sample.split.Role;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.SparkFailures;
import dev.bellows.jobs.block.StudyRows;
import dev.bellows.jobs.run.RunFolder;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The files of a cross-validation, below {@code cv/}:
 *
 * <pre>
 * results.csv, results.parquet  a row per split: state, rows, epochs, loss and metrics, times
 * folds.parquet                 row_key, repeat, fold: where each row is measured
 * oof.parquet                   row_key, repeat, fold, label, prediction, probability
 * summary.json                  figures over all splits
 * </pre>
 */
final class CvFiles {
  private static final int CHUNK = 1 << 16;

  private CvFiles() {}

  static void write(SparkSession session, RunFolder folder, CvTable table) {
    folder.writeText("cv/results.csv", csv(table));
    folder.writeJson("cv/summary.json", table.tree());
    parquet(session, folder, "results", List.of(results(table)), resultType(table));
    parquet(session, folder, "folds", chunks(table, false), foldType());
    parquet(session, folder, "oof", chunks(table, true), oofType(table));
  }

  private static void parquet(
      SparkSession session, RunFolder folder, String name, List<Chunk> chunks, StructType type) {
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
    JavaRDD<Row> rows = spark.parallelize(chunks, Math.max(1, chunks.size())).flatMap(Chunk::rows);
    write(session.createDataFrame(rows, type), folder, "cv/" + name + ".parquet");
  }

  /** Replaces a Parquet file of a run folder. */
  static void write(Dataset<Row> table, RunFolder folder, String name) {
    folder.lease().check();
    String root = folder.files().root();
    String target = // not where Spark's default file system would put it
        root.contains("://") ? root : "file://" + Path.of(root).toAbsolutePath();
    try {
      SparkFailures.unwrap(
          () -> {
            table.coalesce(1).write().mode(SaveMode.Overwrite).parquet(target + "/" + name);
            return name;
          });
    } catch (Exception e) { // Spark's own, checked but never declared
      throw new BellowsException(
          ExitCode.MEMORY_OR_DISK, "cannot write " + root + "/" + name + ": " + e.getMessage(), e);
    }
  }

  /** Some rows of a table, as columns. */
  @DefaultSerializer(JavaSerializer.class) // whatever registrator the session has
  private record Chunk(List<Object[]> cells) implements Serializable {
    Iterator<Row> rows() {
      return cells.stream().map(RowFactory::create).iterator();
    }
  }

  private static StructField field(String name, org.apache.spark.sql.types.DataType type) {
    return DataTypes.createStructField(name, type, true);
  }

  private static StructType resultType(CvTable table) {
    List<StructField> fields = new ArrayList<>();
    fields.add(field("split", DataTypes.IntegerType));
    fields.add(field("repeat", DataTypes.IntegerType));
    fields.add(field("fold", DataTypes.IntegerType));
    fields.add(field("state", DataTypes.StringType));
    fields.add(field("train_rows", DataTypes.IntegerType));
    fields.add(field("validation_rows", DataTypes.IntegerType));
    fields.add(field("epochs", DataTypes.IntegerType));
    fields.add(field("best_epoch", DataTypes.IntegerType));
    fields.add(field("loss", DataTypes.DoubleType));
    table.metrics().forEach(name -> fields.add(field(name, DataTypes.DoubleType)));
    fields.add(field("fit_ms", DataTypes.LongType));
    fields.add(field("score_ms", DataTypes.LongType));
    return DataTypes.createStructType(fields);
  }

  private static Chunk results(CvTable table) {
    List<Object[]> rows = new ArrayList<>();
    for (UnitResult result : table.results().values()) {
      List<Object> cells = new ArrayList<>();
      cells.add(result.id());
      cells.add(table.folds().repeatOf(result.id()));
      cells.add(table.folds().foldOf(result.id()));
      cells.add(result.state().name().toLowerCase(Locale.ROOT));
      cells.add(result.trainRows());
      cells.add(result.validationRows());
      cells.add(result.epochs());
      cells.add(result.bestEpoch());
      cells.add(result.figures().get("loss"));
      table.metrics().forEach(name -> cells.add(result.figures().get(name)));
      cells.add(result.fitMillis());
      cells.add(result.scoreMillis());
      rows.add(cells.toArray());
    }
    return new Chunk(rows);
  }

  private static String csv(CvTable table) {
    StringBuilder text = new StringBuilder(String.join(",", resultType(table).fieldNames()));
    text.append('\n');
    for (Object[] row : results(table).cells()) {
      for (int c = 0; c < row.length; c++) {
        text.append(c == 0 ? "" : ",").append(row[c] == null ? "" : row[c]);
      }
      text.append('\n');
    }
    return text.toString();
  }

  private static StructType foldType() {
    return DataTypes.createStructType(
        List.of(
            field("row_key", DataTypes.LongType),
            field("repeat", DataTypes.IntegerType),
            field("fold", DataTypes.IntegerType)));
  }

  private static StructType oofType(CvTable table) {
    List<StructField> fields = new ArrayList<>(List.of(foldType().fields()));
    boolean classes = !table.rows().encoding().classes().isEmpty();
    if (classes) {
      fields.add(field("label", DataTypes.StringType));
      fields.add(field("prediction", DataTypes.StringType));
      fields.add(field("probability", DataTypes.createArrayType(DataTypes.FloatType)));
    } else {
      fields.add(field("prediction", DataTypes.createArrayType(DataTypes.DoubleType)));
    }
    return DataTypes.createStructType(fields);
  }

  private static List<Chunk> chunks(CvTable table, boolean predictions) {
    StudyRows rows = table.rows();
    long[] keys = rows.keys();
    int[] labels = rows.labels();
    List<String> classes = rows.encoding().classes();
    List<Chunk> chunks = new ArrayList<>();
    List<Object[]> cells = new ArrayList<>();
    for (UnitResult result : table.results().values()) {
      int split = result.id();
      int[] measured = table.folds().rows(split, Role.VALIDATION);
      for (int i = 0; i < measured.length; i++) {
        List<Object> row = new ArrayList<>();
        row.add(keys[measured[i]]);
        row.add(table.folds().repeatOf(split));
        row.add(table.folds().foldOf(split));
        if (predictions && !classes.isEmpty()) {
          int label = labels[measured[i]];
          float[] values = probabilities(result, i, classes.size());
          row.add(label < 0 ? null : classes.get(label));
          row.add(classes.get(best(values)));
          row.add(boxed(values));
        } else if (predictions) {
          row.add(numbers(result, i, table.unit(split)));
        }
        cells.add(row.toArray());
        if (cells.size() == CHUNK) {
          chunks.add(new Chunk(cells));
          cells = new ArrayList<>();
        }
      }
    }
    chunks.add(new Chunk(cells));
    return chunks;
  }

  /** One probability per class: a single output is that of the second class. */
  private static float[] probabilities(UnitResult result, int row, int classes) {
    int at = row * result.width();
    if (result.width() == 1 && classes == 2) {
      float second = result.predictions()[at];
      return new float[] {1 - second, second};
    }
    float[] values = new float[result.width()];
    System.arraycopy(result.predictions(), at, values, 0, values.length);
    return values;
  }

  private static int best(float[] values) {
    int best = 0;
    for (int k = 1; k < values.length; k++) {
      best = values[k] > values[best] ? k : best;
    }
    return best;
  }

  private static Float[] boxed(float[] values) {
    Float[] boxed = new Float[values.length];
    for (int k = 0; k < values.length; k++) {
      boxed[k] = values[k];
    }
    return boxed;
  }

  private static Double[] numbers(UnitResult result, int row, double[] unit) {
    Double[] numbers = new Double[result.width()];
    for (int k = 0; k < numbers.length; k++) {
      numbers[k] = result.predictions()[row * result.width() + k] * unit[0] + unit[1];
    }
    return numbers;
  }
}
