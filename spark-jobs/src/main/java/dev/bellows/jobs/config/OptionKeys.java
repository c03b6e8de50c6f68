package dev.bellows.jobs.config;

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

/** Options as the engine defines them, as keys. */
final class OptionKeys {
  private static final int MOST = 1 << 24;

  private OptionKeys() {}

  /** Adds an option under a name. */
  static void add(Section section, String name, Option option) {
    Spec spec = spec(option);
    String example = example(option);
    if (option.mayMiss() || !option.whenOption().isEmpty()) {
      section.optional(name, spec, option.doc(), example);
    } else if (option.otherwise() == null) {
      section.required(name, spec, option.doc(), example);
    } else {
      section.key(name, spec, yaml(option.otherwise()), option.doc());
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
      return list.stream().map(OptionKeys::yaml).collect(Collectors.joining(", ", "[", "]"));
    }
    return value instanceof Map<?, ?> ? "{}" : String.valueOf(value);
  }
}
