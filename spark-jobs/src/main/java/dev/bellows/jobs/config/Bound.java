package dev.bellows.jobs.config;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Read access to bound values by dotted path. A value with a problem reads as absent. */
record Bound(Map<String, Object> values) {
  @Nullable Object get(String path) {
    Object at = values;
    for (String segment : Overrides.segments(path)) {
      if (!(at instanceof Map<?, ?> map)) {
        return null;
      }
      at = map.get(segment);
    }
    return at == Spec.BAD ? null : at;
  }

  boolean has(String path) {
    return get(path) != null;
  }

  @SuppressWarnings("unchecked") // bound maps have string keys
  Bound at(String path) {
    return new Bound(get(path) instanceof Map<?, ?> map ? (Map<String, Object>) map : Map.of());
  }

  String text(String path) {
    return get(path) instanceof String text ? text : "";
  }

  @Nullable String textOrNull(String path) {
    return get(path) instanceof String text ? text : null;
  }

  double real(String path) {
    return get(path) instanceof Double value ? value : 0;
  }

  long whole(String path) {
    return get(path) instanceof Long value ? value : 0;
  }

  /** A count; words such as {@code auto} read as 0. */
  int count(String path) {
    return Math.toIntExact(whole(path));
  }

  boolean flag(String path) {
    return Boolean.TRUE.equals(get(path));
  }

  List<?> list(String path) {
    return get(path) instanceof List<?> list ? list : List.of();
  }

  <T> List<T> list(String path, Function<Object, T> each) {
    return list(path).stream().map(o -> each.apply((Object) o)).toList();
  }

  List<String> texts(String path) {
    return list(path, String::valueOf);
  }

  /** The chosen alternative of a choice: {@code adam} of {@code adam} or {@code {adam: {...}}}. */
  String chosen(String path) {
    Object value = get(path);
    return value instanceof Map<?, ?> map && map.size() == 1
        ? String.valueOf(map.keySet().iterator().next())
        : value instanceof String text ? text : "";
  }

  /** The settings of the chosen alternative. */
  Bound settings(String path) {
    return at(path).at(chosen(path));
  }

  /** An enum constant from its lower-case name in the file. */
  <E extends Enum<E>> E word(Class<E> type, String path) {
    return constant(type, text(path));
  }

  static <E extends Enum<E>> E constant(Class<E> type, String name) {
    return Enum.valueOf(type, name.toUpperCase(java.util.Locale.ROOT));
  }
}
