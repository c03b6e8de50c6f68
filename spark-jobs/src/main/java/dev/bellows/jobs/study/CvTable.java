package dev.bellows.jobs.study;

import dev.bellows.engine.metric.inference.FoldScores;
import dev.bellows.engine.sample.split.Role;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.Block;
import dev.bellows.jobs.block.StudyRows;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.evaluate.PredictionScorer;
import dev.bellows.jobs.evaluate.ScorePlan;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The results of a cross-validation: split by split as they come, then together. */
final class CvTable {
  private final StudyData data;
  private final FoldTable folds;
  private final Console console;
  private final List<String> metrics;
  private final Map<Integer, UnitResult> results = new TreeMap<>();
  private final Map<String, CvSummary> summaries = new LinkedHashMap<>();

  /** An empty table of a study whose splits are fitted. */
  CvTable(RunConfig config, StudyData data, Console console) {
    this.data = data;
    this.folds = data.folds();
    this.console = console;
    this.metrics = metrics(config, data);
  }

  /** The metrics that are asked for, or the usual ones. */
  static List<String> metrics(RunConfig config, StudyData data) {
    return config.cv().metrics().isEmpty() ? data.plan(0).usual() : config.cv().metrics();
  }

  /** What is measured beside the loss. */
  List<String> metrics() {
    return List.copyOf(metrics);
  }

  FoldTable folds() {
    return folds;
  }

  StudyRows rows() {
    return data.rows();
  }

  /** Result of each split. */
  Map<Integer, UnitResult> results() {
    return results;
  }

  /** What the model of a split says in the unit of the data: factor and offset of a number. */
  double[] unit(int split) {
    return new double[] {
      data.fits().get(split).preprocess().targetScale(),
      data.fits().get(split).preprocess().targetOffset()
    };
  }

  /** The head of the table on the terminal. */
  void header() {
    StringBuilder head = new StringBuilder("fold  repeat  train    validate  loss    ");
    metrics.forEach(name -> head.append("  ").append(pad(name)));
    console.row(head.append("  epochs  time").toString());
  }

  /** Takes a split's result and shows it. */
  void add(UnitResult result) {
    results.put(result.id(), result);
    StringBuilder line = new StringBuilder();
    line.append(
        String.format(
            Locale.ROOT, "%4d  %6d  ", folds.foldOf(result.id()), folds.repeatOf(result.id())));
    if (!result.complete()) {
      console.row(line + result.state().name().toLowerCase(Locale.ROOT) + ": " + result.error());
      return;
    }
    line.append(
        String.format(
            Locale.ROOT,
            "%-7d  %-8d  %-8.4f",
            result.trainRows(),
            result.validationRows(),
            result.figures().get("loss")));
    for (String name : metrics) {
      double value = result.figures().getOrDefault(name, Double.NaN);
      line.append("  ")
          .append(pad(Double.isNaN(value) ? "-" : CvSummary.number(value), name.length()));
    }
    line.append(
        String.format(Locale.ROOT, "  %6d  %.1f s", result.epochs(), result.fitMillis() / 1000.0));
    console.row(line.toString());
  }

  /**
   * A cross-validation has a figure for every split or it has none.
   *
   * @throws BellowsException with the exit code of the first split that failed
   */
  void requireComplete() {
    for (UnitResult result : results.values()) {
      if (!result.complete()) {
        ExitCode code =
            switch (result.state()) {
              case DIVERGED -> ExitCode.DIVERGED;
              case MEMORY -> ExitCode.MEMORY_OR_DISK;
              default -> ExitCode.INTERNAL;
            };
        throw new BellowsException(
            code,
            "split "
                + result.id()
                + " failed ("
                + result.state().name().toLowerCase(Locale.ROOT)
                + "): "
                + result.error());
      }
    }
  }

  /** Puts the splits together and shows the figures. */
  void summarise(Block block) {
    List<String> names = new ArrayList<>(List.of("loss"));
    names.addAll(metrics);
    Map<String, Double> pooled = pooled(block);
    long[] validation = results.values().stream().mapToLong(UnitResult::validationRows).toArray();
    long[] train = results.values().stream().mapToLong(UnitResult::trainRows).toArray();
    for (String name : names) {
      double[] scores =
          results.values().stream()
              .mapToDouble(r -> r.figures().getOrDefault(name, Double.NaN))
              .toArray();
      CvSummary summary = CvSummary.of(FoldScores.of(scores, validation, train), pooled.get(name));
      summaries.put(name, summary);
      console.section("cv", name + "  " + summary.text());
    }
  }

  /** Metrics of all predictions of each repeat as one set, mean over the repeats. */
  private Map<String, Double> pooled(Block block) {
    Map<String, Double> sums = new LinkedHashMap<>();
    if (!folds.disjoint()) {
      return sums;
    }
    ScorePlan first = data.plan(0);
    List<String> main = new ArrayList<>(metrics);
    main.retainAll(first.mainMetrics());
    for (int repeat = 0; repeat < folds.repeats(); repeat++) {
      PredictionScorer scorer = new PredictionScorer(first, main);
      for (int split = 0; split < folds.splits(); split++) {
        UnitResult result = results.get(split);
        if (folds.repeatOf(split) == repeat && result != null) {
          scorer.add(
              data.plan(split), result.predictions(), block, folds.rows(split, Role.VALIDATION));
        }
      }
      scorer
          .figures()
          .forEach((name, value) -> sums.merge(name, value / folds.repeats(), Double::sum));
    }
    return sums;
  }

  /** The figures by name, for run.json and cv/summary.json. */
  Map<String, Object> tree() {
    Map<String, Object> tree = new LinkedHashMap<>();
    summaries.forEach((name, summary) -> tree.put(name, summary.tree()));
    return tree;
  }

  /** Means as {@code cv_NAME}. */
  Map<String, Double> figures() {
    Map<String, Double> figures = new LinkedHashMap<>();
    summaries.forEach((name, summary) -> figures.put("cv_" + name, summary.mean()));
    return figures;
  }

  /** One line for people. */
  String line() {
    StringBuilder line = new StringBuilder();
    summaries.forEach(
        (name, summary) -> line.append(name).append(' ').append(summary.text()).append("  "));
    return line.toString().strip();
  }

  private static String pad(String name) {
    return pad(name, 0);
  }

  private static String pad(String text, int width) {
    return String.format(Locale.ROOT, "%-" + Math.max(7, width) + "s", text);
  }
}
