package dev.bellows.jobs.space;

import dev.bellows.engine.model.Json;
import dev.bellows.engine.sample.Mix64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One value for each parameter that exists. Immutable; two configurations are equal when the same
 * parameters have the same values, whatever the order.
 */
public final class Configuration {
  private final Map<String, @Nullable Object> values;
  private final String canonical;

  private Configuration(Map<String, @Nullable Object> values) {
    this.values = Collections.unmodifiableMap(values);
    this.canonical = Json.compact(new TreeMap<>(values));
  }

  /**
   * From values by name.
   *
   * @throws IllegalArgumentException for values that YAML does not know
   */
  public static Configuration of(Map<String, ? extends @Nullable Object> values) {
    Map<String, @Nullable Object> copy = new LinkedHashMap<>();
    values.forEach((name, value) -> copy.put(name, Plain.of(value)));
    return new Configuration(copy);
  }

  /** The values by name, in the order of the space. */
  public Map<String, @Nullable Object> values() {
    return values;
  }

  /** Whether a parameter exists. */
  public boolean has(String name) {
    return values.containsKey(name);
  }

  /** The value of a parameter; null when it is null or does not exist. */
  public @Nullable Object get(String name) {
    return values.get(name);
  }

  /**
   * The canonical text: JSON without spaces, names sorted. Equal configurations have equal ones.
   */
  public String canonical() {
    return canonical;
  }

  /** A hash of the canonical text that is the same everywhere. */
  public long hash() {
    return Mix64.ofText(canonical);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Configuration that && canonical.equals(that.canonical);
  }

  @Override
  public int hashCode() {
    return canonical.hashCode();
  }

  /** For people: {@code model.depth=5 model.learning_rate=0.1}. */
  @Override
  public String toString() {
    return values.entrySet().stream()
        .map(value -> value.getKey() + "=" + Plain.show(value.getValue()))
        .collect(Collectors.joining(" "));
  }
}
