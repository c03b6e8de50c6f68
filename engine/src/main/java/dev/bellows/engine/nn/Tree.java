package dev.bellows.engine.nn;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Strict reading of a JSON-like tree: every key is asked for once, and {@link #done} refuses those
 * that nobody asked for.
 */
public final class Tree {
  private final String path;
  private final Map<String, Object> values;
  private final Set<String> asked = new HashSet<>();

  /**
   * A reader of one mapping.
   *
   * @param path where it stands, for messages
   */
  public Tree(String path, Map<String, Object> values) {
    this.path = path;
    this.values = values;
  }

  private String at(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  /**
   * The value of a key.
   *
   * @throws NetworkException when it is missing
   */
  public Object require(String key) {
    Object value = value(key);
    if (value == null) {
      String near = nearest(key, values.keySet());
      throw new NetworkException(
          at(key) + " is missing" + (near.isEmpty() ? "" : "; the keys are " + values.keySet()));
    }
    return value;
  }

  /** The value of a key, or null. */
  public @Nullable Object value(String key) {
    asked.add(key);
    return values.get(key);
  }

  int whole(String key) {
    return whole(at(key), require(key));
  }

  int whole(String key, int otherwise) {
    Object value = value(key);
    return value == null ? otherwise : whole(at(key), value);
  }

  /** A whole number that fits an int. */
  public static int whole(String where, Object value) {
    if (value instanceof Integer || value instanceof Long) {
      long number = ((Number) value).longValue();
      if (number == (int) number) {
        return (int) number;
      }
    }
    throw wrong(where, "a whole number", value);
  }

  double number(String key) {
    return number(at(key), require(key));
  }

  double number(String key, double otherwise) {
    Object value = value(key);
    return value == null ? otherwise : number(at(key), value);
  }

  /** A finite number. */
  public static double number(String where, @Nullable Object value) {
    if (value instanceof Number number && Double.isFinite(number.doubleValue())) {
      return number.doubleValue();
    }
    throw wrong(where, "a number", value);
  }

  boolean flag(String key, boolean otherwise) {
    Object value = value(key);
    return value == null ? otherwise : flag(at(key), value);
  }

  /** True or false. */
  public static boolean flag(String where, Object value) {
    if (value instanceof Boolean flag) {
      return flag;
    }
    throw wrong(where, "true or false", value);
  }

  String text(String key) {
    return text(at(key), require(key));
  }

  /** A text. */
  public static String text(String where, Object value) {
    if (value instanceof String text) {
      return text;
    }
    throw wrong(where, "a text", value);
  }

  <E extends Enum<E>> E oneOf(String key, Class<E> type) {
    return oneOf(at(key), type, require(key));
  }

  <E extends Enum<E>> E oneOf(String key, Class<E> type, E otherwise) {
    Object value = value(key);
    return value == null ? otherwise : oneOf(at(key), type, value);
  }

  static <E extends Enum<E>> E oneOf(String where, Class<E> type, Object value) {
    Set<String> known = new TreeSet<>();
    for (E constant : type.getEnumConstants()) {
      known.add(constant.name().toLowerCase(Locale.ROOT));
    }
    return Enum.valueOf(type, oneOf(where, known, value).toUpperCase(Locale.ROOT));
  }

  /** One of a set of words. */
  public static String oneOf(String where, Collection<String> words, Object value) {
    if (value instanceof String word && words.contains(word)) {
      return word;
    }
    Set<String> known = new TreeSet<>(words);
    throw new NetworkException(
        where
            + ": '"
            + value
            + "' is not known"
            + nearest(String.valueOf(value), known)
            + "; expected one of "
            + known);
  }

  List<Object> list(String key, List<Object> otherwise) {
    Object value = value(key);
    return value == null ? otherwise : list(at(key), value);
  }

  /** A list. */
  @SuppressWarnings("unchecked") // Elements stay Object: each is checked where it is read.
  public static List<Object> list(String where, Object value) {
    if (value instanceof List<?> list) {
      return (List<Object>) list;
    }
    throw wrong(where, "a list", value);
  }

  Map<String, Object> map(String key) {
    return map(at(key), require(key));
  }

  @SuppressWarnings("unchecked") // Keys are checked here, values where they are read.
  static Map<String, Object> map(String where, @Nullable Object value) {
    if (value instanceof Map<?, ?> map
        && map.keySet().stream().allMatch(key -> key instanceof String)) {
      return (Map<String, Object>) map;
    }
    throw wrong(where, "a mapping", value);
  }

  /** Refuses keys that were not asked for. */
  public void done() {
    for (String key : values.keySet()) {
      if (!asked.contains(key)) {
        TreeSet<String> known = new TreeSet<>(asked);
        throw new NetworkException(
            at(key) + " is not a known option" + nearest(key, known) + "; known are " + known);
      }
    }
  }

  private static NetworkException wrong(String where, String expected, @Nullable Object found) {
    String kind = found == null ? "nothing" : found.getClass().getSimpleName() + " '" + found + "'";
    return new NetworkException(where + " must be " + expected + ", got " + kind);
  }

  /** {@code " (did you mean 'x'?)"} when a known word is at most two edits away. */
  static String nearest(String word, Iterable<String> known) {
    String best = null;
    int least = 3;
    for (String candidate : known) {
      int distance = distance(word, candidate);
      if (distance < least) {
        least = distance;
        best = candidate;
      }
    }
    return best == null ? "" : " (did you mean '" + best + "'?)";
  }

  /** Levenshtein distance. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substitute = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substitute, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
