package dev.bellows.jobs.config;

import dev.bellows.jobs.config.Lists.ListOf;
import dev.bellows.jobs.config.Numbers.Real;
import dev.bellows.jobs.config.Numbers.Whole;
import dev.bellows.jobs.config.RunConfig.Kind;
import dev.bellows.jobs.config.Words.Flag;
import dev.bellows.jobs.config.Words.Free;
import dev.bellows.jobs.config.Words.OrNull;
import dev.bellows.jobs.config.Words.Word;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The one table of configuration keys: parsing, defaults, documentation and JSON Schema come from
 * it.
 */
public final class ConfigKeys {
  static final List<String> METRICS =
      List.of(
          "accuracy",
          "log_loss",
          "perplexity",
          "dice",
          "iou",
          "auc",
          "average_precision",
          "precision",
          "recall",
          "f1",
          "precision_macro",
          "recall_macro",
          "f1_macro",
          "precision_micro",
          "recall_micro",
          "f1_micro",
          "precision_weighted",
          "recall_weighted",
          "f1_weighted",
          "confusion",
          "span_precision",
          "span_recall",
          "span_f1",
          "bleu",
          "mae",
          "mse",
          "rmse",
          "r2");
  private static final String NEXT = "a later release brings it";

  private ConfigKeys() {}

  /** The keys of one kind of file. */
  static Section root(Kind kind) {
    return root(kind, false);
  }

  /**
   * The keys of one kind of file.
   *
   * @param given whether a program gives the training rows, so that no source is needed
   */
  static Section root(Kind kind, boolean given) {
    Section head =
        new Section()
            .required("version", new Whole(1, 1), "Version of the configuration format.", "1")
            .key(
                "base",
                new OrNull(new Free("a file name")),
                "null",
                "Configuration that this one changes: a file beside this one or below.",
                "mnist.yaml")
            .key(
                "seed",
                new Whole(0, Long.MAX_VALUE),
                "0",
                "The one seed of everything random (--seed).",
                "7");
    return switch (kind) {
      case TRAIN -> given ? trainGiven(head) : train(head);
      case EVALUATE -> evaluate(head);
      case PREDICT -> predict(head);
    };
  }

  private static Section train(Section head) {
    return training(
        task(head)
            .required(
                "data",
                DataKeys.train(),
                "Where rows come from.",
                "{train: {format: csv, path: adult.csv}}"));
  }

  private static Section trainGiven(Section head) {
    return training(
        task(head)
            .key("data", DataKeys.trainGiven(), "{}", "What is known of the rows that are given."));
  }

  private static Section task(Section head) {
    return head.required(
        "task",
        new Word(
            List.of(
                "classification",
                "regression",
                "tagging",
                "language_model",
                "translation",
                "segmentation"),
            List.of("ranking", "clustering")),
        "What is learnt: a class or a number per row, a class per token of a text or per pixel of an image, the next token of a text, or a text token by token from another one.",
        "classification");
  }

  private static Section training(Section head) {
    return head.key(
            "features",
            DataKeys.features(),
            "{}",
            "What each column means; rest is the rule for columns that are not named.",
            "{age: {type: number}}")
        .key("target", DataKeys.target(), "{}", "The column to be learnt.", "{name: income}")
        .key(
            "targets",
            HeadTargets.targets(),
            "{}",
            "More columns to be learnt, by heads of the network whose target names them.",
            "{slots: {task: tagging}}")
        .required("model", ModelKeys.model(), "What is trained.", "{type: logistic}")
        .key("trainer", TrainerKeys.trainer(), "{}", "How it is trained.", "{epochs: 10}")
        .key(
            "distributed",
            TrainerKeys.distributed(),
            "{}",
            "How the work is spread.",
            "{workers: 2}")
        .key(
            "device",
            new Word(List.of("auto", "cpu"), List.of("gpu")),
            "auto",
            "Where kernels run.")
        .key("output", output(), "{}", "Where results go.", "{dir: runs/digits}")
        .key("cv", CvKeys.cv(), "{}", "Cross-validation (bellows cv).", "{folds: 5}")
        .optional(
            "search",
            SearchKeys.search(),
            "A search over configurations (bellows search).",
            "{space: {trainer.batch_size: {choice: [64, 128]}}}")
        .later("ensemble", NEXT)
        .later("tracking", NEXT);
  }

  private static Section evaluate(Section head) {
    Section evaluate =
        new Section()
            .key(
                "metrics",
                new ListOf(new Word(METRICS, List.of("ece", "brier", "mcc", "kappa")), 0),
                "[]",
                "Metrics; empty: the usual ones of the task.",
                "[accuracy, auc]")
            .key(
                "threshold",
                Real.between(0, 1),
                "0.5",
                "Probability from which a row counts as positive (two classes).")
            .key(
                "per_class",
                new Flag(),
                "true",
                "Also write figures per class and the confusion matrix.")
            .key(
                "unseen",
                new Word("fail", "ignore"),
                "fail",
                "What a row does, or a tag, whose class training did not show.")
            .later("bootstrap", NEXT)
            .later("slices", NEXT)
            .later("permutation_importance", NEXT);
    return model(head)
        .required(
            "data",
            DataKeys.evaluate(),
            "Where rows come from.",
            "{test: {format: csv, path: holdout.csv}}")
        .key("evaluate", evaluate, "{}", "What is measured.", "{metrics: [accuracy]}")
        .key(
            "distributed",
            TrainerKeys.distributed(),
            "{}",
            "How the work is spread.",
            "{workers: 2}")
        .key(
            "device",
            new Word(List.of("auto", "cpu"), List.of("gpu")),
            "auto",
            "Where kernels run.")
        .key("output", output(), "{}", "Where results go.", "{dir: runs/digits-eval}");
  }

