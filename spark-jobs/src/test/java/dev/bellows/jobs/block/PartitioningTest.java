package dev.bellows.jobs.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.sample.Mix64;
import dev.bellows.engine.sample.Purpose;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.source.DataException;
import dev.bellows.jobs.source.ListRule;
import dev.bellows.jobs.source.RawBlock;
import dev.bellows.jobs.source.SourceReader;
import dev.bellows.jobs.source.Sources;
import dev.bellows.jobs.table.SplitColumns;
import dev.bellows.jobs.table.TablePlan;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.LongAccumulator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The blocks are a function of the rows, the seed and the slices; of nothing else. */
@ExtendWith(SparkSessionExtension.class)
class PartitioningTest {
  private static final int ROWS = 500;
  private static final StructType SCHEMA =
      new StructType()
          .add("x", DataTypes.DoubleType)
          .add("y", DataTypes.DoubleType)
          .add("city", DataTypes.StringType)
          .add("w", DataTypes.DoubleType)
          .add("label", DataTypes.StringType);

  private static final String YAML =
      """
      task: classification
      data:
        train: {format: csv, path: unused.csv}
        validation: {fraction: 0.1}
        test: {fraction: 0.2}
        weight: w
      features: {x: {impute: median, missing_flag: true}, city: {min_count: 3}}
      """;

  @TempDir Path dir;

