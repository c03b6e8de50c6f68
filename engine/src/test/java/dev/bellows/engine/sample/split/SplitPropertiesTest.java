package dev.bellows.engine.sample.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SplitPropertiesTest {
  private static final List<SplitRow> ROWS = Splits.rows(1000);

  static Stream<Splitter> all() {
    return Stream.of(
        new KFold(5, 3, false),
        new KFold(4, 2, true),
        new LeaveOneOut(),
        new GroupKFold(5, 2, false),
        new GroupKFold(3, 2, true),
        new LeaveGroupsOut(1),
        new LeaveGroupsOut(2),
        new TimeSeriesSplit(5, 0, 10, 3, 0),
        new TimeSeriesSplit(4, 50, 4, 0, 200),
        new GivenFolds(false),
        new HoldOut(0.2, 0.2, HoldOut.By.STRATA, 1),
        new HoldOut(0.25, 0, HoldOut.By.ROWS, 4),
        new HoldOut(0.25, 0.1, HoldOut.By.GROUPS, 1),
        new RowShares(List.of(0.1, 0.3, 1.0), true));
  }

  @ParameterizedTest
  @MethodSource("all")
  void partitions_and_order_do_not_matter_and_a_plan_travels(Splitter splitter) {
    Folds one = Splits.plan(splitter, ROWS, 7);
    for (int parts : new int[] {4, 64}) {
      Folds many = Splits.copy(splitter.plan(Splits.count(splitter, ROWS, parts), 7));
      assertThat(many.splits()).isEqualTo(one.splits());
      for (SplitRow row : ROWS) {
        for (int r = 0; r < one.repeats(); r++) {
          assertThat(many.cell(row, r)).isEqualTo(one.cell(row, r));
        }
      }
      for (int s = 0; s < one.splits(); s += 7) {
        for (int c = 0; c < one.cells(); c++) {
          assertThat(many.role(c, s)).isEqualTo(one.role(c, s));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void every_split_has_rows_on_both_sides_and_disjoint_ones_validate_each_row_once(
      Splitter splitter) {
    Folds folds = Splits.plan(splitter, ROWS, 1);
    if (!(splitter instanceof RowShares)) {
      Splits.sizes(folds, ROWS).check(folds);
    }
    if (!folds.disjoint() || folds.splits() > 100) {
      return;
    }
    for (SplitRow row : ROWS) {
      for (int r = 0; r < folds.repeats(); r++) {
        int validates = 0;
        for (int f = 0; f < folds.splitsPerRepeat(); f++) {
          Role role = folds.role(row, r * folds.splitsPerRepeat() + f);
          assertThat(role).isNotEqualTo(Role.NONE);
          validates += role == Role.VALIDATION ? 1 : 0;
        }
        assertThat(validates).isEqualTo(splitter instanceof GivenFolds && row.fold() < 0 ? 0 : 1);
      }
    }
  }

  @Test
  @DisplayName("EVS-01, EVS-03 each row validates exactly once, alone when one is left out")
  void leaveOneOut() {
    List<SplitRow> rows = ROWS.subList(0, 150);
    Folds folds = Splits.plan(new LeaveOneOut(), rows, 3);
    assertThat(Splits.validating(folds, rows)).hasSize(150).containsOnly(1L);
  }

  @Test
  @DisplayName("EVS-02 the rows of a class differ by at most one between folds, all rows as well")
  void strata() {
    for (int n : new int[] {300, 1000, 4001}) {
      List<SplitRow> rows = Splits.rows(n);
      Folds folds = Splits.plan(new KFold(7, 2, true), rows, n);
      CellCounts sizes = Splits.sizes(folds, rows);
      for (int s = 0; s < folds.splits(); s++) {
        assertThat((double) sizes.rows(folds, s, Role.VALIDATION)).isCloseTo(n / 7.0, within(1.0));
        Map<Long, Long> train = sizes.rowsByStratum(folds, s, Role.TRAIN);
        Map<Long, Long> validation = sizes.rowsByStratum(folds, s, Role.VALIDATION);
        validation.forEach(
            (c, has) ->
                assertThat((double) has)
                    .isCloseTo((has + train.getOrDefault(c, 0L)) / 7.0, within(1.0)));
      }
    }
  }

  @Test
  @DisplayName("EVS-06 repeats are different splits")
  void repeats() {
    for (Splitter splitter :
        List.of(new KFold(5, 2, true), new GroupKFold(5, 2, false), new GroupKFold(3, 2, true))) {
      Folds folds = Splits.plan(splitter, ROWS, 2);
      long same = ROWS.stream().filter(r -> folds.cell(r, 0) == folds.cell(r, 1)).count();
      assertThat(same).as(splitter.toString()).isBetween(50L, 600L);
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void groups_are_never_divided(Splitter splitter) {
    if (!splitter.facts().contains(RowFact.GROUP)) {
      return;
    }
    Folds folds = Splits.plan(splitter, ROWS, 11);
    for (int r = 0; r < folds.repeats(); r++) {
      Map<Long, Integer> cellOf = new HashMap<>();
      for (SplitRow row : ROWS) {
        int cell = folds.cell(row, r);
        assertThat(cellOf.merge(row.group(), cell, (a, b) -> a.equals(b) ? a : -1)).isEqualTo(cell);
      }
    }
  }

  @Test
  @DisplayName("EVS-26 no training row is later than a validation row, nor in the gap or purged")
  void time() {
    long purge = 9;
    long gap = 20;
    Folds folds = Splits.plan(new TimeSeriesSplit(6, 0, gap, purge, 150), ROWS, 0);
    for (int s = 0; s < folds.splits(); s++) {
      TreeSet<Long> train = new TreeSet<>();
      TreeSet<Long> validation = new TreeSet<>();
      long between = 0;
      long trained = 0;
      for (SplitRow row : ROWS) {
        Role role = folds.role(row, s);
        Set<Long> times = role == Role.TRAIN ? train : validation;
        if (role != Role.NONE) {
          times.add(row.time());
        }
        trained += role == Role.TRAIN ? 1 : 0;
      }
      for (SplitRow row : ROWS) {
        between += row.time() > train.last() && row.time() < validation.first() ? 1 : 0;
      }
      assertThat(train.last() + purge).isLessThan(validation.first());
      assertThat(between).isGreaterThanOrEqualTo(gap);
      assertThat(trained).isBetween(100L, 152L);
    }
  }

  @Test
  @DisplayName("EVS-04 three parts by class, to a row; nothing in two parts")
  void holdOut() {
    Folds folds = Splits.plan(new HoldOut(0.2, 0.2, HoldOut.By.STRATA, 1), ROWS, 5);
    CellCounts sizes = Splits.sizes(folds, ROWS);
    for (Role role : Role.values()) {
      double share = role == Role.TRAIN ? 0.6 : 0.2;
      assertThat(sizes.rows(folds, 0, role)).isEqualTo(Math.round(share * 1000));
      sizes
          .rowsByStratum(folds, 0, role)
          .forEach(
              (stratum, n) -> {
                long all = ROWS.stream().filter(r -> r.stratum() == stratum).count();
                assertThat((double) n).isCloseTo(share * all, within(2.0));
              });
    }
    List<Long> byGroup =
        Splits.validating(Splits.plan(new HoldOut(0.3, 0, HoldOut.By.GROUPS, 5), ROWS, 5), ROWS);
    assertThat(byGroup).allSatisfy(n -> assertThat(n).isBetween(200L, 400L));
  }

  @Test
  void shares_of_rows_grow_into_each_other_and_keep_the_strata() {
    List<Double> shares = List.of(0.003, 0.05, 0.2, 0.5, 1.0);
    Folds folds = Splits.plan(new RowShares(shares, true), ROWS, 9);
    CellCounts sizes = Splits.sizes(folds, ROWS);
    for (int s = 0; s < shares.size(); s++) {
      double share = shares.get(s);
      Map<Long, Long> trains = sizes.rowsByStratum(folds, s, Role.TRAIN);
      assertThat(trains).hasSize(3);
      assertThat((double) sizes.rows(folds, s, Role.TRAIN)).isCloseTo(share * 1000, within(3.0));
      trains.forEach(
          (stratum, n) -> {
            long all = ROWS.stream().filter(r -> r.stratum() == stratum).count();
            assertThat((double) n).isCloseTo(share * all, within(1.5));
          });
      for (SplitRow row : ROWS) {
        assertThat(s > 0 && folds.role(row, s - 1) == Role.TRAIN && folds.role(row, s) == Role.NONE)
            .isFalse();
      }
    }
  }

  @Test
  void strata_and_groups_above_the_limits_are_dealt_by_their_hash() {
    List<SplitRow> rows = Splits.rows(20_000);
    KFold stratified = new KFold(5, 1, true);
    RowCounts a = new RowCounts(stratified.facts(), 5_000, 10);
    RowCounts b = new RowCounts(stratified.facts(), 5_000, 10);
    for (int i = 0; i < rows.size(); i++) {
      (i % 3 == 0 ? a : b).add(rows.get(i));
    }
    Folds folds = stratified.plan(Splits.copy(a).merge(b), 1);
    CellCounts sizes = Splits.sizes(folds, rows);
    for (int s = 0; s < 5; s++) {
      Map<Long, Long> has = sizes.rowsByStratum(folds, s, Role.VALIDATION);
      long[] all = new long[3];
      rows.forEach(r -> all[(int) r.stratum()]++);
      // 14,000 rows: four standard deviations of a binomial; the small classes are exact
      assertThat((double) has.getOrDefault(0L, 0L))
          .isCloseTo(all[0] / 5.0, within(4 * Math.sqrt(all[0] * .16)));
      assertThat((double) has.getOrDefault(1L, 0L)).isCloseTo(all[1] / 5.0, within(1.0));
      assertThat((double) has.getOrDefault(2L, 0L)).isCloseTo(all[2] / 5.0, within(1.0));
    }
    GroupKFold grouped = new GroupKFold(2, 1, false);
    RowCounts groups = new RowCounts(grouped.facts(), 10, 10);
    rows.forEach(groups::add);
    Splits.sizes(grouped.plan(groups, 1), rows).check(grouped.plan(groups, 1));
  }
}
