package dev.bellows.jobs.config;

import dev.bellows.engine.nn.layer.LayerType;
import dev.bellows.engine.nn.layer.Layers;
import dev.bellows.engine.nn.layer.Option;
import dev.bellows.jobs.config.Lists.ListOf;
import dev.bellows.jobs.config.Lists.ListOr;
import dev.bellows.jobs.config.Numbers.Real;
import dev.bellows.jobs.config.Numbers.Whole;
import dev.bellows.jobs.config.Words.Flag;
import dev.bellows.jobs.config.Words.Free;
import dev.bellows.jobs.config.Words.Word;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Keys of layers as the engine defines them: a layer that the engine gains is a key here without a
 * line of its own.
 */
final class LayerKeys {
  private static final int MOST = 1 << 24;

  /** Layers of the catalogue that the engine does not have yet. */
  private static final List<String> LATER = List.of("capsule");

  private LayerKeys() {}

  /** Adds every layer type of the engine that {@code choice} does not have. */
  static Choice all(Choice choice) {
    for (LayerType type : Layers.all()) {
      if (!choice.docs().containsKey(type.id())) {
        Section section = new Section();
        type.options().forEach(option -> add(section, option));
        choice.with(type.id(), type.doc(), common(section, type));
      }
    }
    return choice.later(LATER.toArray(String[]::new));
  }

  /** Adds the options that every layer has. */
  static Section common(Section section, LayerType type) {
    List<Option> all = type.allOptions();
    all.subList(type.options().size(), all.size()).forEach(option -> add(section, option));
    return section;
  }

  private static void add(Section section, Option option) {
    Spec spec = spec(option);
    String example = example(option);
    if (option.mayMiss() || !option.whenOption().isEmpty()) {
      section.optional(option.name(), spec, option.doc(), example);
    } else if (option.otherwise() == null) {
      section.required(option.name(), spec, option.doc(), example);
    } else {
      section.key(option.name(), spec, yaml(option.otherwise()), option.doc());
    }
  }

  private static Spec spec(Option option) {
    boolean positive = option.range() == Option.Range.POSITIVE;
    int least = positive ? 1 : option.range() == Option.Range.NOT_NEGATIVE ? 0 : -MOST;
    Whole whole = new Whole(least, MOST);
    return switch (option.kind()) {
      case WHOLE -> whole;
      case REAL -> real(option.range());
      case FLAG -> new Flag();
      case WORD ->
          option.words().isEmpty() ? new Free("a name") : new Word(option.words(), List.of());
      case SIZES -> new ListOr(new ListOf(whole, option.rank()), whole);
      case WHOLES -> new ListOf(whole, 1);
      case REALS -> new ListOf(real(option.range()), 1);
      case TEXTS -> new ListOf(new Free("a name"), 1);
    };
  }

  private static Real real(Option.Range range) {
    return switch (range) {
      case ANY -> Real.any();
      case NOT_NEGATIVE -> Real.notNegative();
      case POSITIVE -> Real.positive();
      case SHARE -> Real.from(0, 1);
    };
  }

  private static String example(Option option) {
    Object otherwise = option.otherwise();
    if (otherwise != null) {
      return yaml(otherwise);
    }
    return switch (option.kind()) {
      case WHOLE, SIZES -> option.range() == Option.Range.POSITIVE ? "8" : "1";
      case REAL -> option.range() == Option.Range.SHARE ? "0.5" : "1.0";
      case FLAG -> "false";
      case WORD -> option.words().isEmpty() ? "stem" : option.words().get(0);
      case WHOLES -> "[28, 28, 1]";
      case REALS -> "[1.0, 2.0]";
      case TEXTS -> "[stem, branch]";
    };
  }

  /** A value as YAML text. */
  private static String yaml(@Nullable Object value) {
    if (value instanceof List<?> list) {
      return list.stream().map(LayerKeys::yaml).collect(Collectors.joining(", ", "[", "]"));
    }
    return value instanceof Map<?, ?> ? "{}" : String.valueOf(value);
  }
}
