package dev.bellows.jobs.study.prune;

import dev.bellows.engine.metric.inference.PairedTests;
import dev.bellows.engine.metric.inference.Tail;
import dev.bellows.jobs.study.trial.History;
import dev.bellows.jobs.study.trial.Report;
import dev.bellows.jobs.study.trial.Trial;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Fold racing: after some folds a trial is compared with the best complete one on the same rows,
 * and stopped when it is worse beyond chance and could not catch up even if its remaining folds
 * went as well as its best one. A test on fold means could not fire with three folds (its least p
 * is 1/8); one on the paired losses of rows can; its p is multiplied by the number of looks. M.
 * Birattari et al.: A Racing Algorithm for Configuring Metaheuristics, GECCO 2002.
 *
 * <p>A rung here is a fold: rung r is the comparison after fold r.
 *
 * @param losses the out-of-fold losses of a trial's rows
 * @param test the paired test
 * @param level the trial is stopped below this corrected p: 0.05
 * @param minFolds folds that a trial gets in any case, 1 or more
 * @param folds folds of a complete trial
 */
public record RacingPruner(RowLosses losses, PairedTest test, double level, int minFolds, int folds)
    implements Pruner {
  /** Where the losses of rows are. */
  @FunctionalInterface
  public interface RowLosses {
    /**
     * The losses of a fold's validation rows, in the order of the rows, the same for all trials.
     *
     * @return empty when they are not known (any more)
     */
    Optional<double[]> of(int trial, int fold);
  }

  /** A test of paired losses. */
  @FunctionalInterface
  public interface PairedTest {
    /**
     * The one-sided p of the hypothesis that the first is not worse.
     *
     * @param losses [n] of the trial, all folds so far
     * @param others [n] of the incumbent, the same rows
     * @param rowsOfFold rows of each of these folds, for tests that group by fold
     */
    double p(double[] losses, double[] others, int[] rowsOfFold);

    /** F. Wilcoxon's signed-rank test on the rows' differences. */
    static PairedTest wilcoxon() {
      return (losses, others, rowsOfFold) -> {
        double[] differences = new double[losses.length];
        for (int i = 0; i < losses.length; i++) {
          differences[i] = losses[i] - others[i];
        }
        return PairedTests.wilcoxon(differences, Tail.GREATER).p();
      };
    }
  }

  /** Checks the settings. */
  public RacingPruner {
    if (!(level > 0 && level < 1) || minFolds < 1 || folds < minFolds) {
      throw new IllegalArgumentException(
          "expected a level in (0, 1) and 1 <= min_folds <= folds, found %s, %d and %d"
              .formatted(level, minFolds, folds));
    }
  }

  @Override
  public Optional<String> stop(History history, Trial trial, int rung) {
    Optional<Trial> best = history.best();
    if (rung + 1 < minFolds
        || rung + 1 >= folds
        || best.isEmpty()
        || best.get().number() == trial.number()) {
      return Optional.empty();
    }
    List<double[]> own = new ArrayList<>();
    List<double[]> others = new ArrayList<>();
    for (Report report : trial.reports()) {
      Optional<double[]> mine = losses.of(trial.number(), report.fold());
      Optional<double[]> theirs = losses.of(best.get().number(), report.fold());
      if (mine.isPresent() && theirs.isPresent()) {
        requirePaired(trial, best.get(), report.fold(), mine.get(), theirs.get());
        own.add(mine.get());
        others.add(theirs.get());
      }
    }
    if (own.size() < minFolds || optimistic(own) <= mean(others, best.get())) {
      return Optional.empty();
    }
    int[] rows = own.stream().mapToInt(fold -> fold.length).toArray();
    // Bonferroni: a trial is looked at after each of several folds.
    double p = test.p(joined(own), joined(others), rows) * (folds - minFolds);
    return p < level
        ? Optional.of(
            "worse than trial %d on %d folds, corrected p = %.4f"
                .formatted(best.get().number(), own.size(), p))
        : Optional.empty();
  }

  // What the trial's mean loss would be if every fold left went as its best one so far.
  private double optimistic(List<double[]> own) {
    double sum = 0;
    double least = Double.POSITIVE_INFINITY;
    for (double[] fold : own) {
      double mean = Arrays.stream(fold).average().orElse(0);
      sum += mean;
      least = Math.min(least, mean);
    }
    return (sum + (folds - own.size()) * least) / folds;
  }

  // The incumbent's mean over all its folds, where known.
  private double mean(List<double[]> shared, Trial incumbent) {
    List<double[]> all = new ArrayList<>();
    for (int fold = 0; fold < folds; fold++) {
      losses.of(incumbent.number(), fold).ifPresent(all::add);
    }
    return (all.size() == folds ? all : shared)
        .stream()
            .mapToDouble(fold -> Arrays.stream(fold).average().orElse(0))
            .average()
            .orElse(Double.POSITIVE_INFINITY);
  }

  private static double[] joined(List<double[]> folds) {
    return folds.stream().flatMapToDouble(Arrays::stream).toArray();
  }

  private static void requirePaired(
      Trial trial, Trial incumbent, int fold, double[] own, double[] other) {
    if (own.length != other.length) {
      throw new IllegalArgumentException(
          "fold %d: expected losses of the same rows, found %d of trial %d and %d of trial %d"
              .formatted(fold, own.length, trial.number(), other.length, incumbent.number()));
    }
  }
}
