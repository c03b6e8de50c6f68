package dev.bellows.jobs.block;

import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.RunConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.SparkSession;

/** Configurations and small files for tests of prepared data. */
final class TestRuns {
  private TestRuns() {}

  /** A train configuration: {@code yaml} holds task, data, features and target. */
  static RunConfig config(String yaml) {
    String model = yaml.contains("task: regression") ? "linear" : "logistic";
    return ConfigLoader.parse("version: 1\nseed: 7\n" + yaml + "\nmodel: {type: " + model + "}\n")
        .config();
  }

  /**
   * A classification configuration for one CSV file; {@code data} continues the data section,
   * {@code rest} follows it.
   */
  static RunConfig csv(Path file, String options, String data, String rest) {
    return config(
        "task: classification\ndata:\n  train: {format: csv, path: "
            + file
            + (options.isEmpty() ? "" : ", " + options)
            + "}\n"
            + data
            + "\n"
            + rest);
  }

  static PreparedData prepare(SparkSession spark, RunConfig config) {
    return PreparedData.prepare(spark, config, "", 2, 4);
  }

  static Path write(Path folder, String name, String text) {
    return write(folder, name, text.getBytes(StandardCharsets.UTF_8));
  }

  static Path write(Path folder, String name, byte[] bytes) {
    try {
      Files.createDirectories(folder);
      return Files.write(folder.resolve(name), bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Shards by id. */
  static List<DataShard> shards(JavaRDD<DataShard> rdd) {
    return rdd.collect().stream().sorted(Comparator.comparingInt(DataShard::id)).toList();
  }

  static List<Block> blocks(JavaRDD<DataShard> rdd) {
    return shards(rdd).stream().map(DataShard::block).toList();
  }
}
