package dev.bellows.jobs.study.trial;

import dev.bellows.jobs.space.Configuration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened to a trial. The state of a study is the sum of its events, so an event
 * holds everything that it changes.
 *
 * @param kind what happened
 * @param trial the trial's number
 * @param values the rest, as JSON has it; read through the {@link Trials} that the event is applied
 *     to
 */
public record Event(Kind kind, int trial, Map<String, ? extends @Nullable Object> values) {
  /** What can happen. */
  public enum Kind {
    ASK,
    START,
    REPORT,
    PRUNE,
    TELL,
    FAIL,
    REFIT
  }

  static final String CONFIGURATION = "configuration";
  static final String PARENT = "parent";
  static final String FOLD = "fold";
  static final String RUNG = "rung";
  static final String RESOURCE = "resource";
  static final String SCORE = "score";
  static final String REASON = "reason";
  static final String TIMEOUT = "timeout";
  static final String DETAILS = "details";

  /** A configuration was chosen for a new trial; {@code parent} as in {@link Trial}. */
  public static Event ask(int trial, Configuration configuration, OptionalInt parent) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    values.put(CONFIGURATION, configuration.values());
    parent.ifPresent(p -> values.put(PARENT, (long) p));
    return new Event(Kind.ASK, trial, values);
  }

  /** The first unit of a trial was submitted. */
  public static Event start(int trial) {
    return new Event(Kind.START, trial, Map.of());
  }

  /** A unit of a trial gave a result. */
  public static Event report(int trial, Report report) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    values.put(FOLD, (long) report.fold());
    values.put(RUNG, (long) report.rung());
    values.put(RESOURCE, report.resource());
    values.put(SCORE, number(report.score()));
    details(values, report.details());
    return new Event(Kind.REPORT, trial, values);
  }

  /** A trial was stopped because others are better; its score is the mean of its last rung. */
  public static Event prune(int trial, String reason) {
    return new Event(Kind.PRUNE, trial, Map.of(REASON, reason));
  }

  /** A trial ended with a score; one that is not finite makes it a failure. */
  public static Event tell(
      int trial, double score, Map<String, ? extends @Nullable Object> details) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    values.put(SCORE, number(score));
    details(values, details);
    return new Event(Kind.TELL, trial, values);
  }

  /** A trial failed. */
  public static Event fail(int trial, String reason) {
    return new Event(Kind.FAIL, trial, Map.of(REASON, reason));
  }

  /** A trial took too long. */
  public static Event timeout(int trial, String reason) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    values.put(REASON, reason);
    values.put(TIMEOUT, true);
    return new Event(Kind.FAIL, trial, values);
  }

  /** A trial's configuration was trained on all rows. */
  public static Event refit(int trial, Map<String, ? extends @Nullable Object> details) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    details(values, details);
    return new Event(Kind.REFIT, trial, values);
  }

  private static void details(
      Map<String, @Nullable Object> values, Map<String, ? extends @Nullable Object> details) {
    if (!details.isEmpty()) {
      values.put(DETAILS, details);
    }
  }

  // JSON has no NaN and no infinity: they become text.
  private static Object number(double value) {
    return Double.isFinite(value) ? (Object) value : Double.toString(value);
  }

  int whole(String name) {
    if (values.get(name) instanceof Long value && value == value.intValue()) {
      return value.intValue();
    }
    throw wrong(name, "a whole number");
  }

  double number(String name) {
    Object value = values.get(name);
    if (value instanceof Number n) {
      return n.doubleValue();
    }
    if (value instanceof String text) {
      return switch (text) {
        case "NaN" -> Double.NaN;
        case "Infinity" -> Double.POSITIVE_INFINITY;
        case "-Infinity" -> Double.NEGATIVE_INFINITY;
        default -> throw wrong(name, "a number");
      };
    }
    throw wrong(name, "a number");
  }

  String text(String name) {
    if (values.get(name) instanceof String text) {
      return text;
    }
    throw wrong(name, "text");
  }

  @SuppressWarnings("unchecked") // JSON objects have string keys
  Map<String, @Nullable Object> map(String name) {
    if (values.get(name) instanceof Map<?, ?> map) {
      return (Map<String, @Nullable Object>) map;
    }
    throw wrong(name, "an object");
  }

  Map<String, @Nullable Object> details() {
    return values.containsKey(DETAILS) ? map(DETAILS) : Map.of();
  }

  private IllegalArgumentException wrong(String name, String expected) {
    return new IllegalArgumentException(
        "%s of trial %d: expected %s as %s, found %s"
            .formatted(kind, trial, name, expected, values.get(name)));
  }
}
