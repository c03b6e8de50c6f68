package dev.bellows.jobs.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.model.Json;
import dev.bellows.engine.plan.BatchBuffers;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.config.SourceConfig;
import dev.bellows.jobs.config.TargetConfig;
import dev.bellows.jobs.source.DataException;
import dev.bellows.jobs.source.Sources;
import dev.bellows.jobs.table.Preprocess;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Data for a stored model: the JSON form, and what happens when the columns drift (row 61). */
@ExtendWith(SparkSessionExtension.class)
class ModelDataTest {
  private static final String TRAIN =
      "age,city,code,label\n1,Ulm,007,yes\n2,Bonn,010,no\n3,Ulm,007,yes\n4,Bonn,1.0,no\n5,,1,yes\n,Ulm,1,no\n";

  @TempDir Path dir;
  private SparkSession spark;
  private Preprocess model;

  @BeforeEach
  void fit(SparkSession session) {
    spark = session;
    Path file = TestRuns.write(dir, "train.csv", TRAIN);
    String features =
        "features: {code: {type: category}, age: {missing_flag: true, impute: {constant: 2}}}";
    try (PreparedData d = TestRuns.prepare(spark, TestRuns.csv(file, "", "", features))) {
      model = d.preprocess();
    }
  }

  private RunConfig config(String name, String text, String options) {
    return TestRuns.csv(TestRuns.write(dir, name, text), options, "", "");
  }

  private EncodedRows read(String name, String text, String options) {
    RunConfig config = config(name, text, options);
    SourceConfig source = config.data().train();
    return EncodedRows.read(spark, source, config.data(), model, TargetConfig.Unseen.FAIL, "");
  }

  @Test
  void json_round_trip_is_exact() throws Exception {
    String text = Json.pretty(model.toJson());
    assertThat(Preprocess.fromJson(Json.parseObject(text, "preprocess.json"))).isEqualTo(model);
    assertThat(model.categories().get(1).dictionary()).containsExactly("007", "010", "1");
    assertThat(Json.pretty(Preprocess.fromJson(Json.parseObject(text, "x")).toJson()))
        .isEqualTo(text);
  }

  @Test
  void json_is_strict() {
    Map<String, Object> tree = new LinkedHashMap<>(model.toJson());
    tree.put("extra", 1L);
    assertThatThrownBy(() -> Preprocess.fromJson(tree))
        .hasMessageContaining("unknown keys [extra]");
    tree.remove("extra");
    tree.put("format", 2L);
    assertThatThrownBy(() -> Preprocess.fromJson(tree)).hasMessageContaining("a newer version");
    tree.put("format", 1L);
    tree.remove("numbers");
    assertThatThrownBy(() -> Preprocess.fromJson(tree))
        .hasMessageContaining("preprocess.numbers must be a list, found nothing");
    tree.put("numbers", List.of(Map.of("name", 3L)));
    assertThatThrownBy(() -> Preprocess.fromJson(tree))
        .hasMessageContaining("preprocess.numbers[0].name must be text, found 3");
  }

  @Test
  void fault_61_columns_are_found_by_name() {
    try (EncodedRows same = read("a.csv", TRAIN, "");
        EncodedRows other =
            read(
                "b.csv",
                "label,extra,code,city,age\nyes,9,007,Ulm,1\nno,9,010,Bonn,2\nyes,9,007,Ulm,3\nno,9,1,Bonn,4\nyes,9,1,,5\nno,9,1,Ulm,\n",
                "")) {
      assertThat(same.rows()).isEqualTo(6);
      Block a = TestRuns.blocks(same.blocks()).get(0);
      Block b = TestRuns.blocks(other.blocks()).get(0);
      assertThat(sorted(b)).isEqualTo(sorted(a));
    }
  }

  private static List<String> sorted(Block b) {
    return java.util.stream.IntStream.range(0, b.rows())
        .mapToObj(
            r ->
                b.numeric()[r]
                    + " "
                    + b.codes()[2 * r]
                    + " "
                    + b.codes()[2 * r + 1]
                    + " "
                    + b.labels()[r])
        .sorted()
        .toList();
  }

  @Test
  void fault_61_missing_column_and_other_type() {
    assertThatThrownBy(() -> read("c.csv", "city,label\nUlm,yes\n", ""))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("lacks columns that the model needs: age, code; it has city, label");
    assertThatThrownBy(() -> read("d.csv", "age,city,code,label\nold,Ulm,007,yes\n", ""))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("d.csv:2: expected a number in column 1 (age), found \"old\"");
  }

  @Test
  void fault_61_new_categories_are_counted() {
    Dataset<Row> rows =
        Sources.read(
            spark, config("e.csv", "code,city,age\n007,Paris,4\n8,Bonn,\n", "").data().train(), "");
    RowEncoder encoder = new RowEncoder(model, rows.schema());
    Block block = encoder.encode(rows.collectAsList());
    BlockReader reader = new BlockReader(model);
    try (BatchBuffers out = new BatchBuffers(2, 2, 2, 0, 0)) {
      reader.fill(block, null, 0, 2, out);
      assertThat(reader.unknownCategories()).isEqualTo(2);
      int[] codes = new int[4];
      Memory.copyOut(out.codes(), codes, 0, 4);
      assertThat(codes).containsExactly(0, 1, 2, 0);
      float[] numbers = new float[4];
      Memory.copyOut(out.numeric(), numbers, 0, 4);
      assertThat(numbers[1]).isEqualTo(0f);
      assertThat(numbers[3]).as("missing flag").isEqualTo(1f);
    }
    assertThatThrownBy(() -> new RowEncoder(model, rows.drop("age").schema()))
        .hasMessageContaining("lacks columns that the model needs: age");
  }

  @Test
  void fault_61_headerless_files_take_the_names_of_the_model() {
    String body = TRAIN.substring(TRAIN.indexOf('\n') + 1);
    try (EncodedRows rows = read("f.csv", body, "header: false")) {
      assertThat(rows.rows()).isEqualTo(6);
    }
  }
}
