package dev.bellows.jobs.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.source.DataException;
import dev.bellows.jobs.source.RawBlock;
import dev.bellows.jobs.source.SourceReader;
import dev.bellows.jobs.source.Sources;
import dev.bellows.jobs.table.SplitColumns;
import dev.bellows.jobs.table.TablePlan;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A preparation that fails leaves nothing in Spark's cache, however far it came. */
@ExtendWith(SparkSessionExtension.class)
class CacheReleaseTest {
  @TempDir Path dir;

  private Path rows(String name, String lastClass) {
    StringBuilder s = new StringBuilder("a,label\n");
    for (int i = 0; i < 60; i++) {
      s.append(i * i).append(',').append(i % 2 == 0 ? "no" : "yes").append('\n');
    }
    return TestRuns.write(dir, name, s + "7," + lastClass + "\n");
  }

  private static Set<Integer> cached(SparkSession spark) {
    return new HashSet<>(
        JavaSparkContext.fromSparkContext(spark.sparkContext()).getPersistentRDDs().keySet());
  }

  private static void failsClean(SparkSession spark, String data, String message) {
    Set<Integer> before = cached(spark);
    assertThatThrownBy(
            () ->
                TestRuns.prepare(
                    spark, TestRuns.config("task: classification\ndata: {" + data + "}")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(message);
    assertThat(cached(spark)).isEqualTo(before);
  }

  @Test
  void training_rows_are_released_when_the_validation_file_does_not_fit(SparkSession spark) {
    failsClean(
        spark,
        "train: {format: csv, path: "
            + rows("train.csv", "yes")
            + "}, validation: {format: csv, path: "
            + rows("other.csv", "perhaps")
            + "}",
        "perhaps");
  }

  @Test
  void validation_rows_are_released_when_the_test_file_does_not_fit(SparkSession spark) {
    failsClean(
        spark,
        "train: {format: csv, path: "
            + rows("train.csv", "yes")
            + "}, validation: {fraction: 0.2}, test: {format: csv, path: "
            + rows("other.csv", "perhaps")
            + "}",
        "perhaps");
  }

  @Test
  void held_out_blocks_are_released_when_dealing_fails(SparkSession spark) {
    SourceReader source =
        Sources.open(spark, TestRuns.csv(rows("train.csv", "yes"), "", "", "").data().train(), "");
    try (PreparedData fitted =
        TestRuns.prepare(spark, TestRuns.csv(dir.resolve("train.csv"), "", "", ""))) {
      TablePlan plan = TablePlan.forModel(source, fitted.preprocess(), true, null, null);
      JavaRDD<RawBlock> raw = source.blocks(plan.schema());
      List<RowKeys> keys = HeldOut.collectKeys(raw, plan, SplitColumns.NONE);
      RowPlan other = RowPlan.all(keys, RowPlan.TEST);
      other.checksums[0]++; // as if a row had changed since it was ranked
      Set<Integer> before = cached(spark);
      assertThatThrownBy(
              () ->
                  SparkFailures.unwrap(
                      () ->
                          HeldOut.deal(
                              spark,
                              raw,
                              other,
                              RowPlan.TEST,
                              new Encoder(plan, fitted.preprocess(), java.util.Set.of()),
                              "")))
          .isInstanceOf(DataException.class)
          .hasMessageContaining("the data changed");
      assertThat(cached(spark)).isEqualTo(before);
    }
  }
}
