package dev.bellows.jobs.bench;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** MNIST as MLlib wants it: label and a dense vector of pixels in 0..1. */
final class MnistRows {
  private static final StructType SCHEMA =
      new StructType(
          new StructField[] {
            new StructField("label", DataTypes.DoubleType, false, Metadata.empty()),
            new StructField("features", SQLDataTypes.VectorType(), false, Metadata.empty())
          });

  private MnistRows() {}

  /**
   * Reads {@code prefix-images-idx3-ubyte.gz} and its labels of {@code dir} into {@code partitions}
   * cached partitions.
   */
  static Dataset<Row> read(SparkSession spark, Path dir, String prefix, int partitions)
      throws IOException {
    List<Row> rows = new ArrayList<>();
    try (DataInputStream images = open(dir.resolve(prefix + "-images-idx3-ubyte.gz"));
        DataInputStream labels = open(dir.resolve(prefix + "-labels-idx1-ubyte.gz"))) {
      images.readInt();
      int count = images.readInt();
      int width = images.readInt() * images.readInt();
      labels.readLong();
      byte[] pixels = new byte[width];
      for (int i = 0; i < count; i++) {
        images.readFully(pixels);
        double[] values = new double[width];
        for (int j = 0; j < width; j++) {
          values[j] = (pixels[j] & 0xff) / 255.0;
        }
        rows.add(RowFactory.create((double) labels.readUnsignedByte(), Vectors.dense(values)));
      }
    }
    Dataset<Row> cached = spark.createDataFrame(rows, SCHEMA).repartition(partitions).cache();
    cached.count();
    return cached;
  }

  private static DataInputStream open(Path file) throws IOException {
    return new DataInputStream(
        new java.io.BufferedInputStream(new GZIPInputStream(Files.newInputStream(file)), 1 << 16));
  }
}
