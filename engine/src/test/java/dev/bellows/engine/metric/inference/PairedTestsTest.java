package dev.bellows.engine.metric.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.sample.Mix64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Golden numbers: scipy 1.17.1, numpy 2.4.6; the expressions are quoted at each. */
class PairedTestsTest {
  private static final double[] A = {.91, .88, .93, .90, .95, .89, .92, .94, .90, .93};
  private static final double[] B = {.90, .86, .93, .88, .92, .90, .89, .91, .90, .915};

  // 5 folds x 2: se = sqrt((1/10 + 1/4) var(a, ddof=1)); stats.t.interval(.95, 9, mean(a), se)
  @Test
  void corrected_interval() {
    FoldScores a = FoldScores.ofFolds(A, 5);
    assertThat(a.mean()).isCloseTo(0.915, within(1e-12));
    assertThat(a.std()).isCloseTo(0.022730302828309745, within(1e-12));
    Interval interval = a.interval(0.95);
    assertThat(interval.low()).isCloseTo(0.8845798032915599, within(1e-9));
    assertThat(interval.high()).isCloseTo(0.9454201967084401, within(1e-9));
    assertThat(FoldScores.of(A, new long[] {20, 30}, new long[] {80, 120})).isEqualTo(a);
    assertThat(new FoldScores(new double[] {1}, 1).interval(0.9).contains(-1e9)).isTrue();
  }

  // d = a - b; t = mean(d) / sqrt((1/10 + 1/4) var(d, ddof=1)); 2 * stats.t.sf(t, 9)
  @Test
  void corrected_resampled_t() {
    FoldScores d = FoldScores.ofFolds(A, 5).minus(FoldScores.ofFolds(B, 5));
    TestResult two = PairedTests.correctedT(d, Tail.TWO_SIDED);
    assertThat(two.statistic()).isCloseTo(1.7223502256578465, within(1e-9));
    assertThat(two.p()).isCloseTo(0.11910586445147038, within(1e-9));
    assertThat(PairedTests.correctedT(d, Tail.GREATER).p())
        .isCloseTo(0.05955293222573519, within(1e-9));
    FoldScores same = new FoldScores(new double[] {.1, .1}, .25);
    assertThat(PairedTests.correctedT(same, Tail.LESS).p()).isNaN();
  }

  // stats.wilcoxon(x, alternative=..., method='exact' or 'approx')
  @Test
  void signed_ranks() {
    double[] x = {1.2, -.3, .8, 2.1, -.5, .9, 1.7, .4, -.1, 1.1};
    double[][] exactThenNormal = {
      {0.037109375, 0.03665792867221451},
      {0.0185546875, 0.018328964336107256},
      {0.986328125, 0.9816710356638927}
    };
    Tail[] tails = {Tail.TWO_SIDED, Tail.GREATER, Tail.LESS};
    for (int i = 0; i < tails.length; i++) {
      TestResult exact = PairedTests.wilcoxon(x, tails[i], true);
      assertThat(exact.statistic()).isEqualTo(48);
      assertThat(exact.p()).isCloseTo(exactThenNormal[i][0], within(1e-12));
      assertThat(PairedTests.wilcoxon(x, tails[i], false).p())
          .isCloseTo(exactThenNormal[i][1], within(1e-9));
    }
    // three folds can't be significant: 1 / 8 is the least p
    assertThat(PairedTests.wilcoxon(new double[] {1, 2, 3}, Tail.GREATER).p()).isEqualTo(0.125);
  }

  // approx as above; exact: all 1,024 signs of stats.rankdata(abs(y[y != 0])) counted
  @Test
  void signed_ranks_with_ties_and_zeros() {
    double[] y = {1, -1, 2, 2, -3, 0, 0, 4, 5, -2, 6, 1};
    assertThat(PairedTests.wilcoxon(y, Tail.TWO_SIDED, false).p())
        .isCloseTo(0.16658764010038207, within(1e-9));
    assertThat(PairedTests.wilcoxon(y, Tail.GREATER, false).p())
        .isCloseTo(0.08329382005019104, within(1e-9));
    assertThat(PairedTests.wilcoxon(y, Tail.GREATER, true))
        .isEqualTo(new TestResult(41, 101 / 1024.0));
    assertThat(PairedTests.wilcoxon(y, Tail.LESS, true).p()).isEqualTo(0.92578125);
    assertThat(PairedTests.wilcoxon(new double[3], Tail.LESS).p()).isNaN();
  }

  // stats.binomtest(3, 15).pvalue; (|25 - 40| - 1)^2 / 65, stats.chi2.sf(it, 1)
  @Test
  void mcnemar() {
    assertThat(PairedTests.mcnemar(3, 12).p()).isCloseTo(0.03515625, within(1e-12));
    assertThat(PairedTests.mcnemar(5, 5).p()).isEqualTo(1);
    assertThat(PairedTests.mcnemar(0, 0).p()).isEqualTo(1);
    TestResult many = PairedTests.mcnemar(25, 40);
    assertThat(many.statistic()).isCloseTo(3.0153846153846153, within(1e-12));
    assertThat(many.p()).isCloseTo(0.08247788747320971, within(1e-9));
  }

  // s2 = ((p - p.mean(1))**2).sum(1); F = (p**2).sum() / (2 * s2.sum()); stats.f.sf(F, 10, 5)
  @Test
  void five_repeats_of_two_folds() {
    double[][] p = {{.02, .01}, {.03, -.01}, {.015, .02}, {.01, .03}, {.025, .005}};
    TestResult f = PairedTests.fiveByTwo(p);
    assertThat(f.statistic()).isCloseTo(1.4950495049504948, within(1e-9));
    assertThat(f.p()).isCloseTo(0.3439257246697706, within(1e-9));
    assertThatThrownBy(() -> PairedTests.fiveByTwo(new double[4][2]))
        .hasMessageContaining("5 repeats of 2 folds");
  }

