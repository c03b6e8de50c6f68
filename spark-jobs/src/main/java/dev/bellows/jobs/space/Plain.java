package dev.bellows.jobs.space;

import dev.bellows.engine.model.Json;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Plain values as YAML and JSON know them: text, number, boolean, null, list, mapping. */
final class Plain {
  private Plain() {}

  /**
   * The value with whole numbers as Long and others as Double, lists and mappings copied; -0.0
   * becomes 0.0 so that equal numbers are equal values.
   *
   * @throws IllegalArgumentException for anything that YAML does not know, and for numbers that are
   *     not finite
   */
  static @Nullable Object of(@Nullable Object value) {
    if (value == null || value instanceof String || value instanceof Boolean) {
      return value;
    }
    if (value instanceof Long || value instanceof Integer || value instanceof Short) {
      return ((Number) value).longValue();
    }
    if (value instanceof Double || value instanceof Float) {
      double real = ((Number) value).doubleValue();
      if (!Double.isFinite(real)) {
        throw new IllegalArgumentException("expected a finite number, found " + real);
      }
      return real + 0.0;
    }
    if (value instanceof List<?> items) {
      return list(items);
    }
    if (value instanceof Map<?, ?> map) {
      Map<String, @Nullable Object> copy = new LinkedHashMap<>();
      map.forEach((key, each) -> copy.put(String.valueOf(key), of(each)));
      return Collections.unmodifiableMap(copy);
    }
    throw new IllegalArgumentException(
        "expected text, a number, true, false, null, a list or a mapping, found "
            + value.getClass().getName());
  }

  static List<@Nullable Object> list(List<?> items) {
    List<@Nullable Object> copy = new ArrayList<>();
    items.forEach(item -> copy.add(of(item)));
    return Collections.unmodifiableList(copy);
  }

  /** The values with commas between, as they stand in a file. */
  static String show(List<@Nullable Object> values) {
    StringBuilder out = new StringBuilder();
    values.forEach(value -> out.append(out.length() > 0 ? ", " : "").append(show(value)));
    return out.toString();
  }

  /** One value for people: text without quotes, numbers without needless digits. */
  static String show(@Nullable Object value) {
    if (value instanceof Double real) {
      return real == Math.rint(real) && Math.abs(real) < 1e15
          ? Long.toString(real.longValue())
          : real.toString();
    }
    return value instanceof String text ? text : Json.compact(value);
  }
}