  private static Section predict(Section head) {
    Section predict =
        new Section()
            .key(
                "columns",
                new ListOf(new Word("prediction", "probability", "score"), 1),
                "[prediction, probability]",
                "What is written for each row; probability holds one column per class.",
                "[prediction]")
            .key(
                "keep",
                new ListOf(new Free("a column name"), 0),
                "[]",
                "Input columns to copy.",
                "[id]")
            .key(
                "on_unknown_category",
                new Word("bucket", "fail"),
                "bucket",
                "What a category does that training did not show.")
            .key(
                "partitions",
                new Whole(1, 1_000_000, "auto"),
                "auto",
                "Output files; auto: as many as the input has.",
                "4")
            .later("drift_check", NEXT);
    return model(head)
        .required(
            "data",
            DataKeys.predict(),
            "Where rows come from.",
            "{input: {format: parquet, path: new/}}")
        .key("predict", predict, "{}", "What predictions hold.", "{keep: [id]}")
        .key(
            "distributed",
            TrainerKeys.distributed(),
            "{}",
            "How the work is spread.",
            "{workers: 2}")
        .key(
            "device",
            new Word(List.of("auto", "cpu"), List.of("gpu")),
            "auto",
            "Where kernels run.")
        .key("output", output(), "{}", "Where results go.", "{dir: runs/digits-predict}");
  }

  private static Section model(Section head) {
    return head.required(
        "model_path",
        new Free("a folder"),
        "Stored model: a run folder's model/, a path or a URI (--model).",
        "runs/digits/model");
  }

  private static Section output() {
    return new Section()
        .key(
            "dir",
            new Free("a folder"),
            "runs/run",
            "Run folder, a path or a URI such as hdfs://nn/runs/a (--run-dir, --name).",
            "runs/digits")
        .key("report", new Flag(), "true", "Write report.html.")
        .key(
            "tensorboard",
            new Flag(true),
            "false",
            "Write TensorBoard events; not in this version.")
        .key("format", new Word("parquet", "csv"), "parquet", "Format of predictions.")
        .key(
            "mode",
            new Word("error_if_exists", "overwrite"),
            "error_if_exists",
            "What existing predictions do.");
  }

  /** All dotted keys of a file kind with their documentation, in table order. */
  public static Map<String, String> docs(Kind kind) {
    Map<String, String> docs = new LinkedHashMap<>();
    root(kind).keys("", (path, key) -> docs.putIfAbsent(path, key.doc()));
    return docs;
  }

  /** The key of a dotted path, in whichever file kind has it. */
  static @Nullable Key find(String path) {
    for (Kind kind : Kind.values()) {
      Key key = new Key("", root(kind), "{}", "", "");
      for (String segment : Overrides.segments(path)) {
        key = key == null ? null : key.spec().child(segment);
      }
      if (key != null) {
        return key;
      }
    }
    return null;
  }

  /**
   * The known path whose last segment is nearest to a mistyped key: nearest spelling first, then
   * the longest common beginning with where it stood. Alternatives of one choice that share the key
   * are shown as {@code *}.
   */
  static Optional<String> nearestPath(Section root, String typed, String at) {
    Map<String, List<String>> byName = new LinkedHashMap<>();
    root.keys(
        "", (path, key) -> byName.computeIfAbsent(key.name(), n -> new ArrayList<>()).add(path));
    Optional<String> name = Suggest.nearest(typed, byName.keySet());
    return name.map(n -> collapse(byName.get(n), at));
  }

  private static String collapse(@Nullable List<String> paths, String at) {
    String best = "";
    int common = -1;
    List<String> all = paths == null ? List.of() : paths;
    for (String path : all) {
      int same = commonSegments(path, at);
      if (same > common) {
        common = same;
        best = path;
      }
    }
    String[] first = best.split("\\.", -1);
    if (first.length >= 2) {
      int variant = first.length - 2;
      for (String path : all) {
        String[] other = path.split("\\.", -1);
        if (other.length == first.length
            && !other[variant].equals(first[variant])
            && sameBut(first, other, variant)) {
          first[variant] = "*";
          return String.join(".", first);
        }
      }
    }
    return best;
  }

  private static boolean sameBut(String[] a, String[] b, int skip) {
    for (int i = 0; i < a.length; i++) {
      if (i != skip && !a[i].equals(b[i])) {
        return false;
      }
    }
    return true;
  }

  private static int commonSegments(String a, String b) {
    String[] x = a.split("[.\\[]", -1);
    String[] y = b.split("[.\\[]", -1);
    int same = 0;
    while (same < x.length && same < y.length && x[same].equals(y[same])) {
      same++;
    }
    return same;
  }
}
