package dev.bellows.jobs.config;

import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.loss.LossType;
import dev.bellows.jobs.config.Lists.Named;
import dev.bellows.jobs.config.Words.Word;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiFunction;

/** Keys of {@code targets}: columns that heads learn. */
final class HeadTargets {
  private static final String KEY = "targets";
  private static final String TASK = "task";

  private HeadTargets() {}

  static Spec targets() {
    Section column =
        new Section()
            .key(
                TASK,
                new Word("classification", "regression", "tagging"),
                "classification",
                "What a cell is: a class, a number, or a tag for each token of the text.",
                "tagging");
    return new Named("column names", DataKeys.learnt(column));
  }

  /**
   * The columns in the order in which the heads name them.
   *
   * @param target reads the settings of a column under its name
   */
  static List<HeadTarget> of(Bound file, BiFunction<Bound, String, TargetConfig> target) {
    Map<String, Object> columns = file.at(KEY).values();
    List<HeadTarget> targets = new ArrayList<>();
    for (String name : learnt(file)) {
      if (columns.containsKey(name)) {
        Bound column = new Bound(Map.of("it", Objects.requireNonNull(columns.get(name)))).at("it");
        targets.add(
            new HeadTarget(column.word(RunConfig.Task.class, TASK), target.apply(column, name)));
      }
    }
    return List.copyOf(targets);
  }

  /** What the heads name as their truth, in their order. */
  private static Set<String> learnt(Bound file) {
    Set<String> names = new LinkedHashSet<>();
    for (Object head : file.list("model.heads")) {
      names.add(new Bound(Map.of("it", head)).at("it").text("target"));
    }
    return names;
  }

  /** Each column must be there once, be learnt, and have losses that fit it. */
  static void check(Bound file, Binding binding) {
    Map<String, Object> columns = file.at(KEY).values();
    if (columns.isEmpty() || file.list("model.heads").contains(Spec.BAD)) {
      return;
    }
    Set<String> learnt = learnt(file);
    for (String name : columns.keySet()) {
      String key = Section.join(KEY, name);
      if (name.equals(file.text("target.name"))) {
        problem(binding, key, "is the column of target.name, which the last layer learns");
      } else if (file.at("features").values().containsKey(name)) {
        problem(
            binding,
            Section.join("features", name),
            "is a column of targets and can't be a feature");
      } else if (!learnt.contains(name)) {
        problem(
            binding, key, "is learnt by no head; expected one of model.heads with target: " + name);
      }
    }
    String main = file.chosen("model.loss");
    if (!file.text(TASK).equals("regression") && !fits(main, true)) {
      problem(
          binding,
          "model.loss",
          main + " has no label per row, beside targets (softmax_cross_entropy fits)");
    }
    for (int i = 0; i < file.list("model.heads").size(); i++) {
      Bound head = new Bound(Map.of("it", file.list("model.heads").get(i))).at("it");
      if (columns.get(head.text("target")) instanceof Map<?, ?> column) {
        boolean classes = !"regression".equals(column.get(TASK));
        String loss = head.chosen("loss");
        if (!fits(loss, classes)) {
          problem(
              binding,
              "model.heads[" + i + "].loss",
              loss
                  + " does not fit the column "
                  + head.text("target")
                  + (classes
                      ? ", which holds classes (softmax_cross_entropy fits)"
                      : ", which holds numbers (mse, mae or huber fit)"));
        }
        if (LossKeys.config(loss, head.settings("loss")).balanced()) {
          problem(
              binding,
              "model.heads[" + i + "].loss",
              "class_weights: balanced counts the classes of the main target; give one weight per class");
        }
      }
    }
  }

  /** Whether a loss compares with labels, or else with numbers. */
  private static boolean fits(String loss, boolean classes) {
    if (loss.isEmpty() || loss.equals(LossKeys.AUTO)) {
      return true;
    }
    LossKind kind = LossKind.valueOf(loss.toUpperCase(Locale.ROOT));
    return classes
        ? kind.usesLabels()
        : kind.type().truth() == LossType.Truth.TARGET && !kind.classifies();
  }

  private static void problem(Binding binding, String key, String message) {
    binding.problem(binding.mark(key), key, message);
  }
}
