package dev.bellows.jobs.api;

import dev.bellows.engine.sample.Mix64;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** A data frame of three noisy classes with a missing cell here and there. */
final class Frames {
  static final int NUMBERS = 4;

  static final StructType SCHEMA =
      new StructType()
          .add("id", DataTypes.LongType, false)
          .add("a", DataTypes.DoubleType)
          .add("b", DataTypes.DoubleType)
          .add("c", DataTypes.DoubleType)
          .add("d", DataTypes.DoubleType)
          .add("colour", DataTypes.StringType)
          .add("label", DataTypes.StringType);

  /** A small network over any columns; the training rows are given. */
  static final String YAML =
      """
      version: 1
      task: classification
      seed: 5
      target: {name: label}
      model: {type: network, layers: [{dense: {units: 16, activation: relu}}, {dense: {units: 3}}]}
      trainer: {epochs: 4, batch_size: 32, optimizer: {adam: {learning_rate: 0.02}}}
      output: {report: false}
      """;

  private Frames() {}

  /** Value of one of the numbers of a row. */
  static double number(int row, int i) {
    double noise = Mix64.unit(Mix64.mix(row * 31L + i)) * 2 - 1;
    return noise + 1.5 * Math.sin(row % 3 * 2.0 + i);
  }

  static List<Row> rows(int from, int to) {
    List<Row> rows = new ArrayList<>();
    for (int row = from; row < to; row++) {
      Double a = row % 17 == 0 ? null : number(row, 0);
      String colour = row % 13 == 0 ? null : List.of("red", "green", "blue").get(row % 7 % 3);
      rows.add(
          RowFactory.create(
              (long) row,
              a,
              number(row, 1),
              number(row, 2),
              number(row, 3),
              colour,
              "class" + row % 3));
    }
    return rows;
  }

  static Dataset<Row> of(SparkSession spark, int from, int to) {
    return spark.createDataFrame(rows(from, to), SCHEMA);
  }
}
