package dev.bellows.engine.nn.layer;

import dev.bellows.engine.nn.NetworkException;
import dev.bellows.engine.nn.Tree;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One option of a layer type: its kind, range, default and one sentence for people. Without a
 * default it is required, unless it is {@link #optional}; an optional one that is not given does
 * not appear among a layer's options.
 *
 * <p>Immutable: the methods that narrow an option give a new one.
 *
 * @param name key in files
 * @param kind what a value is
 * @param doc one sentence
 * @param otherwise value when it is not given, in the stored form of the kind; null for none
 * @param mayMiss whether it may be missing although it has no default
 * @param range what numbers are allowed
 * @param words what words are allowed; empty for any
 * @param rank for {@link Kind#SIZES} the number of axes; a single number stands for all of them
 * @param whenOption the option that decides whether this one exists; empty for always
 * @param whenWords the values of {@code whenOption} with which this one exists
 */
public record Option(
    String name,
    Kind kind,
    String doc,
    @Nullable Object otherwise,
    boolean mayMiss,
    Range range,
    List<String> words,
    int rank,
    String whenOption,
    Set<String> whenWords) {

  /** What a value is, and how it is stored. */
  public enum Kind {
    /** Whole number; Long. */
    WHOLE,
    /** Number; Double. */
    REAL,
    /** Yes or no; Boolean. */
    FLAG,
    /** Text, maybe of a closed set; String. */
    WORD,
    /** Whole numbers of a fixed count, one per axis; List of Long. */
    SIZES,
    /** Whole numbers of any count; List of Long. */
    WHOLES,
    /** Numbers of any count; List of Double. */
    REALS,
    /** Texts of any count; List of String. */
    TEXTS
  }

  /** Allowed numbers. */
  public enum Range {
    ANY,
    NOT_NEGATIVE,
    POSITIVE,
    /** [0, 1). */
    SHARE
  }

  /** Copies the collections. */
  public Option {
    words = List.copyOf(words);
    whenWords = Set.copyOf(whenWords);
  }

  private static Option of(String name, Kind kind, String doc) {
    return new Option(name, kind, doc, null, false, Range.ANY, List.of(), 0, "", Set.of());
  }

  /** A whole number above 0: units, filters, heads. */
  public static Option count(String name, String doc) {
    return of(name, Kind.WHOLE, doc).in(Range.POSITIVE);
  }

  /** A whole number. */
  public static Option whole(String name, String doc) {
    return of(name, Kind.WHOLE, doc);
  }

  /** A number. */
  public static Option real(String name, String doc) {
    return of(name, Kind.REAL, doc);
  }

  /** A number in [0, 1). */
  public static Option share(String name, String doc) {
    return of(name, Kind.REAL, doc).in(Range.SHARE);
  }

  /** True or false. */
  public static Option flag(String name, boolean otherwise, String doc) {
    return of(name, Kind.FLAG, doc).or(otherwise);
  }

  /** One of a closed set of words; of any words when none is given. */
  public static Option word(String name, String doc, String... words) {
    return of(name, Kind.WORD, doc).among(List.of(words));
  }

  /** One constant of an enum, in lower case. */
  public static <E extends Enum<E>> Option word(String name, String doc, Class<E> type) {
    List<String> words = new ArrayList<>();
    for (E constant : type.getEnumConstants()) {
      words.add(constant.name().toLowerCase(Locale.ROOT));
    }
    return of(name, Kind.WORD, doc).among(words);
  }

  /**
   * Whole numbers above 0, one per axis: kernel, stride, pool size. A single number means the same
   * for every axis.
   */
  public static Option sizes(String name, int rank, String doc) {
    return new Option(
        name, Kind.SIZES, doc, null, false, Range.POSITIVE, List.of(), rank, "", Set.of());
  }

  /** Whole numbers of any count: a shape, a list of axes. */
  public static Option wholes(String name, String doc) {
    return of(name, Kind.WHOLES, doc);
  }

  /** Numbers of any count: weights of classes. */
  public static Option reals(String name, String doc) {
    return of(name, Kind.REALS, doc);
  }

  /** Texts of any count: names of layers. */
  public static Option texts(String name, String doc) {
    return of(name, Kind.TEXTS, doc);
  }

  /** This option with a default. */
  public Option or(Object value) {
    return new Option(
        name, kind, doc, normal(name, value), mayMiss, range, words, rank, whenOption, whenWords);
  }

  /** This option, missing when it is not given. */
  public Option optional() {
    return new Option(name, kind, doc, otherwise, true, range, words, rank, whenOption, whenWords);
  }

  /** This option with numbers in a range. */
  public Option in(Range allowed) {
    return new Option(
        name, kind, doc, otherwise, mayMiss, allowed, words, rank, whenOption, whenWords);
  }

  private Option among(List<String> allowed) {
    return new Option(
        name, kind, doc, otherwise, mayMiss, range, allowed, rank, whenOption, whenWords);
  }

  /** This option, only there while option {@code other} has one of the values given. */
  public Option when(String other, String... values) {
    return new Option(
        name, kind, doc, otherwise, mayMiss, range, words, rank, other, Set.of(values));
  }

  /**
   * Reads the option from {@code given} into {@code all}, if it exists with what {@code all} has.
   *
   * @param layer where it stands, for messages
   */
  public void read(String layer, Tree given, Map<String, Object> all) {
    if (!whenOption.isEmpty() && !whenWords.contains(String.valueOf(all.get(whenOption)))) {
      return;
    }
    Object value = given.value(name);
    if (value == null && (otherwise != null || mayMiss)) {
      if (otherwise != null) {
        all.put(name, otherwise);
      }
      return;
    }
    all.put(name, normal(layer + "." + name, value == null ? given.require(name) : value));
  }

  /** The stored form of a value. */
  private Object normal(String where, Object value) {
    return switch (kind) {
      case WHOLE -> (long) inRange(where, Tree.whole(where, value));
      case REAL -> inRange(where, Tree.number(where, value));
      case FLAG -> Tree.flag(where, value);
      case WORD -> words.isEmpty() ? Tree.text(where, value) : Tree.oneOf(where, words, value);
      case SIZES, WHOLES -> wholes(where, value);
      case REALS -> {
        List<Object> numbers = new ArrayList<>();
        for (Object number : Tree.list(where, value)) {
          String at = where + "[" + numbers.size() + "]";
          numbers.add(inRange(at, Tree.number(at, number)));
        }
        yield Collections.unmodifiableList(numbers);
      }
      case TEXTS -> {
        List<Object> texts = new ArrayList<>();
        for (Object text : Tree.list(where, value)) {
          texts.add(Tree.text(where + "[" + texts.size() + "]", text));
        }
        yield Collections.unmodifiableList(texts);
      }
    };
  }

  private List<Object> wholes(String where, Object value) {
    List<Object> given =
        kind == Kind.SIZES && value instanceof Number
            ? Collections.nCopies(rank, value)
            : Tree.list(where, value);
    if (kind == Kind.SIZES && given.size() != rank) {
      throw new NetworkException(
          where + " must be a whole number or " + rank + " of them, one per axis, got " + value);
    }
    List<Object> all = new ArrayList<>();
    for (Object element : given) {
      String at = where + "[" + all.size() + "]";
      all.add((long) inRange(at, Tree.whole(at, element)));
    }
    return Collections.unmodifiableList(all);
  }

  private int inRange(String where, int value) {
    boolean fits = range == Range.POSITIVE ? value > 0 : range != Range.NOT_NEGATIVE || value >= 0;
    if (!fits) {
      throw outside(where, value);
    }
    return value;
  }

  private double inRange(String where, double value) {
    boolean fits =
        switch (range) {
          case ANY -> true;
          case NOT_NEGATIVE -> value >= 0;
          case POSITIVE -> value > 0;
          case SHARE -> value >= 0 && value < 1;
        };
    if (!fits) {
      throw outside(where, value);
    }
    return value;
  }

  private NetworkException outside(String where, Object value) {
    String expected =
        switch (range) {
          case POSITIVE -> "above 0";
          case SHARE -> "in [0, 1)";
          default -> "0 or more";
        };
    return new NetworkException(where + " must be " + expected + ", got " + value);
  }
}
