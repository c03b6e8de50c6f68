package dev.bellows.jobs.block;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.sample.Mix64;
import dev.bellows.engine.sample.Purpose;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.table.NumberColumn;
import dev.bellows.jobs.table.Preprocess;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What is fitted, against plain arithmetic on the training rows. */
@ExtendWith(SparkSessionExtension.class)
class FittingTest {
  @TempDir Path dir;

  /** Column a holds the row number, so that the training rows can be told from the blocks. */
  private String table(int n) {
    StringBuilder s = new StringBuilder("a,x,city,label\n");
    for (int i = 0; i < n; i++) {
      double u = Mix64.unit(Mix64.mix(3, Purpose.SYNTH, i));
      s.append(i).append(',').append(i % 9 == 0 ? "" : String.valueOf(x(i))).append(',');
      s.append(u < 0.02 ? "solo" + i : "c" + (int) (u * 5)).append(',').append(i % 2).append('\n');
    }
    return s.toString();
  }

  private static double x(int i) {
    return Math.rint(Mix64.unit(Mix64.mix(4, Purpose.SYNTH, i)) * 2000 - 1000) / 8;
  }

  private Preprocess fit(SparkSession spark, String features, Set<Integer> trainRows) {
    Path file = TestRuns.write(dir, "t.csv", table(400));
    String yaml =
        "task: classification\ndata: {train: {format: csv, path: "
            + file
            + "}, validation: {fraction: 0.25}}\nfeatures: {a: {scale: none}, x: {"
            + features
            + "}, city: {min_count: 4}}";
    try (PreparedData d = TestRuns.prepare(spark, TestRuns.config(yaml))) {
      for (Block b : TestRuns.blocks(d.train())) {
        for (int r = 0; r < b.rows(); r++) {
          trainRows.add((int) b.numeric()[2 * r]);
        }
      }
      assertThat(trainRows).hasSize(300);
      return d.preprocess();
    }
  }

  private static double[] values(Set<Integer> rows) {
    return rows.stream().filter(i -> i % 9 != 0).mapToDouble(FittingTest::x).sorted().toArray();
  }

  @Test
  void scaling_and_filling_see_training_rows_only(SparkSession spark) {
    Set<Integer> rows = new HashSet<>();
    NumberColumn standard = fit(spark, "impute: median", rows).numbers().get(1);
    double[] v = values(rows);
    double mean = Arrays.stream(v).average().orElseThrow();
    double variance = Arrays.stream(v).map(t -> (t - mean) * (t - mean)).average().orElseThrow();
    assertThat(standard.center()).isEqualTo(mean); // eighths: sums are exact
    assertThat(standard.factor())
        .isCloseTo(1 / Math.sqrt(variance), org.assertj.core.data.Percentage.withPercentage(1e-10));
    double median =
        v.length % 2 == 1 ? v[v.length / 2] : (v[v.length / 2 - 1] + v[v.length / 2]) / 2;
    assertThat(standard.fill()).isEqualTo(median);

    NumberColumn minmax =
        fit(spark, "scale: minmax, impute: {constant: 5}, missing_flag: true", new HashSet<>())
            .numbers()
            .get(1);
    assertThat(minmax.center()).isEqualTo(v[0]);
    assertThat(minmax.factor()).isEqualTo(1 / (v[v.length - 1] - v[0]));
    assertThat(minmax.fill()).isEqualTo(5);
    assertThat(minmax.flag()).isTrue();

    NumberColumn unit = fit(spark, "scale: unit", new HashSet<>()).numbers().get(1);
    assertThat(unit.factor()).isEqualTo(1 / Math.max(Math.abs(v[0]), Math.abs(v[v.length - 1])));
    assertThat(unit.fill()).isEqualTo(mean);
  }

  @Test
  void rare_categories_share_the_unknown_bucket(SparkSession spark) {
    Set<Integer> rows = new HashSet<>();
    Preprocess p = fit(spark, "scale: none", rows);
    Map<String, Integer> counts = new TreeMap<>();
    for (int i : rows) {
      double u = Mix64.unit(Mix64.mix(3, Purpose.SYNTH, i));
      counts.merge(u < 0.02 ? "solo" + i : "c" + (int) (u * 5), 1, Integer::sum);
    }
    List<String> dictionary = p.categories().get(0).dictionary();
    assertThat(dictionary).containsExactlyElementsOf(counts.keySet());
    List<Integer> expected = new ArrayList<>();
    expected.add(0);
    int next = 1;
    for (int n : counts.values()) {
      expected.add(n >= 4 ? next++ : 0);
    }
    assertThat(p.categories().get(0).codes()).isEqualTo(expected);
    assertThat(p.categories().get(0).cardinality()).isEqualTo(next);
    assertThat(p.categories().get(0).embeddingDim()).isEqualTo((next + 1) / 2);
  }

  /** Balanced class weights are made of these: a held-out row must not move them. */
  @Test
  void class_counts_for_training_leave_held_out_rows_out(SparkSession spark) {
    StringBuilder s = new StringBuilder("a,label\n");
    for (int i = 0; i < 120; i++) {
      s.append(i * i).append(',').append(i % 6 == 0 ? "rare" : "usual").append('\n');
    }
    Path file = TestRuns.write(dir, "classes.csv", s.toString());
    String yaml =
        "task: classification\ndata: {train: {format: csv, path: "
            + file
            + "}, validation: {fraction: 0.3, stratify: false}, test: {fraction: 0.2, stratify: false}}";
    try (PreparedData d = TestRuns.prepare(spark, TestRuns.config(yaml))) {
      Long[] trained = {0L, 0L};
      for (Block b : TestRuns.blocks(d.train())) {
        for (int label : b.labels()) {
          trained[label]++;
        }
      }
      assertThat(trained[0] + trained[1]).isEqualTo(60);
      assertThat(d.trainingClassCounts()).containsExactly(trained);
      assertThat(d.profile().classCounts())
          .containsExactlyInAnyOrderEntriesOf(Map.of("rare", 20L, "usual", 100L));
    }
  }

  @Test
  void medians_of_awkward_counts_and_signs(SparkSession spark) {
    for (String column : List.of("3", "-2,5", "0,-0.0,1e-30,-1e30", "7,7,7,7,9", "-5,-4,-3,2")) {
      double[] v =
          Arrays.stream(column.split(",")).mapToDouble(Double::parseDouble).sorted().toArray();
      StringBuilder s = new StringBuilder("b,x,y\n");
      for (int i = 0; i < v.length; i++) {
        s.append(i).append(',').append(v[i]).append(',').append(i).append('\n');
      }
      s.append("9,,9\n8,,8\n");
      Path file = TestRuns.write(dir, "m.csv", s.toString());
      String yaml =
          "task: regression\ndata: {train: {format: csv, path: "
              + file
              + "}, bad_rows: {drop: {max_fraction: 1.0}}}\ntarget: {name: y}\nfeatures: {x: {impute: median, scale: none, missing_flag: true}}";
      try (PreparedData d = TestRuns.prepare(spark, TestRuns.config(yaml))) {
        double median =
            v.length % 2 == 1 ? v[v.length / 2] : (v[v.length / 2 - 1] + v[v.length / 2]) / 2;
        assertThat(d.preprocess().numbers().get(1).fill()).as(column).isEqualTo(median);
      }
    }
  }
}
