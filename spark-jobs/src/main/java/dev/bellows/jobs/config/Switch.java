package dev.bellows.jobs.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A mapping whose keys depend on the value of one of them: {@code format} of a source, {@code type}
 * of a model.
 */
final class Switch extends Spec {
  private final String on;
  private final Map<String, Section> branches = new LinkedHashMap<>();
  private final List<String> later = new ArrayList<>();
  private @Nullable Section without;
  private String doc = "";
  private @Nullable String fallback;

  Switch(String on, String doc) {
    this.on = on;
    this.doc = doc;
  }

  Switch branch(String value, Section keys) {
    branches.put(value, keys);
    keys.oneOf(on + " " + value, named());
    return this;
  }

  /** Names of all branches as messages show them. */
  private Map<String, Section> named() {
    return new java.util.AbstractMap<>() {
      @Override
      public java.util.Set<Map.Entry<String, Section>> entrySet() {
        Map<String, Section> all = new LinkedHashMap<>();
        branches.forEach((value, section) -> all.put(on + " " + value, section));
        return all.entrySet();
      }
    };
  }

  /** What holds when the deciding key is absent. */
  Switch without(Section keys) {
    this.without = keys;
    return this;
  }

  /** The branch that holds when the deciding key is absent. */
  Switch fallback(String value) {
    this.fallback = value;
    return this;
  }

  Switch later(String... values) {
    later.addAll(List.of(values));
    return this;
  }

  private Words.Word word() {
    return new Words.Word(List.copyOf(branches.keySet()), later);
  }

  @Override
  @Nullable Object bind(Tree tree, String path, Binding binding) {
    if (!(tree instanceof Tree.Fields given)) {
      return refuse(tree, path, binding, "");
    }
    Tree.Field decider = given.fields().get(on);
    if (decider == null && without != null) {
      return without.bind(tree, path, binding);
    }
    String full = Section.join(path, on);
    Object value = fallback;
    if (decider != null) {
      binding.note(full, decider.value().mark());
      value = word().bind(decider.value(), full, binding);
    } else if (fallback == null) {
      String near =
          Suggest.nearest(on, given.fields().keySet())
              .map(n -> "; is " + n + " a typing error?")
              .orElse("");
      binding.problem(given.mark(), full, "is missing; expected " + word().expects() + near);
      return BAD;
    }
    Section branch = branches.get(value);
    if (value == null || branch == null) {
      return BAD;
    }
    Map<String, Tree.Field> rest = new LinkedHashMap<>(given.fields());
    rest.remove(on);
    Object bound = branch.bind(new Tree.Fields(rest, given.mark()), path, binding);
    Map<String, Object> whole = new LinkedHashMap<>();
    whole.put(on, value);
    if (bound instanceof Map<?, ?> map) {
      map.forEach((k, v) -> whole.put((String) k, v));
    }
    return whole;
  }

  @Override
  String expects() {
    String keyed = "a mapping with " + on + ": " + String.join("|", branches.keySet());
    return without == null ? keyed : keyed + ", or " + without.expects();
  }

  @Override
  Map<String, Object> schema() {
    List<Object> any = new ArrayList<>();
    branches.forEach(
        (value, section) -> {
          Map<String, Object> schema = new LinkedHashMap<>(section.schema());
          Map<String, Object> properties = new LinkedHashMap<>();
          properties.put(on, Map.of("const", value));
          if (schema.get("properties") instanceof Map<?, ?> own) {
            own.forEach((k, v) -> properties.put((String) k, v));
          }
          schema.put("properties", properties);
          any.add(schema);
        });
    if (without != null) {
      any.add(without.schema());
    }
    return Map.of("anyOf", any);
  }

  @Override
  void keys(String path, BiConsumer<String, Key> visitor) {
    visitor.accept(Section.join(path, on), decider());
    java.util.Set<String> seen = new java.util.HashSet<>();
    List<Section> all = new ArrayList<>(branches.values());
    if (without != null) {
      all.add(without);
    }
    for (Section section : all) {
      section.keys(
          path,
          (p, key) -> {
            if (seen.add(p)) {
              visitor.accept(p, key);
            }
          });
    }
  }

  private Key decider() {
    String example = branches.keySet().iterator().next();
    return new Key(on, word(), fallback, doc, example);
  }

  @Override
  @Nullable Key child(String segment) {
    if (segment.equals(on)) {
      return decider();
    }
    for (Section section : branches.values()) {
      Key key = section.child(segment);
      if (key != null) {
        return key;
      }
    }
    return without == null ? null : without.child(segment);
  }

  @Override
  Tree merge(Tree below, Tree above) {
    if (!(below instanceof Tree.Fields low) || !(above instanceof Tree.Fields high)) {
      return above;
    }
    String old = decided(low);
    String now = high.fields().containsKey(on) ? decided(high) : old;
    if (!java.util.Objects.equals(old, now)) {
      return above;
    }
    Section branch = old == null ? without : branches.get(old);
    return (branch == null ? new Section() : branch).merge(below, above);
  }

  private @Nullable String decided(Tree.Fields fields) {
    Tree.Field field = fields.fields().get(on);
    return field != null && field.value() instanceof Tree.Text text ? text.value() : fallback;
  }
}
