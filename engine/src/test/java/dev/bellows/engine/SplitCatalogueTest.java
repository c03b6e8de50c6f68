package dev.bellows.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.LocalTrainer.Samples;
import dev.bellows.engine.metric.inference.FoldScores;
import dev.bellows.engine.sample.split.Folds;
import dev.bellows.engine.sample.split.HoldOut;
import dev.bellows.engine.sample.split.KFold;
import dev.bellows.engine.sample.split.LeaveOneOut;
import dev.bellows.engine.sample.split.Role;
import dev.bellows.engine.sample.split.RowCounts;
import dev.bellows.engine.sample.split.SplitRow;
import dev.bellows.engine.sample.split.Splitter;
import dev.bellows.engine.sample.split.TimeSeriesSplit;
import java.time.YearMonth;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Splits of real rows, with nearest neighbours as the model: no training, no luck. */
class SplitCatalogueTest {
  private static Folds plan(Splitter splitter, int rows, IntFunction<SplitRow> row, long seed) {
    RowCounts counts = splitter.counts();
    IntStream.range(0, rows).mapToObj(row).forEach(counts::add);
    return splitter.plan(counts, seed);
  }

  private static IntFunction<SplitRow> byClass(Samples data) {
    return i -> SplitRow.of(i).withStratum(data.labels()[i]);
  }

  /** Share of the validation rows whose class is that of most of their k nearest training rows. */
  private static double neighbours(Samples data, Folds folds, int split, int k) {
    int[] train = rows(data, folds, split, Role.TRAIN);
    int[] validation = rows(data, folds, split, Role.VALIDATION);
    long right =
        Arrays.stream(validation).filter(v -> vote(data, train, v, k) == data.labels()[v]).count();
    return right / (double) validation.length;
  }

  private static int[] rows(Samples data, Folds folds, int split, Role role) {
    return IntStream.range(0, data.rows())
        .filter(i -> folds.role(byClass(data).apply(i), split) == role)
        .toArray();
  }

