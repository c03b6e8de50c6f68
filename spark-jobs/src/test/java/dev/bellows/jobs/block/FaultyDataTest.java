package dev.bellows.jobs.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.source.DataException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Fault catalogue rows 51 to 60: what bad data says, and where. */
@ExtendWith(SparkSessionExtension.class)
class FaultyDataTest {
  private static final String GOOD = "a,b,label\n1,x,yes\n2,y,no\n3,x,yes\n4,y,no\n5,x,no\n";

  @TempDir Path dir;
  private SparkSession spark;

  @BeforeEach
  void session(SparkSession session) {
    spark = session;
  }

  private static void refused(ThrowingCallable call, String... parts) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            DataException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.DATA))
        .hasMessageContainingAll(parts);
  }

  private PreparedData csv(String text, String options, String data, String rest) {
    return csv(text.getBytes(StandardCharsets.UTF_8), options, data, rest);
  }

  private PreparedData csv(byte[] bytes, String options, String data, String rest) {
    Path file = TestRuns.write(dir, "data.csv", bytes);
    return TestRuns.prepare(spark, TestRuns.csv(file, options, data, rest));
  }

  @Test
  void fault_51_missing_file() {
    RunConfig config = TestRuns.csv(dir.resolve("nothing.csv"), "", "", "");
    refused(() -> TestRuns.prepare(spark, config), "nothing.csv does not exist");
  }

  @Test
  void fault_51_empty_file() {
    refused(() -> csv("", "", "", ""), "data.csv is empty", "0 bytes");
    refused(() -> csv("\n \n\n", "", "", ""), "blank lines only");
  }

  @Test
  void fault_51_header_only() {
    refused(() -> csv("a,b,label\n", "", "", ""), "no rows after its header (a, b, label)");
  }

  @Test
  void fault_51_wrong_delimiter() {
    refused(
        () -> csv(GOOD.replace(',', ';'), "", "", ""),
        "data.csv:1 has 1 column(s) with separator \",\" but 3 with \";\"",
        "a;b;label");
    refused(
        () -> csv("1;x;yes\n2;y;no\n", "header: false, columns: [a, b, label]", "", ""),
        "3 with \";\"");
    refused(
        () -> csv("1,x\n2,y\n", "header: false, columns: [a, b, label]", "", ""),
        "expected the 3 columns of the configuration, found 2",
        "\"1,x\"");
  }

  @Test
  void fault_51_byte_order_mark_and_crlf_change_nothing() {
    try (PreparedData plain = csv(GOOD, "", "", "");
        PreparedData windows = csv("\uFEFF" + GOOD.replace("\n", "\r\n"), "", "", "");
        PreparedData oldMac = csv(GOOD.replace('\n', '\r'), "", "", "")) {
      assertThat(TestRuns.blocks(windows.train())).isEqualTo(TestRuns.blocks(plain.train()));
      assertThat(TestRuns.blocks(oldMac.train())).isEqualTo(TestRuns.blocks(plain.train()));
      assertThat(windows.profile().fingerprint()).isEqualTo(plain.profile().fingerprint());
    }
    try (PreparedData headless =
        csv(
            "\uFEFF" + GOOD.substring(GOOD.indexOf('\n') + 1),
            "header: false, columns: [a, b, label]",
            "",
            "")) {
      assertThat(headless.trainRows()).isEqualTo(5);
    }
  }

  @Test
  void fault_51_utf16() {
    byte[] utf16 = ("\uFEFF" + GOOD).getBytes(StandardCharsets.UTF_16LE);
    refused(() -> csv(utf16, "", "", ""), "byte order mark of UTF-16", "expected UTF-8");
  }

  @Test
  void fault_51_latin1() {
    byte[] latin1 = GOOD.replace("2,y,no", "2,Zürich,no").getBytes(StandardCharsets.ISO_8859_1);
    refused(
        () -> csv(latin1, "", "", ""), "data.csv:3: expected UTF-8 in column 2 (b)", "encoding");
    try (PreparedData read = csv(latin1, "encoding: ISO-8859-1", "", "")) {
      assertThat(read.preprocess().categories().get(0).dictionary()).contains("Zürich");
    }
  }

  @Test
  void fault_52_ragged_rows_name_file_and_line() {
    refused(
        () -> csv(GOOD + "6,x\n7,x,yes,1\n", "", "", ""),
        "2 of 7 rows",
        "data.csv:7: expected 3 columns, found 2 in \"6,x\"",
        "data.csv:8: expected 3 columns, found 4",
        "bad_rows");
  }

  @Test
  void fault_52_bad_number() {
    refused(
        () -> csv(GOOD + "six,x,no\n", "", "", "features: {a: {type: number}}"),
        "data.csv:7: expected a number in column 1 (a), found \"six\"");
    StringBuilder many = new StringBuilder("a,b,label\n");
    for (int i = 0; i < 300; i++) {
      many.append(i == 250 ? "oops" : i).append(i % 2 == 0 ? ",x,yes\n" : ",y,no\n");
    }
    refused(
        () -> csv(many.toString(), "", "", ""),
        "data.csv:252: expected a number in column 1 (a), as nearly all of its cells are, found \"oops\"");
  }

  @Test
  void fault_52_quote_never_closed() {
    refused(
        () -> csv(GOOD + "6,\"x,no\n", "", "", ""),
        "data.csv:7: quote opened at character 3 is never closed");
    refused(() -> csv(GOOD + "6,\"x\"y,no\n", "", "", ""), "data.csv:7: expected the separator");
  }

  @Test
  void fault_52_drop_policy_counts_up_to_its_share() {
    String text = GOOD + "6,x\n";
    try (PreparedData kept = csv(text, "", "  bad_rows: {drop: {max_fraction: 0.2}}", "")) {
      assertThat(kept.trainRows()).isEqualTo(5);
      assertThat(kept.profile().dropped()).isEqualTo(1);
      assertThat(kept.profile().warnings()).contains("1 bad rows were dropped");
    }
    refused(
        () -> csv(text, "", "  bad_rows: {drop: {max_fraction: 0.1}}", ""),
        "1 of 6 rows",
        "max_fraction 0.1",
        "data.csv:7");
  }

  @Test
  void fault_52_only_the_first_five_are_listed() {
    assertThatThrownBy(() -> csv(GOOD + "x\n".repeat(30), "", "", ""))
        .hasMessageContaining("30 of 35 rows")
        .hasMessageContaining("data.csv:11:")
        .hasMessageNotContaining("data.csv:12:");
  }

  @Test
  void fault_53_infinity_is_bad_and_nan_is_missing() {
    refused(
        () -> csv(GOOD + "inf,x,no\n", "", "", ""),
        "data.csv:7: expected a number within +-3.4e38 in column 1 (a), found Infinity");
    try (PreparedData read = csv(GOOD + "nan,x,no\n", "", "", "")) {
      assertThat(read.profile().columns().get(0).missing()).isEqualTo(1);
      assertThat(read.preprocess().numbers().get(0).fill()).isEqualTo(3);
    }
    refused(
        () -> csv(GOOD + ",x,no\n", "", "", "features: {a: {impute: fail}}"),
        "data.csv:7: column 1 (a) is missing");
  }

  @Test
  void fault_55_label_outside_the_declared_range() {
    String text = "a,label\n1,0\n2,1\n3,2\n4,12\n5,12\n";
    refused(
        () -> csv(text, "", "", "target: {classes: 10}"), "labels outside 0..9", "\"12\" (2 rows)");
    refused(
        () -> csv(GOOD + "6,x,Yes\n", "", "", "target: {classes: 2}"),
        "has 3 classes, expected 2",
        "\"Yes\" (1 rows)");
  }

  @Test
  void fault_55_label_typo_is_pointed_at() {
    try (PreparedData read = csv(GOOD + "6,x,Yes\n", "", "", "")) {
      assertThat(read.profile().warnings())
          .anyMatch(w -> w.contains("\"Yes\" and \"yes\" differ in case"));
    }
    refused(
        () -> csv(GOOD, "", "", "target: {positive: yess}"),
        "target.positive \"yess\"",
        "did you mean \"yes\"");
  }

  @Test
  void fault_55_missing_label_and_missing_target_column() {
    refused(() -> csv(GOOD + "6,x,\n", "", "", ""), "data.csv:7: column 3 (label) is missing");
    refused(
        () -> csv(GOOD.replace("label", "lable"), "", "", ""),
        "target.name names the column \"label\"",
        "did you mean \"lable\"");
  }

  @Test
  void fault_55_unseen_class_in_validation() {
    Path held = TestRuns.write(dir, "held.csv", "a,b,label\n1,x,maybe\n2,y,no\n");
    String data = "  validation: {format: csv, path: " + held + "}";
    refused(
        () -> csv(GOOD, "", data, ""), "classes of label that training did not show: {maybe=1}");
    try (PreparedData read = csv(GOOD, "", data, "target: {unseen: ignore}")) {
      assertThat(TestRuns.blocks(read.validation()).get(0).labels())
          .containsExactlyInAnyOrder(-1, 0);
    }
  }

  @Test
  void fault_55_quantity_as_class() {
    StringBuilder s = new StringBuilder("a,label\n");
    for (int i = 0; i < 100; i++) {
      s.append(i).append(',').append(i * 0.37).append('\n');
    }
    refused(() -> csv(s.toString(), "", "", ""), "a quantity, not classes", "task: regression");
  }

  @Test
  void fault_56_one_row_and_fewer_rows_than_shards() {
    refused(() -> csv("a,label\n1,yes\n", "", "", ""), "at least 2 classes");
    try (PreparedData two = csv("a,label\n1,yes\n2,no\n", "", "", "")) {
      assertThat(two.shardSizes()).containsExactly(1, 1, 0, 0);
      assertThat(TestRuns.blocks(two.train()).stream().mapToInt(Block::rows))
          .containsExactly(1, 1, 0, 0);
    }
    Path one = TestRuns.write(dir, "one.csv", "a,b,label\n1,2,3.5\n");
    RunConfig config =
        TestRuns.config(
            "task: regression\ndata: {train: {format: csv, path: "
                + one
                + "}, validation: {fraction: 0.5}}");
    refused(() -> TestRuns.prepare(spark, config), "no feature column is left", "constant 1");
  }

  @Test
  void fault_57_a_class_of_one_row_stays_in_training() {
    try (PreparedData read = csv(GOOD + "6,x,rare\n", "", "  validation: {fraction: 0.5}", "")) {
      assertThat(read.preprocess().classes()).containsExactly("no", "rare", "yes");
      assertThat(read.profile().warnings()).contains("class \"rare\" has 1 row");
      assertThat(read.validationRows()).isEqualTo(3);
    }
    refused(
        () -> csv("a,label\n1,yes\n2,yes\n", "", "", ""), "at least 2 classes", "\"yes\" (2 rows)");
  }

  @Test
  void fault_59_constant_and_empty_columns_are_dropped() {
    String text = "a,same,none,flat,label\n1,5,,k,yes\n2,5,,k,no\n3,5,,k,yes\n4,5,,k,no\n";
    try (PreparedData read = csv(text, "", "", "")) {
      assertThat(read.preprocess().numbers()).extracting("name").containsExactly("a");
      assertThat(read.preprocess().categories()).isEmpty();
      assertThat(read.profile().warnings())
          .contains(
              "column same is dropped: constant 5",
              "column none is dropped: all missing",
              "column flat is dropped: constant \"k\"");
    }
  }

  @Test
  void fault_59_equal_columns_and_leaks_are_flagged() {
    StringBuilder s = new StringBuilder("a,copy,leak,text,label\n");
    for (int i = 0; i < 200; i++) {
      int label = (i * 7 + i / 3) % 2;
      s.append(i * 3 % 101).append(',').append(i * 3 % 101).append(',');
      s.append(label * 10 + i % 5).append(',').append(label == 0 ? "off" : "on").append(',');
      s.append(label).append('\n');
    }
    try (PreparedData read = csv(s.toString(), "", "", "")) {
      assertThat(read.profile().warnings())
          .anyMatch(w -> w.startsWith("columns a and copy are equal in every row"))
          .anyMatch(w -> w.startsWith("column leak alone tells the target (AUC 1.0000"))
          .anyMatch(w -> w.startsWith("column text alone tells the target (AUC 1.0000"))
          .noneMatch(w -> w.startsWith("column a alone"));
    }
  }

  @Test
  void fault_59_huge_dictionaries_are_flagged() {
    StringBuilder s = new StringBuilder("a,word,label\n");
    int n = 120_000;
    for (int i = 0; i < n; i++) {
      s.append(i % 17).append(",w").append(i % (n - 1)).append(',').append(i % 2).append('\n');
    }
    try (PreparedData read = csv(s.toString(), "", "", "features: {word: {min_count: 2}}")) {
      assertThat(read.profile().warnings())
          .anyMatch(
              w ->
                  w.startsWith("column word has 1")
                      && w.contains("dictionary and embedding will be large"));
      assertThat(read.preprocess().categories().get(0).cardinality()).isEqualTo(2);
      assertThat(read.profile().columns().get(1).distinct())
          .isCloseTo(n - 1L, org.assertj.core.data.Percentage.withPercentage(2));
    }
  }

  @Test
  void fault_60_extreme_scales_are_standardised() {
    StringBuilder s = new StringBuilder("tiny,huge,far,label\n");
    for (int i = 0; i < 64; i++) {
      s.append(i - 20)
          .append("e-30,")
          .append(i + 1)
          .append("e30,")
          .append(1.7e9 + i)
          .append(',')
          .append(i % 2)
          .append('\n');
    }
    try (PreparedData read = csv(s.toString(), "", "", "")) {
      try (dev.bellows.engine.plan.BatchBuffers batch =
          new dev.bellows.engine.plan.BatchBuffers(64, 3, 0, 0, 0)) {
        BlockReader reader = new BlockReader(read.preprocess());
        double[] sums = new double[3];
        double[] squares = new double[3];
        for (Block block : TestRuns.blocks(read.train())) {
          reader.fill(block, null, 0, block.rows(), batch);
          for (int i = 0; i < 3 * block.rows(); i++) {
            float v = dev.bellows.engine.tensor.Memory.getFloat(batch.numeric() + 4L * i);
            sums[i % 3] += v;
            squares[i % 3] += v * v;
          }
        }
        for (int c = 0; c < 3; c++) {
          assertThat(sums[c] / 64).isCloseTo(0, org.assertj.core.data.Offset.offset(1e-5));
          assertThat(squares[c] / 64).isCloseTo(1, org.assertj.core.data.Offset.offset(1e-5));
        }
      }
    }
  }

  @Test
  void fault_60_weights_may_be_zero_but_not_negative() {
    String text = "a,w,label\n1,0,yes\n2,1.5,no\n3,2,yes\n";
    try (PreparedData read = csv(text, "", "  weight: w", "")) {
      float total = 0;
      for (Block b : TestRuns.blocks(read.train())) {
        for (float w : b.weights()) {
          total += w;
        }
      }
      assertThat(total).isEqualTo(3.5f);
      assertThat(read.preprocess().numbers()).extracting("name").containsExactly("a");
    }
    refused(
        () ->
            csv(text + "4,-1,no\n", "", "  weight: w\n  bad_rows: {drop: {max_fraction: 0.9}}", ""),
        "1 rows",
        "negative weight",
        "data.csv:5");
  }
}
