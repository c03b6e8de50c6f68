package dev.bellows.engine.sample.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SplitRefusalTest {
  private static SplitException refused(Splitter splitter, List<SplitRow> rows) {
    return catchThrowableOfType(SplitException.class, () -> Splits.plan(splitter, rows, 1));
  }

  private static List<SplitRow> rows(int n) {
    List<SplitRow> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      rows.add(new SplitRow(i, i < 9 ? 7 : 1, i % 6, i / 10, i % 2));
    }
    return rows;
  }

  @Test
  void more_folds_than_rows_of_a_class_name_the_largest_possible() {
    SplitException e = refused(new KFold(12, 1, true), rows(100));
    assertThat(e).hasMessage("12 folds need 12 rows of class 7; it has 9 (largest possible: 9)");
    assertThat(e.kind()).isEqualTo(SplitException.Cause.REQUEST);
    assertThat(e.setting()).isEqualTo("folds");
    assertThat(Splits.plan(new KFold((int) e.largest(), 1, true), rows(100), 1).splits())
        .isEqualTo(9);
  }

  @Test
  void a_class_is_called_by_its_name_where_that_is_known() {
    KFold splitter = new KFold(12, 1, true);
    RowCounts counts = Splits.count(splitter, rows(100), 3).naming(code -> "\"c" + code + "\"");
    assertThatThrownBy(() -> splitter.plan(counts, 1))
        .hasMessageStartingWith("12 folds need 12 rows of class \"c7\"; it has 9");
  }

  @Test
  void more_folds_than_rows_or_groups() {
    assertThat(refused(new KFold(12, 1, false), rows(11)).largest()).isEqualTo(11);
    assertThat(refused(new LeaveOneOut(), rows(1)))
        .hasMessage("2 folds need 2 rows; there are 1 (no number of folds is possible)");
    SplitException e = refused(new GroupKFold(7, 1, false), rows(100));
    assertThat(e).hasMessage("7 folds need 7 groups; there are 6 (largest possible: 6)");
    assertThat(refused(new LeaveGroupsOut(6), rows(100)).largest()).isEqualTo(5);
  }

  @Test
  void a_class_in_few_groups() {
    List<SplitRow> rows = new ArrayList<>();
    rows(100).forEach(r -> rows.add(r.withStratum(r.group() < 2 ? 1 : 0)));
    SplitException e = refused(new GroupKFold(3, 1, true), rows);
    assertThat(e)
        .hasMessage(
            "3 folds need 3 groups with rows of class 1; there are 2 (largest possible: 2)");
  }

  @Test
  void too_many_combinations_of_groups() {
    List<SplitRow> rows = new ArrayList<>();
    rows(300).forEach(r -> rows.add(r.withGroup(r.key())));
    SplitException e = refused(new LeaveGroupsOut(3), rows);
    assertThat(e.largest()).isEqualTo(1);
    assertThat(e.setting()).isEqualTo("groups");
  }

  @Test
  void time_without_enough_times() {
    SplitException e = refused(TimeSeriesSplit.expanding(20), rows(100));
    assertThat(e).hasMessageContaining("100 rows at 10 times");
    assertThat(Splits.plan(TimeSeriesSplit.expanding((int) e.largest()), rows(100), 1).splits())
        .isEqualTo((int) e.largest());
    // scikit-learn: Too many splits=2 for number of samples=50 with test_size=16 and gap=30
    List<SplitRow> apart = new ArrayList<>();
    rows(50).forEach(r -> apart.add(r.withTime(r.key())));
    assertThat(refused(new TimeSeriesSplit(2, 0, 30, 0, 0), apart).largest()).isZero();
    assertThat(refused(new TimeSeriesSplit(3, 0, 0, 1000, 0), apart).largest()).isZero();
  }

  @Test
  void given_folds_that_divide_groups() {
    List<SplitRow> rows = new ArrayList<>();
    rows(100).forEach(r -> rows.add(r.withFold(r.key() % 4)));
    SplitException e = refused(new GivenFolds(true), rows);
    assertThat(e.kind()).isEqualTo(SplitException.Cause.DATA);
    assertThat(e)
        .hasMessageContaining("divides 6 of 6 groups")
        .hasMessageContaining("such as group 0")
        .hasMessageContaining("largest possible: 6");
  }

  @Test
  void rows_of_one_key() {
    List<SplitRow> rows = new ArrayList<>(rows(10));
    rows.add(rows.get(3));
    assertThat(refused(new KFold(2, 1, false), rows))
        .hasMessageContaining("1 of 11 rows have the key of another row");
  }

  @Test
  void a_hold_out_of_nothing() {
    assertThat(refused(new HoldOut(0.01, 0, HoldOut.By.ROWS, 1), rows(10)))
        .hasMessageContaining("a hold-out of 0.01 of 10 rows leaves a part without a row");
  }
}
