package dev.bellows.engine.graph;

import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * The fixed options of a {@link Node}: names to a Double, Long, Boolean, {@code int[]} or {@code
 * double[]}. Immutable.
 */
public final class Attributes {
  /** No attribute. */
  public static final Attributes NONE = new Attributes(new TreeMap<>());

  private final Map<String, Object> values;

  private Attributes(Map<String, Object> values) {
    this.values = values;
  }

  static Attributes of(String name, Object value) {
    return NONE.with(name, value);
  }

  Attributes with(String name, Object value) {
    Map<String, Object> copy = new TreeMap<>(values);
    copy.put(name, value instanceof Integer i ? Long.valueOf(i) : value);
    return new Attributes(copy);
  }

  /** Whether the attribute is set. */
  public boolean has(String name) {
    return values.containsKey(name);
  }

  /** A real number. */
  public double number(String name) {
    return (Double) get(name);
  }

  /** A whole number. */
  public long whole(String name) {
    return (Long) get(name);
  }

  /** A whole number that fits an int. */
  public int integer(String name) {
    return Math.toIntExact(whole(name));
  }

  /** A flag; absent means false. */
  public boolean flag(String name) {
    return has(name) && (Boolean) get(name);
  }

  /** A copy of a list of ints. */
  public int[] integers(String name) {
    return ((int[]) get(name)).clone();
  }

  /** A copy of a list of numbers. */
  public double[] numbers(String name) {
    return ((double[]) get(name)).clone();
  }

  private Object get(String name) {
    Object value = values.get(name);
    if (value == null) {
      throw new GraphException("attribute '" + name + "' is not set; set are " + values.keySet());
    }
    return value;
  }

  /** The names that are set, sorted. */
  public Iterable<String> names() {
    return Collections.unmodifiableSet(values.keySet());
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("{");
    for (Map.Entry<String, Object> e : values.entrySet()) {
      text.append(text.length() > 1 ? ", " : "").append(e.getKey()).append('=');
      if (e.getValue() instanceof int[] ints) {
        text.append(Arrays.toString(ints));
      } else if (e.getValue() instanceof double[] numbers) {
        text.append(
            numbers.length > 8 ? "double[" + numbers.length + "]" : Arrays.toString(numbers));
      } else {
        text.append(e.getValue());
      }
    }
    return text.append('}').toString();
  }
}
