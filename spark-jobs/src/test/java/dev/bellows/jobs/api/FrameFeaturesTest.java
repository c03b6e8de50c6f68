package dev.bellows.jobs.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.source.DataException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What the columns of a data frame may be. */
@ExtendWith(SparkSessionExtension.class)
final class FrameFeaturesTest {
  private static final int ROWS = 300;

  @TempDir Path work;

  private TrainedRun train(SparkSession spark, String run, Dataset<Row> rows, String... sets) {
    Bellows bellows = Bellows.on(spark).yaml(Frames.YAML).runDir(work.resolve(run).toString());
    for (String set : sets) {
      int equals = set.indexOf('=');
      bellows = bellows.set(set.substring(0, equals), set.substring(equals + 1));
    }
    return bellows.train(rows);
  }

  /** A table of one list column, id and label. */
  private static Dataset<Row> lists(SparkSession spark, DataType type, ToList toList) {
    List<Row> rows = new ArrayList<>();
    for (int row = 0; row < ROWS; row++) {
      double[] values = new double[Frames.NUMBERS];
      for (int i = 0; i < values.length; i++) {
        // Zeros, so that MLlib stores some vectors sparse and some dense.
        values[i] = row % 4 == 0 && i > 0 ? 0 : Frames.number(row, i);
      }
      rows.add(RowFactory.create((long) row, toList.of(row, values), "class" + row % 3));
    }
    StructType schema =
        new StructType()
            .add("id", DataTypes.LongType)
            .add("points", type)
            .add("label", DataTypes.StringType);
    return spark.createDataFrame(rows, schema);
  }

  private interface ToList {
    Object of(int row, double[] values);
  }

  private static Object boxed(double[] values) {
    List<Double> out = new ArrayList<>();
    for (double value : values) {
      out.add(value);
    }
    return out;
  }

  @Test
  void vectorsAndArraysAreTheSameColumnsOfNumbers(SparkSession spark) {
    DataType vector = SQLDataTypes.VectorType();
    Dataset<Row> arrays =
        lists(spark, DataTypes.createArrayType(DataTypes.DoubleType), (r, v) -> boxed(v));
    TrainedRun first = train(spark, "arrays", arrays, "data.id=id");
    assertThat(first.model().evaluate(arrays).figures().get("accuracy")).isGreaterThan(0.6);
    List<Dataset<Row>> others =
        List.of(
            lists(spark, vector, (r, v) -> Vectors.dense(v)),
            lists(spark, vector, (r, v) -> Vectors.dense(v).toSparse()),
            lists(spark, vector, (r, v) -> Vectors.dense(v).compressed()).repartition(4));
    for (int i = 0; i < others.size(); i++) {
      TrainedRun run = train(spark, "vectors" + i, others.get(i), "data.id=id");
      assertThat(run.weightsSha256()).as("vectors %d", i).isEqualTo(first.weightsSha256());
      // A model of one form predicts the others.
      assertThat(first.model().evaluate(others.get(i)).figures())
          .isEqualTo(first.model().evaluate(arrays).figures());
    }
    Dataset<Row> predicted = first.model().transform(others.get(1));
    assertThat(predicted.columns())
        .containsExactly("id", "points", "label", "prediction", "probability");
    assertThat(predicted.first().<Vector>getAs("points").size()).isEqualTo(Frames.NUMBERS);
  }

  @Test
  void anAssembledVectorIsWhatItsColumnsAre(SparkSession spark) {
    Dataset<Row> rows = Frames.of(spark, 0, ROWS).drop("colour", "a");
    Dataset<Row> assembled =
        new VectorAssembler()
            .setInputCols(new String[] {"b", "c", "d"})
            .setOutputCol("features")
            .transform(rows)
            .drop("b", "c", "d");
    double plain =
        train(spark, "plain", rows, "data.id=id").model().evaluate(rows).figures().get("accuracy");
    TrainedRun run =
        train(
            spark, "assembled", assembled, "data.id=id", "features={features: {scale: standard}}");
    assertThat(run.model().evaluate(assembled).figures().get("accuracy")).isEqualTo(plain);
  }

