package dev.bellows.jobs.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.bellows.jobs.RealData;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.table.ColumnProfile;
import dev.bellows.jobs.table.Profile;
import java.nio.file.Path;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The public data sets, against the counts that their descriptions give. */
@ExtendWith(SparkSessionExtension.class)
class RealDataTest {
  private static PreparedData prepare(SparkSession spark, String yaml) {
    return PreparedData.prepare(spark, TestRuns.config(yaml), "", 2, 8);
  }

  private static ColumnProfile column(Profile profile, String name) {
    return profile.columns().stream().filter(c -> c.name().equals(name)).findFirst().orElseThrow();
  }

  @Test
  void mnist(SparkSession spark) {
    Path images = RealData.file("mnist/train-images-idx3-ubyte.gz");
    Path labels = RealData.file("mnist/train-labels-idx1-ubyte.gz");
    String yaml =
        "task: classification\ndata: {train: {format: idx, images: %s, labels: %s}, validation: {fraction: 0.1}}\ntarget: {classes: 10}"
            .formatted(images, labels);
    try (PreparedData d = prepare(spark, yaml)) {
      assertThat(d.trainRows()).isEqualTo(54_000);
      assertThat(d.validationRows()).isEqualTo(6_000);
      assertThat(d.shape())
          .isEqualTo(
              new DatasetShape(
                  784,
                  java.util.List.of(),
                  0,
                  10,
                  10,
                  1,
                  java.util.List.of(),
                  java.util.List.of(),
                  java.util.List.of(28, 28, 1)));
      assertThat(d.profile().classCounts())
          .containsExactly(
              Map.entry("0", 5923L),
              Map.entry("1", 6742L),
              Map.entry("2", 5958L),
              Map.entry("3", 6131L),
              Map.entry("4", 5842L),
              Map.entry("5", 5421L),
              Map.entry("6", 5918L),
              Map.entry("7", 6265L),
              Map.entry("8", 5851L),
              Map.entry("9", 5949L));
      ColumnProfile image = column(d.profile(), "image");
      assertThat(image.mean() / 255).isCloseTo(0.1307, offset(5e-5));
      assertThat(image.std() / 255).isCloseTo(0.3081, offset(5e-5));
      assertThat(TestRuns.blocks(d.train()).get(0).pixels())
          .as("images stay bytes")
          .hasSize(6750 * 784);
    }
  }

  @Test
  void adult_has_missing_values_and_categories(SparkSession spark) {
    Path file = RealData.file("adult/adult-train.csv.gz");
    String yaml =
        """
        task: classification
        data:
          train: {format: csv, path: %s, header: false, na: ['?'], columns: [age, workclass, fnlwgt, education, education_num, marital,
            occupation, relationship, race, sex, capital_gain, capital_loss, hours, country, income]}
          test: {fraction: 0.2}
        target: {name: income, positive: '>50K'}
        """;
    try (PreparedData d = prepare(spark, yaml.formatted(file))) {
      Profile p = d.profile();
      assertThat(p.rows()).isEqualTo(32_561);
      assertThat(p.duplicates()).isEqualTo(24);
      assertThat(p.classCounts())
          .containsExactly(Map.entry("<=50K", 24_720L), Map.entry(">50K", 7_841L));
      assertThat(column(p, "occupation").missing()).isEqualTo(1843);
      assertThat(column(p, "workclass").missing()).isEqualTo(1836);
      assertThat(column(p, "country").missing()).isEqualTo(583);
      assertThat(d.preprocess().numbers())
          .extracting("name")
          .containsExactly(
              "age", "fnlwgt", "education_num", "capital_gain", "capital_loss", "hours");
      assertThat(d.preprocess().categories()).hasSize(8);
      assertThat(d.testRows()).isEqualTo(6_512);
      assertThat(d.preprocess().positiveClass()).isEqualTo(1);
    }
  }

  @Test
  void a9a_and_agaricus_are_sparse(SparkSession spark) {
    Path a9a = RealData.file("a9a/a9a.gz");
    try (PreparedData d =
        prepare(
            spark,
            "task: classification\ndata: {train: {format: libsvm, path: %s}}".formatted(a9a))) {
      assertThat(d.shape().sparseWidth()).isEqualTo(123);
      assertThat(d.profile().classCounts())
          .containsExactly(Map.entry("-1", 24_720L), Map.entry("1", 7_841L));
      assertThat(TestRuns.blocks(d.train()).stream().mapToInt(b -> b.values().length).sum())
          .isEqualTo(451_592);
    }
    Path train = RealData.file("agaricus/agaricus.txt.train");
    Path test = RealData.file("agaricus/agaricus.txt.test");
    String yaml =
        "task: classification\ndata: {train: {format: libsvm, path: %s}, test: {format: libsvm, path: %s}}";
    try (PreparedData d = prepare(spark, yaml.formatted(train, test))) {
      assertThat(d.trainRows()).isEqualTo(6_513);
      assertThat(d.testRows()).isEqualTo(1_611);
      assertThat(d.shape().sparseWidth()).isEqualTo(126);
      assertThat(TestRuns.blocks(d.test()).stream().mapToInt(b -> b.values().length).sum())
          .isEqualTo(35_442);
    }
  }

