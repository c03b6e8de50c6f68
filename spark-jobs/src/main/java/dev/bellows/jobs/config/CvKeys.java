package dev.bellows.jobs.config;

import dev.bellows.jobs.config.Lists.ListOf;
import dev.bellows.jobs.config.Numbers.Whole;
import dev.bellows.jobs.config.Words.Flag;
import dev.bellows.jobs.config.Words.Free;
import dev.bellows.jobs.config.Words.OrNull;
import dev.bellows.jobs.config.Words.Word;
import java.util.List;

/** Keys of {@code cv}: what they are, and what they say together. */
final class CvKeys {
  private static final int MOST_FOLDS = 10_000;

  private CvKeys() {}

  static Section cv() {
    return new Section()
        .key(
            "kind",
            new Word(
                "auto",
                "kfold",
                "stratified",
                "group",
                "stratified_group",
                "leave_one_out",
                "leave_groups_out",
                "time_series",
                "column",
                "hold_out"),
            "auto",
            "How rows are divided; auto: by the columns that are named, else stratified for classes and kfold for numbers.",
            "stratified")
        .key(
            "folds",
            new Whole(1, MOST_FOLDS),
            "5",
            "Number of folds k; of leave_groups_out the groups that are left out at once.",
            "10")
        .key("repeats", new Whole(1, 1000), "1", "How often the rows are divided anew.", "2")
        .key(
            "group",
            new OrNull(new Free("a column name")),
            "null",
            "Column whose equal values stay together, in one fold: a patient, a customer. It is no feature unless features names it.",
            "customer_id")
        .key(
            "time",
            new OrNull(new Free("a column name")),
            "null",
            "Column that orders rows in time (whole numbers, dates, timestamps), for kind time_series.",
            "day")
        .key(
            "fold",
            new OrNull(new Free("a column name")),
            "null",
            "Column with the number of each row's fold from 0, for kind column; below 0: trains always.",
            "fold")
        .key(
            "validation_rows",
            new Whole(1, Integer.MAX_VALUE, "auto"),
            "auto",
            "Of a time series: rows of each fold; auto: rows / (folds + 1).",
            "1000")
        .key(
            "window_rows",
            new Whole(1, Integer.MAX_VALUE, "all"),
            "all",
            "Of a time series: how many of the latest rows train; all: every row before the fold.",
            "10000")
        .key(
            "gap_rows",
            new Whole(0, Integer.MAX_VALUE),
            "0",
            "Of a time series: rows left out between training and validation.",
            "7")
        .key(
            "purge",
            new Whole(0, Long.MAX_VALUE),
            "0",
            "Of a time series: time after which a row's label is known, in the unit of cv.time (days of dates, seconds of timestamps); rows whose label reaches into the fold don't train.",
            "5")
        .key(
            "share",
            Numbers.Real.above(0, 0.9),
            "0.2",
            "Of hold_out: share of the rows that is measured.")
        .key(
            "metrics",
            new ListOf(new Word(ConfigKeys.METRICS, List.of()), 0),
            "[]",
            "Metrics; empty: the usual ones of the task.",
            "[auc, log_loss]")
        .key("refit", new Flag(), "true", "Train a model on all rows at the end.")
        .key(
            "execution",
            new Word(List.of("auto", "local"), List.of("hop", "distributed")),
            "auto",
            "Where units run: each in one task on a block that the process shares (local).");
  }

  static CvConfig of(Bound cv) {
    return new CvConfig(
        cv.word(CvConfig.Kind.class, "kind"),
        cv.count("folds"),
        cv.count("repeats"),
        cv.textOrNull("group"),
        cv.textOrNull("time"),
        cv.textOrNull("fold"),
        cv.count("validation_rows"),
        cv.count("window_rows"),
        cv.count("gap_rows"),
        cv.whole("purge"),
        cv.real("share"),
        cv.texts("metrics"),
        cv.flag("refit"),
        cv.word(CvConfig.Execution.class, "execution"));
  }

  /** A kind needs its column, and a column its kind. */
  static void check(Bound file, Binding binding) {
    String kind = file.text("cv.kind");
    require(file, binding, kind, "group", List.of("group", "stratified_group", "leave_groups_out"));
    require(file, binding, kind, "time", List.of("time_series"));
    require(file, binding, kind, "fold", List.of("column"));
    boolean stratified = kind.equals("stratified") || kind.equals("stratified_group");
    if (stratified && !file.text("task").equals("classification")) {
      problem(
          binding,
          "cv.kind",
          kind + " keeps class shares; task " + file.text("task") + " has none: use kfold");
    }
    boolean one = List.of("leave_groups_out", "hold_out", "leave_one_out").contains(kind);
    if (!one && file.whole("cv.folds") == 1) {
      problem(binding, "cv.folds", "expected 2 or more, found 1 (one split: kind hold_out)");
    }
  }

  private static void require(
      Bound file, Binding binding, String kind, String column, List<String> kinds) {
    boolean named = file.textOrNull("cv." + column) != null;
    if (named && !kind.equals("auto") && !kinds.contains(kind)) {
      problem(
          binding,
          "cv." + column,
          "is used by kind " + String.join(", ", kinds) + ", and cv.kind is " + kind);
    } else if (!named && kinds.contains(kind)) {
      problem(binding, "cv.kind", kind + " needs cv." + column + ", the name of a column");
    }
  }

  private static void problem(Binding binding, String key, String message) {
    binding.problem(binding.mark(key), key, message);
  }
}