  /** Rows with missing cells, rare categories, far apart magnitudes and repetitions. */
  private static List<Row> rows(int n) {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      int j = i % 10 == 9 ? i - 3 : i; // some rows repeat others
      double u = Mix64.unit(Mix64.mix(5, Purpose.SYNTH, j));
      Double x = j % 11 == 0 ? null : u * Math.pow(10, j % 12 - 6);
      String city = j % 97 == 0 ? "rare" + j : j % 13 == 0 ? null : "city" + j % 7;
      rows.add(
          RowFactory.create(x, 1e9 + u, city, 0.5 + j % 4, "class" + (j % 5 == 0 ? 2 : j % 2)));
    }
    return rows;
  }

  private static Dataset<Row> frame(SparkSession spark, int n, int partitions, boolean reversed) {
    List<Row> rows = new ArrayList<>(rows(n));
    if (reversed) {
      java.util.Collections.reverse(rows);
    }
    return spark.createDataFrame(
        org.apache.spark.api.java.JavaSparkContext.fromSparkContext(spark.sparkContext())
            .parallelize(rows, partitions),
        SCHEMA);
  }

  /** Everything that must not change. */
  private record Outcome(
      Object preprocess,
      Object profile,
      Map<Integer, Block> train,
      List<Block> validation,
      List<Block> test) {
    static Outcome of(PreparedData d) {
      Map<Integer, Block> train = new TreeMap<>();
      TestRuns.shards(d.train()).forEach(s -> train.put(s.id(), s.block()));
      return new Outcome(
          d.preprocess().toJson(),
          d.profile(),
          train,
          TestRuns.blocks(d.validation()),
          TestRuns.blocks(d.test()));
    }
  }

  @Test
  void fault_56_blocks_are_the_same_for_any_partitioning(SparkSession spark) {
    RunConfig config = TestRuns.config(YAML);
    Outcome expected = null;
    int[][] cases = {{1, 1, 0}, {2, 2, 0}, {7, 3, 1}, {8, 8, 1}, {64, 4, 0}};
    for (int[] c : cases) {
      try (PreparedData d =
          PreparedData.prepare(frame(spark, ROWS, c[0], c[2] == 1), config, "", c[1], 8)) {
        assertThat(d.train().getNumPartitions()).isEqualTo(c[1]);
        Outcome outcome = Outcome.of(d);
        if (expected == null) {
          expected = outcome;
          assertThat(d.testRows()).isEqualTo(100);
          assertThat(d.validationRows()).isEqualTo(50);
          assertThat(d.shardSizes()).containsExactly(44, 44, 44, 44, 44, 44, 43, 43);
        }
        assertThat(outcome).as("%d input partitions", c[0]).isEqualTo(expected);
      }
    }
  }

  @Test
  void fault_56_ten_rows_in_64_partitions(SparkSession spark) {
    RunConfig config = TestRuns.config(YAML.replace("min_count: 3", "min_count: 1"));
    try (PreparedData one = PreparedData.prepare(frame(spark, 10, 1, false), config, "", 1, 4);
        PreparedData many = PreparedData.prepare(frame(spark, 10, 64, true), config, "", 4, 4)) {
      assertThat(Outcome.of(many)).isEqualTo(Outcome.of(one));
    }
  }

  @Test
  void partition_p_holds_its_range_of_shards(SparkSession spark) {
    RunConfig config = TestRuns.config(YAML);
    try (PreparedData d = PreparedData.prepare(frame(spark, 60, 3, false), config, "", 3, 8)) {
      List<List<DataShard>> partitions = d.train().glom().collect();
      assertThat(partitions.get(0)).extracting(DataShard::id).containsExactly(0, 1);
      assertThat(partitions.get(1)).extracting(DataShard::id).containsExactly(2, 3, 4);
      assertThat(partitions.get(2)).extracting(DataShard::id).containsExactly(5, 6, 7);
    }
    try (PreparedData d = PreparedData.prepare(frame(spark, 60, 3, false), config, "", 5, 2)) {
      assertThat(d.train().glom().collect().stream().mapToInt(List::size).sum()).isEqualTo(2);
    }
  }

  @Test
  void row_keys_are_unique_and_holdout_is_stratified(SparkSession spark) {
    try (PreparedData d =
        PreparedData.prepare(frame(spark, ROWS, 4, false), TestRuns.config(YAML), "", 2, 8)) {
      Set<Long> keys = new HashSet<>();
      int[] testLabels = new int[3];
      for (Block b : TestRuns.blocks(d.test())) {
        for (int r = 0; r < b.rows(); r++) {
          keys.add(b.rowKeys()[r]);
          testLabels[b.labels()[r]]++;
        }
      }
      TestRuns.blocks(d.validation()).forEach(b -> add(keys, b));
      TestRuns.blocks(d.train()).forEach(b -> add(keys, b));
      assertThat(keys).hasSize(ROWS);
      List<Long> counts = new ArrayList<>(d.profile().classCounts().values());
      for (int c = 0; c < 3; c++) {
        assertThat((double) testLabels[c])
            .isCloseTo(0.2 * counts.get(c), org.assertj.core.data.Offset.offset(1.0));
      }
      assertThat(d.profile().duplicates()).isEqualTo(50);
    }
  }

  private static void add(Set<Long> keys, Block b) {
    for (long key : b.rowKeys()) {
      keys.add(key);
    }
  }

  @Test
  void csv_files_in_any_order_and_number(SparkSession spark) {
    List<Row> rows = rows(ROWS);
    String header = "x,y,city,w,label\n";
    List<Outcome> outcomes = new ArrayList<>();
    for (int files : new int[] {1, 3}) {
      for (boolean reversed : new boolean[] {false, true}) {
        Path folder = dir.resolve("f" + files + reversed);
        for (int f = 0; f < files; f++) {
          StringBuilder s = new StringBuilder(header);
          for (int i = f * ROWS / files; i < (f + 1) * ROWS / files; i++) {
            s.append(rows.get(i).mkString(",").replace("null", "")).append('\n');
          }
          TestRuns.write(folder, "part-" + (reversed ? files - f : f) + ".csv", s.toString());
        }
        RunConfig config = TestRuns.config(YAML.replace("unused.csv", folder.toString()));
        try (PreparedData d = PreparedData.prepare(spark, config, "", 2, 8)) {
          outcomes.add(Outcome.of(d));
        }
      }
    }
    assertThat(outcomes).allMatch(o -> o.equals(outcomes.get(0)));
  }

  @Test
  void each_row_is_computed_once(SparkSession spark) {
    LongAccumulator computed = spark.sparkContext().longAccumulator();
    Dataset<Row> counted =
        frame(spark, ROWS, 4, false)
            .map(
                (org.apache.spark.api.java.function.MapFunction<Row, Row>)
                    row -> {
                      computed.add(1);
                      return row;
                    },
                Encoders.row(SCHEMA));
    try (PreparedData d = PreparedData.prepare(counted, TestRuns.config(YAML), "", 2, 8)) {
      assertThat(d.train().count()).isEqualTo(8);
      assertThat(TestRuns.blocks(d.test())).hasSize(1);
      assertThat(computed.value()).isEqualTo(ROWS);
    }
  }

  @Test
  void an_id_column_names_the_rows(SparkSession spark) {
    String yaml = YAML.replace("  weight: w", "  weight: w\n  id: id");
    List<List<Long>> keys = new ArrayList<>();
    for (double shift : new double[] {0, 5}) {
      Dataset<Row> rows =
          frame(spark, 80, 2, false)
              .withColumn(
                  "id",
                  functions.concat(functions.lit("r"), functions.monotonically_increasing_id()));
      rows = rows.withColumn("y", functions.col("y").plus(shift));
      try (PreparedData d = PreparedData.prepare(rows, TestRuns.config(yaml), "", 2, 4)) {
        List<Long> all = new ArrayList<>();
        TestRuns.blocks(d.train())
            .forEach(b -> java.util.Arrays.stream(b.rowKeys()).forEach(all::add));
        keys.add(all);
        assertThat(d.preprocess().categories()).extracting("name").doesNotContain("id");
      }
    }
    assertThat(keys.get(1)).isEqualTo(keys.get(0));
  }

  @Test
  void fault_67_rows_that_change_between_computations(SparkSession spark) {
    LongAccumulator computation = spark.sparkContext().longAccumulator();
    Dataset<Row> unstable =
        frame(spark, 200, 2, false)
            .map(
                (org.apache.spark.api.java.function.MapFunction<Row, Row>)
                    row -> {
                      computation.add(1);
                      return RowFactory.create(
                          computation.value() * 1e-3 + System.nanoTime() % 1000,
                          row.get(1),
                          row.get(2),
                          row.get(3),
                          row.get(4));
                    },
                Encoders.row(SCHEMA));
    RunConfig config = TestRuns.config(YAML);
    try (PreparedData first = PreparedData.prepare(unstable, config, "", 2, 4);
        PreparedData second = PreparedData.prepare(unstable, config, "", 2, 4)) {
      assertThat(second.profile().fingerprint()).isNotEqualTo(first.profile().fingerprint());
      // A lost shard whose shuffle files are lost too is computed again from the source.
      SourceReader source = Sources.of(unstable, "unstable", ListRule.training(config.features()));
      TablePlan plan = TablePlan.forModel(source, first.preprocess(), true, null, "w");
      JavaRDD<RawBlock> raw = source.blocks(plan.schema());
      RowPlan rowPlan =
          RowPlan.all(HeldOut.collectKeys(raw, plan, SplitColumns.NONE), RowPlan.TEST);
      Encoder encoder = new Encoder(plan, first.preprocess(), Set.of());
      assertThatThrownBy(
              () ->
                  SparkFailures.unwrap(
                      () -> HeldOut.deal(spark, raw, rowPlan, RowPlan.TEST, encoder, "")))
          .isInstanceOf(DataException.class)
          .hasMessageContaining("the data changed while it was being read");
    }
  }
}
