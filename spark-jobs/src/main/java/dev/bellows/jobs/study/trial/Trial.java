package dev.bellows.jobs.study.trial;

import dev.bellows.jobs.space.Configuration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * One configuration and what is known of it. Immutable.
 *
 * @param number from 0, in the order of asking
 * @param configuration what it tries
 * @param parent the trial whose weights it starts from (population-based training)
 * @param state what has become of it
 * @param score its score; NaN unless complete, or pruned after a report
 * @param reason why it was pruned or failed; empty otherwise
 * @param reports results of its units by rung, then fold, however they came: sums over them have
 *     one order
 * @param details what else was told with its end
 */
public record Trial(
    int number,
    Configuration configuration,
    OptionalInt parent,
    TrialState state,
    double score,
    String reason,
    List<Report> reports,
    Map<String, ? extends @Nullable Object> details) {
  /** Sorts the reports. */
  public Trial {
    reports =
        reports.stream()
            .sorted(Comparator.comparingInt(Report::rung).thenComparingInt(Report::fold))
            .toList();
  }

  /** A trial that nobody started. */
  public static Trial waiting(int number, Configuration configuration, OptionalInt parent) {
    return new Trial(
        number, configuration, parent, TrialState.WAITING, Double.NaN, "", List.of(), Map.of());
  }

  /** The report of a unit, if it came. */
  public Optional<Report> report(int fold, int rung) {
    return reports.stream().filter(r -> r.fold() == fold && r.rung() == rung).findFirst();
  }

  /** The highest rung that a fold reported; -1 when none. */
  public int highestRung() {
    return reports.stream().mapToInt(Report::rung).max().orElse(-1);
  }

  /** The mean score over the folds that reported a rung; empty when none did. */
  public OptionalDouble scoreAt(int rung) {
    return reports.stream().filter(r -> r.rung() == rung).mapToDouble(Report::score).average();
  }

  /** The mean score at the highest rung, NaN without reports: what a pruned trial is worth. */
  public double reached() {
    return scoreAt(highestRung()).orElse(Double.NaN);
  }

  Trial with(
      TrialState next,
      double finalScore,
      String why,
      Map<String, ? extends @Nullable Object> more) {
    return new Trial(number, configuration, parent, next, finalScore, why, reports, more);
  }

  Trial with(Report report) {
    List<Report> all = new ArrayList<>(reports);
    all.add(report);
    return new Trial(
        number, configuration, parent, TrialState.RUNNING, score, reason, all, details);
  }

  /** The trial as it was when it had reported no rung above this one. */
  public Trial upTo(int rung) {
    return new Trial(
        number,
        configuration,
        parent,
        state,
        score,
        reason,
        reports.stream().filter(r -> r.rung() <= rung).toList(),
        details);
  }
}
