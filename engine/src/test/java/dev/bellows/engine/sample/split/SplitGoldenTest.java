package dev.bellows.engine.sample.split;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Counts of scikit-learn 1.9.1. Which rows fall into a fold differs (hashes, not the order of the
 * rows), how many of which class or group does not.
 */
class SplitGoldenTest {
  private static List<SplitRow> rows(int n) {
    List<SplitRow> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      rows.add(SplitRow.of(i).withTime(i));
    }
    return rows;
  }

  // [len(b) for a, b in KFold(5).split(zeros(103))]
  @Test
  void kFold() {
    List<SplitRow> rows = rows(103);
    assertThat(Splits.validating(Splits.plan(new KFold(5, 1, false), rows, 1), rows))
        .containsExactly(21L, 21L, 21L, 20L, 20L);
  }

  // y = repeat([0, 1, 2], [357, 25, 7]); [bincount(y[b]) for a, b in StratifiedKFold(5).split(y,
  // y)]
  @Test
  void stratifiedKFold() {
    List<SplitRow> rows = new ArrayList<>();
    rows(389).forEach(r -> rows.add(r.withStratum(r.key() < 357 ? 0 : r.key() < 382 ? 1 : 2)));
    Folds folds = Splits.plan(new KFold(5, 1, true), rows, 1);
    CellCounts sizes = Splits.sizes(folds, rows);
    long[][] expected = {{72, 5, 1}, {72, 5, 1}, {71, 5, 2}, {71, 5, 2}, {71, 5, 1}};
    for (int s = 0; s < 5; s++) {
      assertThat(sizes.rowsByStratum(folds, s, Role.VALIDATION))
          .isEqualTo(Map.of(0L, expected[s][0], 1L, expected[s][1], 2L, expected[s][2]));
    }
  }

  // g = [(i * i * 7 + i) % 11 for i in range(200)]
  // sorted(len(b) for a, b in GroupKFold(3).split(g, groups=g))
  @Test
  void groupKFold() {
    List<SplitRow> rows = new ArrayList<>();
    rows(200).forEach(r -> rows.add(r.withGroup((r.key() * r.key() * 7 + r.key()) % 11)));
    assertThat(Splits.validating(Splits.plan(new GroupKFold(3, 1, false), rows, 1), rows))
        .containsExactlyInAnyOrder(55L, 72L, 73L);
  }

  // y and g with these rows of class 0 and 1 in groups 0..11;
  // [unique(g[b]) for a, b in StratifiedGroupKFold(3).split(y, y, g)]
  @Test
  void stratifiedGroupKFold() {
    int[][] counts = {
      {30, 1}, {5, 17}, {22, 9}, {3, 2}, {12, 40}, {8, 8}, {2, 19}, {14, 0}, {6, 13}, {27, 4},
      {5, 1}, {9, 30}
    };
    List<SplitRow> rows = new ArrayList<>();
    for (int g = 0; g < counts.length; g++) {
      for (int i = 0; i < counts[g][0] + counts[g][1]; i++) {
        rows.add(SplitRow.of(rows.size()).withGroup(g).withStratum(i < counts[g][0] ? 0 : 1));
      }
    }
    Folds folds = Splits.plan(new GroupKFold(3, 1, true), rows, 1);
    List<Set<Long>> groups = List.of(new TreeSet<>(), new TreeSet<>(), new TreeSet<>());
    rows.forEach(r -> groups.get(folds.cell(r, 0)).add(r.group()));
    assertThat(groups)
        .containsExactly(Set.of(0L, 1L, 11L), Set.of(3L, 4L, 5L, 7L, 10L), Set.of(2L, 6L, 8L, 9L));
  }

  // [(a[0], a[-1], b[0], b[-1]) for a, b in TimeSeriesSplit(...).split(zeros(100))]
  @Test
  void timeSeries() {
    // n_splits=5
    assertThat(spans(TimeSeriesSplit.expanding(5)))
        .containsExactly("0-19 20-35", "0-35 36-51", "0-51 52-67", "0-67 68-83", "0-83 84-99");
    // n_splits=4, gap=3
    assertThat(spans(new TimeSeriesSplit(4, 0, 3, 0, 0)))
        .containsExactly("0-16 20-39", "0-36 40-59", "0-56 60-79", "0-76 80-99");
    // n_splits=4, test_size=7, gap=2
    assertThat(spans(new TimeSeriesSplit(4, 7, 2, 0, 0)))
        .containsExactly("0-69 72-78", "0-76 79-85", "0-83 86-92", "0-90 93-99");
    // n_splits=4, max_train_size=20, gap=1
    assertThat(spans(new TimeSeriesSplit(4, 0, 1, 0, 20)))
        .containsExactly("0-18 20-39", "19-38 40-59", "39-58 60-79", "59-78 80-99");
  }

  private static List<String> spans(TimeSeriesSplit splitter) {
    List<SplitRow> rows = rows(100);
    Folds folds = Splits.plan(splitter, rows, 0);
    List<String> spans = new ArrayList<>();
    for (int s = 0; s < folds.splits(); s++) {
      TreeSet<Long> train = new TreeSet<>();
      TreeSet<Long> validation = new TreeSet<>();
      for (SplitRow row : rows) {
        switch (folds.role(row, s)) {
          case TRAIN -> train.add(row.time());
          case VALIDATION -> validation.add(row.time());
          case NONE -> {}
        }
      }
      assertThat(train).hasSize((int) (train.last() - train.first()) + 1);
      assertThat(validation).hasSize((int) (validation.last() - validation.first()) + 1);
      spans.add(
          train.first() + "-" + train.last() + " " + validation.first() + "-" + validation.last());
    }
    return spans;
  }

  // LeavePGroupsOut(2) over groups 0..3: test groups in lexicographic order
  @Test
  void leaveTwoGroupsOut() {
    List<SplitRow> rows = new ArrayList<>();
    rows(40).forEach(r -> rows.add(r.withGroup(r.key() % 4)));
    Folds folds = Splits.plan(new LeaveGroupsOut(2), rows, 0);
    List<String> validating = new ArrayList<>();
    for (int s = 0; s < folds.splits(); s++) {
      StringBuilder text = new StringBuilder();
      for (int g = 0; g < 4; g++) {
        text.append(folds.role(rows.get(g), s) == Role.VALIDATION ? g : "");
      }
      validating.add(text.toString());
    }
    assertThat(validating).containsExactly("01", "02", "03", "12", "13", "23");
  }

  // PredefinedSplit([-1, 0, 5, 5, 2]): three splits, the row of -1 always trains
  @Test
  void givenFolds() {
    long[] given = {-1, 0, 5, 5, 2};
    List<SplitRow> rows = new ArrayList<>();
    rows(5).forEach(r -> rows.add(r.withFold(given[(int) r.key()])));
    Folds folds = Splits.plan(new GivenFolds(false), rows, 0);
    assertThat(Splits.validating(folds, rows)).containsExactly(1L, 1L, 2L);
    assertThat(folds.role(rows.get(0), 2)).isEqualTo(Role.TRAIN);
  }
}