  private static int vote(Samples data, int[] train, int row, int k) {
    int[] votes = new int[Arrays.stream(data.labels()).max().orElse(0) + 1];
    double[] distance = Arrays.stream(train).mapToDouble(t -> distance(data, t, row)).toArray();
    IntStream.range(0, train.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> distance[i]))
        .limit(k)
        .forEach(i -> votes[data.labels()[train[i]]]++);
    return IntStream.range(0, votes.length).reduce(0, (a, b) -> votes[b] > votes[a] ? b : a);
  }

  private static double distance(Samples data, int a, int b) {
    double sum = 0;
    for (int j = 0; j < data.width(); j++) {
      double d = (double) data.x()[a * data.width() + j] - data.x()[b * data.width() + j];
      sum += d * d;
    }
    return sum;
  }

  @Test
  @DisplayName("EVS-02 iris: 10 rows of each class in every fold; cancer 357:25: within one row")
  void stratified() {
    Samples iris = CatalogueData.iris();
    Folds folds = plan(new KFold(5, 1, true), 150, byClass(iris), 42);
    for (int s = 0; s < 5; s++) {
      int[] perClass = new int[3];
      Arrays.stream(rows(iris, folds, s, Role.VALIDATION))
          .forEach(i -> perClass[iris.labels()[i]]++);
      assertThat(perClass).containsExactly(10, 10, 10);
    }
    Samples all = CatalogueData.breastCancer();
    int[] malignant =
        IntStream.range(0, all.rows()).filter(i -> all.labels()[i] == 1).limit(25).toArray();
    int[] benign = IntStream.range(0, all.rows()).filter(i -> all.labels()[i] == 0).toArray();
    Samples rare =
        all.take(IntStream.concat(Arrays.stream(benign), Arrays.stream(malignant)).toArray());
    Folds unequal = plan(new KFold(5, 1, true), rare.rows(), byClass(rare), 42);
    for (int s = 0; s < 5; s++) {
      long ill =
          Arrays.stream(rows(rare, unequal, s, Role.VALIDATION))
              .filter(i -> rare.labels()[i] == 1)
              .count();
      assertThat(ill).isEqualTo(5);
    }
  }

  // scikit-learn 1.9.1: cross_val_score(KNeighborsClassifier(k), X, y, cv=LeaveOneOut()).mean()
  @Test
  @DisplayName("EVS-03 leave-one-out, iris: 0.960 with 1 neighbour, 0.967 with 5; 150 fits")
  void leaveOneOut() {
    Samples iris = CatalogueData.iris();
    Folds folds = plan(new LeaveOneOut(), 150, byClass(iris), 42);
    assertThat(folds.splits()).isEqualTo(150);
    for (int k : new int[] {1, 5}) {
      double right = 0;
      for (int s = 0; s < 150; s++) {
        right += neighbours(iris, folds, s, k);
      }
      assertThat(right / 150).isCloseTo(k == 1 ? 0.960 : 0.967, within(0.0005));
    }
  }

  @Test
  @DisplayName("EVS-04 digits 60/20/20 by class: disjoint, all rows, the same for any parts")
  void holdOut() {
    Samples digits = CatalogueData.digits();
    HoldOut splitter = new HoldOut(0.2, 0.2, HoldOut.By.STRATA, 1);
    Folds folds = plan(splitter, digits.rows(), byClass(digits), 42);
    int union = 0;
    for (Role role : Role.values()) {
      int has = rows(digits, folds, 0, role).length;
      union += has;
      assertThat(has).isEqualTo(role == Role.TRAIN ? 1079 : 359); // of 1,797
    }
    assertThat(union).isEqualTo(digits.rows());
    RowCounts merged = splitter.counts();
    for (int part = 7; part >= 0; part--) {
      RowCounts counts = splitter.counts();
      for (int i = part; i < digits.rows(); i += 8) {
        counts.add(byClass(digits).apply(i));
      }
      merged.merge(counts);
    }
    Folds again = splitter.plan(merged, 42);
    for (int i = 0; i < digits.rows(); i++) {
      SplitRow row = byClass(digits).apply(i);
      assertThat(again.cell(row, 0)).isEqualTo(folds.cell(row, 0));
    }
  }

  @Test
  @DisplayName("EVS-06 iris, 20 times 5 folds of 5 neighbours: a narrower interval than once")
  void repeated() {
    Samples iris = CatalogueData.iris();
    Folds folds = plan(new KFold(5, 20, true), 150, byClass(iris), 42);
    double[] scores =
        IntStream.range(0, 100).mapToDouble(s -> neighbours(iris, folds, s, 5)).toArray();
    FoldScores twenty = FoldScores.ofFolds(scores, 5);
    double[] widthOfOne = new double[20];
    for (int r = 0; r < 20; r++) {
      double[] once = Arrays.copyOfRange(scores, r * 5, r * 5 + 5);
      widthOfOne[r] = FoldScores.ofFolds(once, 5).interval(0.95).halfWidth();
    }
    assertThat(twenty.mean()).isCloseTo(0.967, within(0.01));
    assertThat(twenty.interval(0.95).contains(0.967)).isTrue();
    assertThat(twenty.interval(0.95).halfWidth())
        .isLessThan(Arrays.stream(widthOfOne).average().orElse(0));
  }

  @Test
  @DisplayName("EVS-10 cancer: 1 neighbour learns the rows by heart, all rows give the majority")
  void biasAndVariance() {
    Samples cancer = CatalogueData.breastCancer();
    int[] all = IntStream.range(0, cancer.rows()).toArray();
    long heart =
        Arrays.stream(all).filter(i -> vote(cancer, all, i, 1) == cancer.labels()[i]).count();
    assertThat(heart).isEqualTo(569);
    Folds folds = plan(new KFold(5, 1, true), 569, byClass(cancer), 42);
    double majority =
        IntStream.range(0, 5)
            .mapToDouble(s -> neighbours(cancer, folds, s, 569))
            .average()
            .orElse(0);
    assertThat(majority).isCloseTo(0.6274, within(0.001));
  }

  @Test
  @DisplayName("EVS-26 airline passengers by month: no training row later than a validation row")
  void rollingOrigin() {
    List<String[]> csv = RealData.csv("airline-passengers/airline-passengers.csv");
    long[] month = csv.stream().mapToLong(r -> month(r[0])).toArray();
    Folds folds =
        plan(
            new TimeSeriesSplit(5, 12, 0, 0, 0),
            month.length,
            i -> SplitRow.of(i).withTime(month[i]),
            0);
    for (int s = 0; s < 5; s++) {
      long[] train = months(month, folds, s, Role.TRAIN);
      long[] validation = months(month, folds, s, Role.VALIDATION);
      assertThat(validation).hasSize(12);
      assertThat(train).hasSize(month.length - 12 * (5 - s));
      assertThat(Arrays.stream(train).max().orElseThrow())
          .isEqualTo(Arrays.stream(validation).min().orElseThrow() - 1);
    }
  }

  private static long month(String text) {
    YearMonth at = YearMonth.parse(text.replace("\"", ""));
    return at.getYear() * 12L + at.getMonthValue();
  }

  private static long[] months(long[] month, Folds folds, int split, Role role) {
    return Arrays.stream(month)
        .filter(m -> folds.role(SplitRow.of(0).withTime(m), split) == role)
        .toArray();
  }
}
