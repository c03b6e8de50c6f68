package dev.bellows.jobs.config;

import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.layer.Option;
import dev.bellows.engine.nn.loss.LossType;
import dev.bellows.jobs.config.Lists.ListOf;
import dev.bellows.jobs.config.Lists.ListOr;
import dev.bellows.jobs.config.Numbers.Real;
import dev.bellows.jobs.config.Words.OrNull;
import dev.bellows.jobs.config.Words.Word;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Keys of losses as the engine defines them: a loss that the engine gains is a key here without a
 * line of its own. An option that starts with its loss's name loses that: {@code huber_delta} is
 * {@code delta} of {@code huber}.
 */
final class LossKeys {
  static final String AUTO = "auto";
  private static final String BALANCED = "balanced";
  private static final String CLASS_WEIGHTS = "class_weights";

  private LossKeys() {}

  /** Losses that compare the network's outputs with the target of the run. */
  static Choice loss() {
    return with(
        new Choice()
            .with(
                AUTO,
                "By the task: softmax or sigmoid (one output unit) cross-entropy for classes, mse for numbers."),
        LossType::predicts,
        Set.of("target"));
  }

  /** Losses of further outputs, which have weight and target beside them. */
  static Choice headLoss() {
    return with(
        new Choice().with(AUTO, "The loss of the network."),
        type -> true,
        Set.of("target", "weight"));
  }

  private static Choice with(Choice choice, Predicate<LossType> which, Set<String> without) {
    for (LossKind kind : LossKind.values()) {
      LossType type = kind.type();
      if (which.test(type)) {
        Section section = new Section();
        for (Option option : type.allOptions()) {
          if (!without.contains(option.name())) {
            add(section, name(kind, option), option);
          }
        }
        choice.with(kind.id(), type.doc(), section);
      }
    }
    return choice;
  }

  private static void add(Section section, String name, Option option) {
    if (!name.equals(CLASS_WEIGHTS)) {
      OptionKeys.add(section, name, option);
      return;
    }
    Spec weights = new ListOr(new ListOf(Real.notNegative(), 2), new Word(BALANCED));
    section.key(
        name,
        new OrNull(weights),
        "null",
        "Weight of each class in sorted order, or balanced (n / (classes * n_class)); null: all 1.",
        BALANCED);
  }

  /** The engine's name of an option without the loss's name in front. */
  private static String name(LossKind kind, Option option) {
    String prefix = kind.id() + "_";
    return option.name().startsWith(prefix)
        ? option.name().substring(prefix.length())
        : option.name();
  }

  /** Losses that fit classes, or else numbers. */
  static List<String> fitting(boolean classes) {
    return Arrays.stream(LossKind.values())
        .filter(kind -> kind.type().predicts() && kind.classifies() == classes)
        .map(LossKind::id)
        .toList();
  }

  /** A bound choice as a record. */
  static LossConfig config(String chosen, Bound settings) {
    Map<String, Object> options = new LinkedHashMap<>();
    if (!chosen.equals(AUTO)) {
      LossKind kind = Bound.constant(LossKind.class, chosen);
      for (Option option : kind.type().allOptions()) {
        Object value = settings.get(name(kind, option));
        if (value != null && !value.equals(BALANCED)) {
          options.put(option.name(), value);
        }
      }
    }
    boolean balanced = Objects.equals(settings.get(CLASS_WEIGHTS), BALANCED);
    return new LossConfig(chosen, balanced, options);
  }
}
