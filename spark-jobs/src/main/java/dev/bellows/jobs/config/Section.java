package dev.bellows.jobs.config;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A mapping with known keys. */
final class Section extends Spec {
  private static final Pattern SECRET =
      Pattern.compile(
          "(^|_)(password|passwd|pwd|secret|token|api_?key|access_?key|private_?key|credentials?)(_|$)");

  private final Map<String, Key> keys = new LinkedHashMap<>();
  private final Set<String> optional = new HashSet<>();
  private final Map<String, String> later = new LinkedHashMap<>();
  private @Nullable String name;
  private @Nullable Map<String, ? extends Spec> alternatives;

  Section key(String name, Spec spec, String fallback, String doc) {
    return key(name, spec, fallback, doc, fallback);
  }

  Section key(String name, Spec spec, String fallback, String doc, String example) {
    keys.put(name, new Key(name, spec, fallback, doc, example));
    return this;
  }

  Section required(String name, Spec spec, String doc, String example) {
    keys.put(name, new Key(name, spec, null, doc, example));
    return this;
  }

  /** A key that may be missing and then is not bound at all. */
  Section optional(String name, Spec spec, String doc, String example) {
    optional.add(name);
    keys.put(name, new Key(name, new Words.OrNull(spec), "null", doc, example));
    return this;
  }

  /** A key that is known and not in this version. */
  Section later(String name, String doc) {
    later.put(name, doc);
    return this;
  }

  /** Copies another section's keys. */
  Section all(Section other) {
    keys.putAll(other.keys);
    optional.addAll(other.optional);
    later.putAll(other.later);
    return this;
  }

  /** Says of which choice this is one alternative, for "belongs to" messages. */
  void oneOf(String name, Map<String, ? extends Spec> alternatives) {
    this.name = name;
    this.alternatives = alternatives;
  }

  boolean isEmpty() {
    return keys.isEmpty();
  }

  boolean has(String key) {
    return keys.containsKey(key);
  }

  Collection<Key> keys() {
    return keys.values();
  }

  @Override
  @Nullable Object bind(Tree tree, String path, Binding binding) {
    if (!(tree instanceof Tree.Fields given)) {
      return refuse(tree, path, binding, "");
    }
    given
        .fields()
        .forEach(
            (k, field) -> {
              if (!keys.containsKey(k)) {
                unknown(k, field, path, binding);
              }
            });
    Map<String, Object> bound = new LinkedHashMap<>();
    for (Key key : keys.values()) {
      String full = join(path, key.name());
      Tree.Field field = given.fields().get(key.name());
      if (field != null) {
        binding.note(full, field.value().mark());
        bound.put(key.name(), key.spec().bind(field.value(), full, binding));
      } else if (key.required()) {
        binding.problem(given.mark(), full, "is missing; expected " + key.spec().expects());
        bound.put(key.name(), BAD);
      } else if (!optional.contains(key.name())) {
        bound.put(key.name(), key.spec().bind(Defaults.tree(key), full, binding));
      }
    }
    return bound;
  }

  private void unknown(String key, Tree.Field field, String path, Binding binding) {
    String full = join(path, key);
    Mark mark = field.keyMark();
    if (later.containsKey(key)) {
      binding.problem(mark, full, "is not in this version (" + later.get(key) + ")");
      return;
    }
    if (SECRET.matcher(key.toLowerCase(java.util.Locale.ROOT)).find()) {
      binding.problem(mark, full, Secrets.ADVICE);
      return;
    }
    if (alternatives != null) {
      List<String> owners = new ArrayList<>();
      alternatives.forEach(
          (other, spec) -> {
            if (!other.equals(name) && spec instanceof Section section && section.has(key)) {
              owners.add(other);
            }
          });
      if (!owners.isEmpty()) {
        binding.problem(
            mark, full, name + " has no " + key + "; it belongs to " + String.join(", ", owners));
        return;
      }
    }
    binding.problem(mark, full, "unknown key; " + suggestion(key, path, binding));
  }

  private String suggestion(String key, String path, Binding binding) {
    Optional<String> sibling = Suggest.nearest(key, keys.keySet());
    if (sibling.isPresent()) {
      return "did you mean " + join(path, sibling.get()) + "?";
    }
    Optional<String> elsewhere = ConfigKeys.nearestPath(binding.root(), key, path);
    return elsewhere
        .map(p -> "did you mean " + p + "?")
        .orElse(
            keys.isEmpty()
                ? "nothing goes here"
                : "known here: " + String.join(", ", new TreeSet<>(keys.keySet())));
  }

  @Override
  String expects() {
    return keys.isEmpty() ? "{}" : "a mapping with " + String.join(", ", keys.keySet());
  }

  @Override
  Map<String, Object> schema() {
    Map<String, Object> properties = new LinkedHashMap<>();
    List<String> required = new ArrayList<>();
    keys.values()
        .forEach(
            key -> {
              Map<String, Object> schema = new LinkedHashMap<>(key.spec().schema());
              schema.put("description", key.doc());
              properties.put(key.name(), schema);
              if (key.required()) {
                required.add(key.name());
              }
            });
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("type", "object");
    schema.put("properties", properties);
    schema.put("additionalProperties", false);
    if (!required.isEmpty()) {
      schema.put("required", required);
    }
    return schema;
  }

  @Override
  void keys(String path, BiConsumer<String, Key> visitor) {
    keys.values()
        .forEach(
            key -> {
              String full = join(path, key.name());
              visitor.accept(full, key);
              key.spec().keys(full, visitor);
            });
  }

  @Override
  @Nullable Key child(String segment) {
    return keys.get(segment);
  }

  @Override
  Tree merge(Tree below, Tree above) {
    if (!(below instanceof Tree.Fields low) || !(above instanceof Tree.Fields high)) {
      return above;
    }
    Map<String, Tree.Field> merged = new LinkedHashMap<>(low.fields());
    high.fields()
        .forEach(
            (name, field) -> {
              Tree.Field old = merged.get(name);
              Key key = keys.get(name);
              Tree value =
                  old == null || key == null
                      ? field.value()
                      : key.spec().merge(old.value(), field.value());
              merged.put(name, new Tree.Field(field.keyMark(), value));
            });
    return new Tree.Fields(merged, low.mark());
  }

  static String join(String path, String key) {
    String segment = key.matches("[\\w-]+") ? key : "\"" + key + "\"";
    return path.isEmpty() ? segment : path + "." + segment;
  }
}
