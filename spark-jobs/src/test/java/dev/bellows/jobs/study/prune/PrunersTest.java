package dev.bellows.jobs.study.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.sample.Mix64;
import dev.bellows.jobs.space.Configuration;
import dev.bellows.jobs.study.trial.Event;
import dev.bellows.jobs.study.trial.Generations;
import dev.bellows.jobs.study.trial.Goal;
import dev.bellows.jobs.study.trial.History;
import dev.bellows.jobs.study.trial.Report;
import dev.bellows.jobs.study.trial.Trial;
import dev.bellows.jobs.study.trial.TrialState;
import dev.bellows.jobs.study.trial.Trials;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class PrunersTest {
  private static final Rungs RUNGS = Rungs.geometric(1, 27, 3); // 1, 3, 9, 27

  /** The loss of a trial after some epochs: it falls to a limit that differs between trials. */
  private static double curve(int number, double epochs) {
    double limit = Mix64.unit(Mix64.mix(number));
    return limit + 1 / (1 + epochs);
  }

  /** Runs trials in rungs; those that wait for others hold no slot, and any unit may end next. */
  private static Trials run(Pruner pruner, Generations generations, int trials, long order) {
    Trials book = new Trials(Goal.MINIMIZE);
    long draw = order;
    while (book.size() < trials || book.list().stream().anyMatch(t -> !t.state().finished())) {
      while (book.size() < trials && generations.canAsk(book)) {
        int number = book.size();
        Configuration none = Configuration.of(Map.of("x", number));
        book.apply(Event.ask(number, none, OptionalInt.empty()));
        if (book.size() % generations.size() == 0) {
          break; // the next generation is asked when this one has ended
        }
      }
      List<Trial> open = new ArrayList<>();
      for (Trial trial : book.list()) {
        int rung = trial.highestRung();
        boolean ready = rung < 0 || generations.canDecide(book, trial.number(), rung, 1);
        if (!trial.state().finished() && ready) {
          open.add(trial);
        }
      }
      draw = Mix64.mix(draw);
      step(pruner, generations, book, open.get((int) Math.floorMod(draw, (long) open.size())));
    }
    return book;
  }

  private static void step(Pruner pruner, Generations generations, Trials book, Trial trial) {
    int number = trial.number();
    int rung = trial.highestRung();
    if (rung >= 0) {
      Optional<String> why =
          pruner.stop(generations.beforeDeciding(book, number, rung), trial, rung);
      if (why.isPresent()) {
        book.apply(Event.prune(number, why.get()));
        return;
      }
      if (RUNGS.isLast(rung)) {
        book.apply(Event.tell(number, trial.reached(), Map.of()));
        return;
      }
    }
    double epochs = RUNGS.resource(rung + 1);
    book.apply(Event.report(number, new Report(0, rung + 1, epochs, curve(number, epochs))));
  }

  private static double epochs(Trials trials) {
    return trials.list().stream().mapToDouble(t -> RUNGS.resource(t.highestRung())).sum();
  }

  @Test
  void aGenerationIsHalvedTheSameWayWhateverEndsFirst() {
    Trials first = run(new HalvingPruner(RUNGS, 3), Generations.of(27), 27, 1);
    int[] reached = new int[4];
    first.list().forEach(t -> reached[t.highestRung()]++);
    assertThat(reached).containsExactly(18, 6, 2, 1);
    assertThat(epochs(first)).isEqualTo(18 + 6 * 3 + 2 * 9 + 27);
    Trial best = first.history().best().orElseThrow();
    Trials all = run(Pruner.NONE, Generations.of(27), 27, 1);
    assertThat(best.number()).isEqualTo(all.history().best().orElseThrow().number());
    for (long order = 2; order < 6; order++) {
      assertThat(run(new HalvingPruner(RUNGS, 3), Generations.of(27), 27, order).list())
          .isEqualTo(first.list());
    }
  }

  @Test
  void halvingFindsTheWinnerWithLessThanAThirdOfTheEpochs() {
    Trials all = run(Pruner.NONE, Generations.of(9), 81, 1);
    for (Generations generations : List.of(Generations.of(9), new Generations(81, true))) {
      Trials some = run(new HalvingPruner(RUNGS, 3), generations, 81, 3);
      assertThat(epochs(some) / epochs(all)).isLessThan(0.3);
      assertThat(some.history().best().orElseThrow().score())
          .isEqualTo(all.history().best().orElseThrow().score());
    }
  }

  @Test
  void everyPrunerInGenerationsGivesTheSameTrialsInAnyOrder() {
    List<Pruner> pruners =
        List.of(new MedianPruner(), new HyperbandPruner(RUNGS, 3), new HalvingPruner(RUNGS, 4));
    for (Pruner pruner : pruners) {
      Trials first = run(pruner, Generations.of(8), 40, 1);
      assertThat(first.history().in(TrialState.PRUNED)).as("%s", pruner).isNotEmpty();
      assertThat(first.history().in(TrialState.COMPLETE)).as("%s", pruner).isNotEmpty();
      for (long order = 2; order < 5; order++) {
        assertThat(run(pruner, Generations.of(8), 40, order).list()).isEqualTo(first.list());
      }
    }
  }

  private static Trial trial(int number, double... scores) {
    Trial trial = Trial.waiting(number, Configuration.of(Map.of("x", number)), OptionalInt.empty());
    List<Report> reports = new ArrayList<>();
    for (int rung = 0; rung < scores.length; rung++) {
      reports.add(new Report(0, rung, rung + 1, scores[rung]));
    }
    return new Trial(
        number,
        trial.configuration(),
        trial.parent(),
        TrialState.RUNNING,
        Double.NaN,
        "",
        reports,
        Map.of());
  }

  private static History maximising(Trial... trials) {
    return new History(Goal.MAXIMIZE, List.of(trials));
  }

  @Test
  void theMedianIsThatOfTheOthersAtTheSameRung() {
    Trial[] others = {trial(0, 1, 5), trial(1, 2), trial(2, 3, 1), trial(3, 4, 3), trial(4, 5)};
    History history = maximising(others);
    MedianPruner median = new MedianPruner();
    assertThat(median.stop(history, trial(5, 2.9), 0)).isPresent();
    assertThat(median.stop(history, trial(5, 3), 0)).isEmpty();
    assertThat(median.stop(history, trial(5, 9, 0.5), 1)).isEmpty(); // three others only
    assertThat(new MedianPruner(3, 0, 0.5).stop(history, trial(5, 9, 2.9), 1)).isPresent();
    assertThat(new MedianPruner(3, 2, 0.5).stop(history, trial(5, 9, 2.9), 1)).isEmpty();
    assertThat(median.stop(maximising(), trial(5, Double.NaN), 0)).isPresent();
    assertThat(median.stop(maximising(), trial(5, 1), 0)).isEmpty();
  }

  @Test
  void aRungOfOneLetsTheOnlyTrialPass() {
    HalvingPruner halving = new HalvingPruner(RUNGS, 3);
    assertThat(halving.stop(maximising(), trial(0, 1), 0)).isEmpty();
    assertThat(halving.stop(maximising(trial(1, 2)), trial(0, 1), 0))
        .contains("place 2 of 2 at rung 0, 1 go on");
    assertThat(halving.stop(maximising(), trial(0, Double.NaN), 0)).isPresent();
    assertThat(halving.stop(maximising(trial(1, 9, 9, 9, 9)), trial(0, 1, 1, 1, 1), 3)).isEmpty();
  }

  @Test
  void hyperbandDealsTheBracketsByTheSharesOfThePaper() {
    HyperbandPruner hyperband = new HyperbandPruner(Rungs.geometric(1, 81, 3), 3);
    // Table 1 of the paper (R = 81, eta = 3): 81, 34, 15, 8, 5 configurations.
    int[] counts = new int[5];
    for (int n = 0; n < 143; n++) {
      counts[hyperband.bracket(n)]++;
    }
    assertThat(counts).containsExactly(81, 34, 15, 8, 5);
    assertThat(hyperband.bracket(143 + 7)).isEqualTo(hyperband.bracket(7));
    // A bracket compares with its own only, and not before its rung.
    int late = 0;
    while (hyperband.bracket(late) != 2) {
      late++;
    }
    History others = maximising(trial(999_999, 9, 9, 9, 9));
    assertThat(hyperband.stop(others, trial(late, 1, 1), 1)).isEmpty();
  }

  @Test
  void patienceLooksAtTheTrialAlone() {
    PatiencePruner patience = new PatiencePruner(2, 0.1);
    assertThat(patience.stop(maximising(), trial(0, 1, 1.05, 1.2), 2)).isEmpty();
    assertThat(patience.stop(maximising(), trial(0, 1, 1.05, 1.09), 2)).isPresent();
    assertThat(patience.stop(maximising(), trial(0, 1, Double.NaN, Double.NaN), 2)).isPresent();
  }

  /** Losses of 200 rows of a fold: noise that all trials share, and what a trial adds to it. */
  private static double[] rows(int fold, double worse, int trial) {
    double[] losses = new double[200];
    for (int i = 0; i < losses.length; i++) {
      losses[i] = Mix64.unit(Mix64.mix(fold * 1000L + i));
      losses[i] += worse + 0.2 * (Mix64.unit(Mix64.mix(trial * 77_777L + fold * 1000L + i)) - 0.5);
    }
    return losses;
  }

  private static Trial folds(int number, int folds) {
    List<Report> reports = new ArrayList<>();
    for (int fold = 0; fold < folds; fold++) {
      reports.add(new Report(fold, 0, 1, 0.5));
    }
    TrialState state = folds == 5 ? TrialState.COMPLETE : TrialState.RUNNING;
    double score = folds == 5 ? 0.5 : Double.NaN;
    return new Trial(
        number,
        Configuration.of(Map.of("x", number)),
        OptionalInt.empty(),
        state,
        score,
        "",
        reports,
        Map.of());
  }

  @Test
  void racingEndsWhatIsWorseOnTheSameRowsAfterTwoFoldsAndNothingElse() {
    double[] worse = {0, 0.05, 0, -0.05};
    RacingPruner racing =
        new RacingPruner(
            (trial, fold) -> Optional.of(rows(fold, worse[trial], trial)),
            RacingPruner.PairedTest.wilcoxon(),
            0.05,
            2,
            5);
    History history = new History(Goal.MINIMIZE, List.of(folds(0, 5)));
    assertThat(racing.stop(history, folds(1, 1), 0)).isEmpty();
    assertThat(racing.stop(history, folds(1, 2), 1).orElseThrow())
        .startsWith("worse than trial 0 on 2 folds");
    assertThat(racing.stop(history, folds(2, 3), 2)).as("equally good").isEmpty();
    assertThat(racing.stop(history, folds(3, 3), 2)).as("better").isEmpty();
    assertThat(racing.stop(new History(Goal.MINIMIZE, List.of()), folds(1, 2), 1)).isEmpty();
    // Without its correction for several looks one in twenty equal trials would end at each.
    int ended = 0;
    for (int n = 10; n < 110; n++) {
      RacingPruner equal =
          new RacingPruner(
              (trial, fold) -> Optional.of(rows(fold, 0, trial)),
              RacingPruner.PairedTest.wilcoxon(),
              0.05,
              2,
              5);
      for (int fold = 2; fold < 5; fold++) {
        if (equal.stop(history, folds(n, fold), fold - 1).isPresent()) {
          ended++;
          break;
        }
      }
    }
    assertThat(ended).isLessThanOrEqualTo(8);
  }

  @Test
  void settingsOutOfRangeAreRefused() {
    assertThatThrownBy(() -> new MedianPruner(0, 0, 0.5)).hasMessageContaining("startup_trials");
    assertThatThrownBy(() -> new HalvingPruner(RUNGS, 1)).hasMessageContaining("at least 2");
    assertThatThrownBy(() -> new PatiencePruner(0, 0)).hasMessageContaining("patience >= 1");
    assertThatThrownBy(() -> Rungs.geometric(9, 3, 3)).hasMessageContaining("max_resource");
    assertThatThrownBy(() -> new Rungs(List.of(3.0, 1.0))).hasMessageContaining("grow");
    assertThat(RUNGS.resources()).containsExactly(1.0, 3.0, 9.0, 27.0);
    assertThat(Rungs.geometric(2, 27, 3).resources()).containsExactly(2.0, 6.0, 18.0, 27.0);
  }
}
