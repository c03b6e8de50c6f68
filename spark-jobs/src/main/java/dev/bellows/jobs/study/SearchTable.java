package dev.bellows.jobs.study;

import dev.bellows.engine.metric.inference.FoldScores;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.config.SearchConfig;
import dev.bellows.jobs.study.trial.Report;
import dev.bellows.jobs.study.trial.Trial;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The trials of a search as they end, for people. */
final class SearchTable {
  private static final String TRAIN_ROWS = "train_rows";
  private static final String VALIDATION_ROWS = "validation_rows";

  private final SearchConfig search;
  private final List<String> metrics;
  private final int most;
  private final Console console;
  private final boolean maximize;
  private @Nullable Trial best;
  private int ended;

  SearchTable(SearchConfig search, List<String> usual, int most, Console console) {
    this.search = search;
    this.most = most;
    this.console = console;
    this.metrics = new ArrayList<>(usual);
    if (!search.metric().equals("loss") && !metrics.contains(search.metric())) {
      metrics.add(search.metric());
    }
    SearchConfig.Goal wanted = search.goal();
    this.maximize =
        wanted == null
            ? dev.bellows.jobs.evaluate.HeldOut.maximized(search.metric())
            : wanted == SearchConfig.Goal.MAXIMIZE;
  }

  /** What is measured beside the loss. */
  List<String> metrics() {
    return List.copyOf(metrics);
  }

  /** A unit's result as the journal keeps it. */
  static Report report(UnitResult result, int splits, double score) {
    Map<String, @Nullable Object> details = new LinkedHashMap<>();
    result.figures().forEach((name, v) -> details.put(name, Double.isFinite(v) ? v : null));
    details.put(TRAIN_ROWS, (long) result.trainRows());
    details.put(VALIDATION_ROWS, (long) result.validationRows());
    details.put("best_epoch", (long) result.bestEpoch());
    details.put("fit_ms", result.fitMillis());
    details.put("score_ms", result.scoreMillis());
    return new Report(result.id() % splits, 0, result.epochs(), score, details);
  }

  /** Scores of a trial's splits with what they say together. */
  static CvSummary summary(Trial trial) {
    List<Report> reports = trial.reports();
    double[] scores = reports.stream().mapToDouble(Report::score).toArray();
    long[] train = reports.stream().mapToLong(r -> whole(r, TRAIN_ROWS)).toArray();
    long[] validation = reports.stream().mapToLong(r -> whole(r, VALIDATION_ROWS)).toArray();
    return CvSummary.of(FoldScores.of(scores, validation, train), null);
  }

  private static long whole(Report report, String name) {
    return report.details().get(name) instanceof Number n ? n.longValue() : 0;
  }

  /** Shows a trial that ended. */
  void add(Trial trial) {
    ended++;
    StringBuilder line =
        new StringBuilder(
            String.format(Locale.ROOT, "trial %d  %d/%d  ", trial.number(), ended, most));
    if (SearchJob.scored(trial)) {
      CvSummary summary = summary(trial);
      Trial before = best;
      boolean better =
          before == null
              || (maximize ? trial.score() > before.score() : trial.score() < before.score());
      best = better ? trial : before;
      line.append(search.metric()).append(' ').append(CvSummary.number(summary.mean()));
      if (!Double.isNaN(summary.std())) {
        line.append(" +- ").append(CvSummary.number(summary.std()));
      }
      line.append(better ? "  *best" : "");
    } else {
      String state = trial.state().name().toLowerCase(Locale.ROOT);
      line.append(state).append(": ").append(trial.reason().lines().findFirst().orElse(""));
    }
    console.row(line.append("  ").append(trial.configuration()).toString());
  }

  /** What is said when no trial has a score: how many failed, and why. */
  String noScore(List<Trial> trials) {
    Map<String, Integer> reasons = new TreeMap<>();
    for (Trial trial : trials) {
      reasons.merge(trial.reason().lines().findFirst().orElse("no reason"), 1, Integer::sum);
    }
    StringBuilder text = new StringBuilder("no trial has a score; no model was written");
    reasons.forEach(
        (why, count) -> text.append(String.format(Locale.ROOT, "%n  %4d trials  %s", count, why)));
    return text.toString();
  }
}