  // statsmodels' multipletests(method='holm') by its definition:
  // maximum.accumulate((m - i) * p[order][i]).clip(max=1)
  @Test
  void holm() {
    double[] adjusted = PairedTests.holm(new double[] {.01, .04, .03, .005, .5});
    double[] expected = {.04, .09, .09, .025, .5};
    for (int i = 0; i < expected.length; i++) {
      assertThat(adjusted[i]).isCloseTo(expected[i], within(1e-12));
    }
    assertThat(PairedTests.holm(new double[] {Double.NaN, .02})).containsExactly(Double.NaN, .04);
  }

  /** The point of the correction: level 5 % on folds that share most of their training rows. */
  @Test
  void corrected_test_keeps_its_level_where_the_plain_one_does_not() {
    int rejectedCorrected = 0;
    int rejectedPlain = 0;
    int experiments = 1000;
    for (int e = 0; e < experiments; e++) {
      // scores of folds with the correlation 1 / k that Nadeau and Bengio assume: k = 5, twice
      double common = normal(e, -1) * Math.sqrt(0.2);
      double[] d = new double[10];
      for (int i = 0; i < d.length; i++) {
        d[i] = common + normal(e, i) * Math.sqrt(0.8);
      }
      rejectedCorrected +=
          PairedTests.correctedT(FoldScores.ofFolds(d, 5), Tail.TWO_SIDED).p() < .05 ? 1 : 0;
      rejectedPlain +=
          PairedTests.correctedT(new FoldScores(d, 1e-300), Tail.TWO_SIDED).p() < .05 ? 1 : 0;
    }
    assertThat(rejectedCorrected / (double) experiments).isBetween(0.03, 0.07);
    assertThat(rejectedPlain / (double) experiments).isGreaterThan(0.15);
  }

  private static double normal(long experiment, long i) {
    double sum = 0;
    for (int j = 0; j < 12; j++) {
      sum += Mix64.unit(Mix64.mix(experiment * 1000 + i * 13 + j));
    }
    return sum - 6;
  }

  @Test
  void choices() {
    List<FoldScores> candidates =
        List.of(
            scores(.80, .82, .81),
            scores(.90, .94, .92),
            scores(.91, .96, .92),
            scores(.99, Double.NaN, 1));
    assertThat(Selection.best(candidates, true)).isEqualTo(2);
    assertThat(Selection.best(candidates, false)).isZero();
    assertThat(Selection.best(candidates.subList(3, 4), true)).isEqualTo(-1);
    // the best has .93 with error .0153: .92 is near enough and simpler, .81 is not
    assertThat(Selection.oneStandardError(candidates, new double[] {1, 2, 3, 0}, true))
        .isEqualTo(1);
    assertThat(Selection.oneStandardError(candidates, new double[] {3, 3, 1, 0}, true))
        .isEqualTo(2);
    List<Selection.Pair> pairs = Selection.pairs(candidates.subList(0, 3), .95);
    assertThat(pairs).hasSize(3);
    assertThat(pairs).allSatisfy(p -> assertThat(p.adjusted()).isGreaterThanOrEqualTo(p.p()));
    List<Selection.Pair> against = Selection.bestAgainstOthers(candidates.subList(0, 3), true, .95);
    assertThat(against.get(0).difference()).isCloseTo(.12, within(1e-12));
    assertThat(Selection.optimism(.95, candidates.get(1), true)).isCloseTo(.03, within(1e-12));
    assertThat(Selection.optimism(.95, candidates.get(1), false)).isCloseTo(-.03, within(1e-12));
  }

  @Test
  @DisplayName(
      "EVS-20 components sorted by what the score drops without them, with Holm's correction")
  void ablation() {
    FoldScores whole = scores(.95, .96, .94);
    Map<String, FoldScores> without =
        Map.of(
            "petals", scores(.81, .83, .80),
            "noise", scores(.95, .97, .95),
            "failed", scores(.9, Double.NaN, .9),
            "width", scores(.93, .92, .91));
    List<Ablation.Drop> table = Ablation.table(whole, without, true, .95);
    assertThat(table)
        .extracting(Ablation.Drop::component)
        .containsExactly("petals", "width", "noise", "failed");
    assertThat(table.get(0).drop()).isCloseTo((.14 + .13 + .14) / 3, within(1e-12));
    assertThat(table.get(0).adjusted()).isCloseTo(4 * table.get(0).p(), within(1e-12));
    assertThat(table.get(0).interval().low()).isPositive();
    assertThat(table.get(3).p()).isNaN();
    // the same as losses
    assertThat(Ablation.table(whole, without, false, .95).get(0).component()).isEqualTo("noise");
  }

  @Test
  @DisplayName("EVS-09 too simple, right and too complex are told apart by one standard error")
  void verdicts_along_a_setting() {
    ValidationCurve curve =
        new ValidationCurve(
            List.of(
                new ValidationCurve.Point(1, scores(.70, .71, .72), scores(.69, .70, .71)),
                new ValidationCurve.Point(2, scores(.93, .94, .95), scores(.90, .92, .94)),
                new ValidationCurve.Point(4, scores(1, 1, 1), scores(.80, .85, .82))));
    assertThat(curve.verdicts())
        .containsExactly(
            ValidationCurve.Verdict.UNDER,
            ValidationCurve.Verdict.FIT,
            ValidationCurve.Verdict.OVER);
    assertThat(curve.points().get(2).gap()).isCloseTo(1 - 2.47 / 3, within(1e-12));
  }

  private static FoldScores scores(double... values) {
    return FoldScores.ofFolds(values, 3);
  }
}