  @Test
  void california_is_a_regression(SparkSession spark) {
    Path file = RealData.file("california-housing/housing.csv");
    String yaml =
        "task: regression\ndata: {train: {format: csv, path: %s}, test: {fraction: 0.2}}\ntarget: {name: median_house_value, scale: standard}\nfeatures: {rest: {impute: median}}";
    try (PreparedData d = prepare(spark, yaml.formatted(file))) {
      assertThat(d.profile().rows()).isEqualTo(20_640);
      ColumnProfile target = column(d.profile(), "median_house_value");
      assertThat(target.mean()).isCloseTo(206_855.8169, offset(1e-3));
      assertThat(target.min()).isEqualTo(14_999);
      assertThat(target.max()).isEqualTo(500_001);
      assertThat(column(d.profile(), "total_bedrooms").missing()).isEqualTo(207);
      assertThat(d.preprocess().targetScale()).isCloseTo(115_400, offset(2_000.0));
      assertThat(d.shape().categoricals())
          .containsExactly(new DatasetShape.Categorical("ocean_proximity", 6, 3));
    }
  }

  @Test
  void titanic_and_credit_risk_have_identifiers(SparkSession spark) {
    Path titanic = RealData.file("titanic/train.csv");
    try (PreparedData d =
        prepare(
            spark,
            "task: classification\ndata: {train: {format: csv, path: %s}}\ntarget: {name: Survived}"
                .formatted(titanic))) {
      assertThat(d.profile().classCounts())
          .containsExactly(Map.entry("0", 549L), Map.entry("1", 342L));
      assertThat(column(d.profile(), "Cabin").missing()).isEqualTo(687);
      assertThat(column(d.profile(), "Age").missing()).isEqualTo(177);
      assertThat(d.profile().warnings())
          .anyMatch(w -> w.startsWith("column PassengerId looks like a row number"))
          .anyMatch(w -> w.startsWith("column Name is dropped: every value occurs once"));
    }
    Path credit = RealData.file("credit-risk/credit-train.csv.gz");
    try (PreparedData d =
        prepare(
            spark,
            "task: classification\ndata: {train: {format: csv, path: %s, na: [NA]}}\ntarget: {name: SeriousDlqin2yrs}"
                .formatted(credit))) {
      assertThat(d.profile().rows()).isEqualTo(119_845);
      assertThat(column(d.profile(), "MonthlyIncome").missing()).isEqualTo(23_728);
      assertThat(column(d.profile(), "NumberOfDependents").missing()).isEqualTo(3_090);
      assertThat(d.profile().warnings())
          .anyMatch(w -> w.startsWith("column c0 looks like a row number"));
    }
  }

  @Test
  void iris_and_higgs_have_no_header(SparkSession spark) {
    Path iris = RealData.file("iris/iris.csv");
    try (PreparedData d =
        prepare(
            spark,
            "task: classification\ndata: {train: {format: csv, path: %s, header: false}, validation: {fraction: 0.2}}\ntarget: {name: c4}"
                .formatted(iris))) {
      assertThat(d.preprocess().classes())
          .containsExactly("Iris-setosa", "Iris-versicolor", "Iris-virginica");
      assertThat(d.profile().duplicates()).isEqualTo(3);
      int[] held = new int[3];
      TestRuns.blocks(d.validation())
          .forEach(b -> java.util.Arrays.stream(b.labels()).forEach(l -> held[l]++));
      assertThat(held).containsExactly(10, 10, 10);
    }
    Path higgs = RealData.file("higgs-7k/binary.train");
    try (PreparedData d =
        prepare(
            spark,
            "task: classification\ndata: {train: {format: csv, path: %s, header: false, separator: \"\\t\"}}\ntarget: {name: c0}"
                .formatted(higgs))) {
      assertThat(d.profile().classCounts())
          .containsExactly(Map.entry("0", 3_284L), Map.entry("1", 3_716L));
      assertThat(d.shape().numericWidth()).isEqualTo(28);
    }
  }
}
