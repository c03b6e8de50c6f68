package dev.bellows.jobs.block;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.source.ListRule;
import dev.bellows.jobs.source.SourceReader;
import dev.bellows.jobs.source.Sources;
import dev.bellows.jobs.table.Preprocess;
import dev.bellows.jobs.table.Profile;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

/**
 * Training, validation and test rows, encoded once and cached by Spark.
 *
 * <p>What is in a shard, and in which order, is a function of the rows, the seed and the number of
 * slices: not of partitions, of the order of files or of the cluster. Each source row is read and
 * computed once. Close it to release the cache.
 */
public final class PreparedData implements AutoCloseable {
  private final Preprocess preprocess;
  private final Profile profile;
  private final List<Long> trainingClassCounts;
  private final JavaRDD<DataShard> train;
  private final @Nullable JavaRDD<DataShard> validation;
  private final @Nullable JavaRDD<DataShard> test;
  private final long[] shardSizes;
  private final long validationRows;
  private final long testRows;
  private final String validationFingerprint;
  private final String testFingerprint;
  private final List<Broadcast<?>> broadcasts;

  PreparedData(
      Preprocess preprocess,
      Profile profile,
      List<Long> trainingClassCounts,
      JavaRDD<DataShard> train,
      long[] shardSizes,
      @Nullable EncodedRows validation,
      @Nullable EncodedRows test,
      List<Broadcast<?>> broadcasts) {
    this.preprocess = preprocess;
    this.profile = profile;
    this.trainingClassCounts = List.copyOf(trainingClassCounts);
    this.train = train;
    this.shardSizes = shardSizes;
    this.validation = validation == null ? null : validation.blocks();
    this.test = test == null ? null : test.blocks();
    this.validationRows = validation == null ? 0 : validation.rows();
    this.testRows = test == null ? 0 : test.rows();
    this.validationFingerprint = validation == null ? "" : validation.fingerprint();
    this.testFingerprint = test == null ? "" : test.fingerprint();
    this.broadcasts = new ArrayList<>(broadcasts);
  }

  /**
   * Reads, profiles, splits, fits and encodes.
   *
   * @param config the resolved configuration ({@code data}, {@code features}, {@code target},
   *     {@code task}, {@code seed})
   * @param baseDir what relative paths of the configuration resolve against; empty for the working
   *     folder
   * @param partitions N, partitions of the training RDD, 1 or more
   * @param slices V, data shards, 1 or more
   * @throws dev.bellows.jobs.source.DataException (exit code 4) when the data cannot be used
   */
  public static PreparedData prepare(
      SparkSession session, RunConfig config, String baseDir, int partitions, int slices) {
    return prepare(session, config, baseDir, GivenRows.NONE, partitions, slices);
  }

  /**
   * As {@link #prepare(SparkSession, RunConfig, String, int, int)}, with data frames in place of
   * configured sources.
   */
  public static PreparedData prepare(
      SparkSession session,
      RunConfig config,
      String baseDir,
      GivenRows given,
      int partitions,
      int slices) {
    return SparkFailures.unwrap(
        () -> {
          ListRule rule = ListRule.training(config.features());
          SourceReader source;
          if (given.train() != null) {
            source = GivenRows.source(given.train(), "training", rule);
          } else if (config.data().train() != null) {
            source = Sources.open(session, config.data().train(), baseDir, rule);
          } else {
            throw new BellowsException(
                ExitCode.CONFIG,
                "data.train is not configured and no data frame was given; name a source, or train on a data frame");
          }
          return new Preparation(session, config, baseDir, given)
              .prepare(source, partitions, slices);
        });
  }

  /** As above, with a data frame as the training source. */
  public static PreparedData prepare(
      Dataset<Row> rows, RunConfig config, String baseDir, int partitions, int slices) {
    GivenRows given = new GivenRows(rows, null, null);
    return prepare(rows.sparkSession(), config, baseDir, given, partitions, slices);
  }

  /**
   * V data shards in N partitions; partition p holds shards floor(p*V/N) until floor((p+1)*V/N),
   * ascending. Cached.
   */
  public JavaRDD<DataShard> train() {
    return train;
  }

  /**
   * Held-out rows as numbered blocks of up to 4,096 rows in a fixed order; null when there are
   * none. Cached.
   */
  public @Nullable JavaRDD<DataShard> validation() {
    return validation;
  }

  /** Test rows, as {@link #validation()}. */
  public @Nullable JavaRDD<DataShard> test() {
    return test;
  }

  /** Rows of each of the V data shards; sizes differ by at most one. */
  public long[] shardSizes() {
    return shardSizes.clone();
  }

  public long trainRows() {
    long n = 0;
    for (long s : shardSizes) {
      n += s;
    }
    return n;
  }

  public long validationRows() {
    return validationRows;
  }

  public long testRows() {
    return testRows;
  }

  /** What was fitted on the training rows. */
  public Preprocess preprocess() {
    return preprocess;
  }

  /** What the training source looks like. */
  public Profile profile() {
    return profile;
  }

  /**
   * Training rows of each class in label order, without held-out rows; empty for regression.
   * ({@link Profile#classCounts} counts both.)
   */
  public List<Long> trainingClassCounts() {
    return trainingClassCounts;
  }

  /** What a network must know. */
  public DatasetShape shape() {
    return DatasetShape.of(preprocess);
  }

  /**
   * Fingerprint of the source of the validation rows; empty when there is none of their own, so
   * that {@link Profile#fingerprint} covers them.
   */
  public String validationFingerprint() {
    return validationFingerprint;
  }

  /** Fingerprint of the source of the test rows, as {@link #validationFingerprint()}. */
  public String testFingerprint() {
    return testFingerprint;
  }

  @Override
  public void close() {
    train.unpersist(false);
    if (validation != null) {
      validation.unpersist(false);
    }
    if (test != null) {
      test.unpersist(false);
    }
    broadcasts.forEach(b -> b.destroy(false));
    broadcasts.clear();
  }
}