  @Test
  void aVectorMayBeKeptSparse(SparkSession spark) {
    Dataset<Row> rows =
        lists(spark, SQLDataTypes.VectorType(), (r, v) -> Vectors.dense(v).compressed());
    TrainedRun sparse =
        train(spark, "sparse", rows, "data.id=id", "features={points: {type: sparse}}");
    assertThat(sparse.model().evaluate(rows).figures().get("accuracy")).isGreaterThan(0.5);
    assertThat(sparse.model().parameters()).isEqualTo(4 * 16 + 16 + 16 * 3 + 3);
    Dataset<Row> wide =
        lists(
            spark,
            SQLDataTypes.VectorType(),
            (r, v) -> Vectors.sparse(5000, new int[] {r % 3, 4000}, new double[] {1, v[0]}));
    TrainedRun found = train(spark, "wide", wide, "data.id=id", "features={points: {scale: none}}");
    assertThat(found.model().parameters()).isEqualTo(4001 * 16 + 16 + 16 * 3 + 3);
    assertThat(found.model().evaluate(wide).figures().get("accuracy")).isEqualTo(1.0);
    assertThat(found.model().transform(wide).count()).isEqualTo(ROWS);
  }

  @Test
  void aNullElementIsMissingAndANullOrShortListIsABadRow(SparkSession spark) {
    DataType floats = DataTypes.createArrayType(DataTypes.FloatType);
    ToList holes =
        (r, v) -> {
          List<Float> out = new ArrayList<>();
          for (int i = 0; i < v.length; i++) {
            out.add(r % 9 == 0 && i == 2 ? null : Float.valueOf((float) v[i]));
          }
          return out;
        };
    assertThat(train(spark, "holes", lists(spark, floats, holes)).finished()).isTrue();
    ToList broken =
        (r, v) -> r == 7 ? null : r == 8 ? List.of(1f, 2f) : List.of(1f, 2f, 3f, (float) v[0]);
    Dataset<Row> rows = lists(spark, floats, broken);
    assertThatThrownBy(() -> train(spark, "broken", rows.filter("id <> 8")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("expected 4 numbers in column points, as in other rows, found null");
    assertThatThrownBy(() -> train(spark, "short", rows.filter("id <> 7")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("numbers in column points, as in other rows, found");
    String drop = "data.bad_rows={drop: {max_fraction: 0.1}}";
    assertThat(train(spark, "dropped", rows, drop).finished()).isTrue();
  }

  @Test
  void columnsThatCannotBeUsedAreNamedWithTypeAndChoice(SparkSession spark) {
    Dataset<Row> rows = Frames.of(spark, 0, 60);
    Dataset<Row> texts = rows.withColumn("tags", functions.array(functions.lit("x")));
    assertThatThrownBy(() -> train(spark, "texts", texts))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("the training data frame has the column tags of type array<string>")
        .hasMessageContaining("arrays of numbers or MLlib vectors")
        .hasMessageContaining("features.tags: {type: ignore}");
    TrainedRun ignored = train(spark, "ignored", texts, "features={tags: {type: ignore}}");
    assertThat(ignored.model().transform(texts).columns()).contains("tags", "prediction");
    assertThatThrownBy(
            () -> train(spark, "struct", rows.withColumn("s", functions.struct("a", "b"))))
        .hasMessageContaining("column s of type struct<a:double,b:double>");
    assertThatThrownBy(() -> train(spark, "unnamed", rows.withColumnRenamed("b", "")))
        .hasMessageContaining("a column without a name: number 3, of type double");
    assertThatThrownBy(() -> train(spark, "twice", rows.select("id", "a", "b", "a", "label")))
        .hasMessageContaining("two columns named a (the second of type double)");
  }

  @Test
  void datesTimesAndBooleansAreColumns(SparkSession spark) {
    Dataset<Row> rows =
        Frames.of(spark, 0, ROWS)
            .withColumn("day", functions.expr("date_add(date'2020-01-01', cast(id as int))"))
            .withColumn("at", functions.expr("timestamp_seconds(id * 1000)"))
            .withColumn("local", functions.expr("cast('2020-01-01 10:00:00' as timestamp_ntz)"))
            .withColumn("odd", functions.expr("id % 3 = 1"))
            .withColumn("money", functions.expr("cast(b as decimal(12, 3))"));
    TrainedRun run = train(spark, "types", rows, "data.id=id");
    assertThat(run.model().evaluate(rows.repartition(5)).figures().get("accuracy"))
        .isGreaterThan(0.8);
  }
}
