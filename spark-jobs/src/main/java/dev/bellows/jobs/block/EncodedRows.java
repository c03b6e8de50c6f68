package dev.bellows.jobs.block;

import dev.bellows.jobs.config.DataConfig;
import dev.bellows.jobs.config.HoldoutConfig;
import dev.bellows.jobs.config.SourceConfig;
import dev.bellows.jobs.config.TargetConfig;
import dev.bellows.jobs.source.SourceReader;
import dev.bellows.jobs.source.Sources;
import dev.bellows.jobs.table.Preprocess;
import dev.bellows.jobs.table.TargetColumn;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

/**
 * Rows that are not trained on, encoded for a fitted {@link Preprocess}: numbered blocks of up to
 * 4,096 rows in a fixed order.
 */
public final class EncodedRows implements AutoCloseable {
  private final JavaRDD<DataShard> blocks;
  private final long rows;
  private final String fingerprint;
  private final List<Broadcast<?>> broadcasts;

  EncodedRows(
      JavaRDD<DataShard> blocks, long rows, String fingerprint, List<Broadcast<?>> broadcasts) {
    this.blocks = blocks;
    this.rows = rows;
    this.fingerprint = fingerprint;
    this.broadcasts = new ArrayList<>(broadcasts);
  }

  /**
   * Reads labelled rows for a stored model. Columns are found by name; see {@link
   * dev.bellows.jobs.table.TablePlan#forModel}.
   *
   * @param data policy for bad rows, id and weight columns
   * @param unseen what rows of classes do that training did not show: fail, or count as label -1
   * @param baseDir what relative paths resolve against
   * @throws dev.bellows.jobs.source.DataException (exit code 4) when the data does not fit the
   *     model
   */
  public static EncodedRows read(
      SparkSession session,
      SourceConfig source,
      DataConfig data,
      Preprocess preprocess,
      TargetConfig.Unseen unseen,
      String baseDir) {
    SourceReader reader =
        Sources.open(
            session,
            ModelColumns.named(source, preprocess),
            baseDir,
            ModelColumns.lists(preprocess));
    Set<String> refused = unseen == TargetConfig.Unseen.FAIL ? targets(preprocess) : Set.of();
    return SparkFailures.unwrap(() -> HeldOut.encode(session, reader, data, preprocess, refused));
  }

  private static Set<String> targets(Preprocess preprocess) {
    return preprocess.targets().stream().map(TargetColumn::name).collect(Collectors.toSet());
  }

  /**
   * Labelled rows of a data frame for a stored model: rows that cannot be read and classes that
   * training did not show are refused.
   *
   * @param weight column of row weights; null: all 1
   */
  public static EncodedRows read(
      Dataset<Row> rows, Preprocess preprocess, @Nullable String weight) {
    DataConfig data =
        new DataConfig(
            null,
            HoldoutConfig.NONE,
            HoldoutConfig.NONE,
            null,
            DataConfig.BadRows.FAIL,
            0,
            null,
            weight);
    return SparkFailures.unwrap(
        () ->
            HeldOut.encode(
                rows.sparkSession(),
                GivenRows.source(rows, "test", ModelColumns.lists(preprocess)),
                data,
                preprocess,
                targets(preprocess)));
  }

  /** The blocks. Cached. */
  public JavaRDD<DataShard> blocks() {
    return blocks;
  }

  public long rows() {
    return rows;
  }

  /**
   * Fingerprint of the source, as {@link dev.bellows.jobs.table.Profile#fingerprint}; empty for
   * rows that were split off from the training source, whose fingerprint covers them.
   */
  public String fingerprint() {
    return fingerprint;
  }

  /** Category cells whose value training did not show: they are in the unknown bucket. */
  public long unknownCategories() {
    return blocks.aggregate(0L, (sum, shard) -> sum + shard.block().unknownCategories(), Long::sum);
  }

  List<Broadcast<?>> broadcasts() {
    return broadcasts;
  }

  @Override
  public void close() {
    blocks.unpersist(false);
    broadcasts.forEach(b -> b.destroy(false));
    broadcasts.clear();
  }
}
