package dev.bellows.jobs.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One of several named alternatives, written {@code adam} or {@code {adam: {learning_rate: 0.01}}}.
 * Bound to a map of one entry, or to the bare name when the alternative has nothing to set.
 */
final class Choice extends Spec {
  private final Map<String, Spec> alternatives = new LinkedHashMap<>();
  private final Map<String, String> docs = new LinkedHashMap<>();
  private final List<String> later = new ArrayList<>();

  Choice with(String name, String doc, Spec payload) {
    alternatives.put(name, payload);
    docs.put(name, doc);
    if (payload instanceof Section section) {
      section.oneOf(name, alternatives);
    }
    return this;
  }

  Choice with(String name, String doc) {
    return with(name, doc, new Section());
  }

  /** Names that are known and not in this version. */
  Choice later(String... names) {
    later.addAll(List.of(names));
    return this;
  }

  Map<String, String> docs() {
    return docs;
  }

  @Override
  @Nullable Object bind(Tree tree, String path, Binding binding) {
    String name;
    Tree payload;
    Mark mark = tree.mark();
    if (tree instanceof Tree.Text text) {
      name = text.value();
      payload = Tree.Fields.empty(mark);
    } else if (tree instanceof Tree.Fields fields && fields.fields().size() == 1) {
      name = fields.fields().keySet().iterator().next();
      Tree.Field field = fields.fields().values().iterator().next();
      mark = field.keyMark();
      payload = field.value();
    } else {
      return refuse(
          tree, path, binding, tree instanceof Tree.Fields ? "; exactly one is needed" : "");
    }
    if (later.contains(name)) {
      binding.problem(
          mark, Section.join(path, name), "is not in this version, which has " + names());
      return BAD;
    }
    Spec spec = alternatives.get(name);
    if (spec == null) {
      String hint =
          Suggest.nearest(name, alternatives.keySet())
              .map(n -> "; did you mean " + n + "?")
              .orElse("");
      binding.problem(mark, path, "expected " + expects() + ", found \"" + name + "\"" + hint);
      return BAD;
    }
    if (spec instanceof Section section && section.isEmpty()) {
      section.bind(payload, Section.join(path, name), binding);
      return name;
    }
    if (!(spec instanceof Section) && tree instanceof Tree.Text) {
      binding.problem(
          mark, path, "\"" + name + "\" needs a value: {" + name + ": " + spec.expects() + "}");
      return BAD;
    }
    String full = Section.join(path, name);
    if (binding.written(path)) {
      binding.note(full, payload.mark());
    }
    Map<String, Object> bound = new LinkedHashMap<>();
    bound.put(name, spec.bind(payload, full, binding));
    return bound;
  }

  private String names() {
    return String.join(", ", alternatives.keySet());
  }

  @Override
  String expects() {
    return "one of " + names();
  }

  @Override
  Map<String, Object> schema() {
    List<Object> any = new ArrayList<>();
    List<String> bare = new ArrayList<>();
    alternatives.forEach(
        (name, spec) -> {
          if (spec instanceof Section) {
            bare.add(name);
          }
          any.add(
              Map.of(
                  "type",
                  "object",
                  "properties",
                  Map.of(name, spec.schema()),
                  "required",
                  List.of(name),
                  "additionalProperties",
                  false));
        });
    any.add(0, Map.of("enum", bare));
    return Map.of("anyOf", any);
  }

  @Override
  void keys(String path, BiConsumer<String, Key> visitor) {
    alternatives.forEach(
        (name, spec) -> {
          visitor.accept(Section.join(path, name), alternative(name));
          spec.keys(Section.join(path, name), visitor);
        });
  }

  private Key alternative(String name) {
    Spec spec = Objects.requireNonNull(alternatives.get(name));
    if (!(spec instanceof Section)) {
      return new Key(name, spec, "", docs.getOrDefault(name, ""), "{" + name + ": ...}");
    }
    List<String> needed = new ArrayList<>();
    spec.keys(
        "",
        (path, key) -> {
          if (key.required() && !path.contains(".")) {
            needed.add(path + ": " + key.example());
          }
        });
    String example = needed.stream().collect(Collectors.joining(", ", "{", "}"));
    String fallback = needed.isEmpty() ? "{}" : "";
    return new Key(name, spec, fallback, docs.getOrDefault(name, ""), example);
  }

  /** {@code *} stands for all alternatives at once. */
  @Override
  @Nullable Key child(String segment) {
    if (segment.equals("*")) {
      Section union = new Section();
      alternatives
          .values()
          .forEach(
              spec -> {
                if (spec instanceof Section section) {
                  union.all(section);
                }
              });
      return new Key("*", union, "{}", "Any of " + names() + ".", "");
    }
    return alternatives.containsKey(segment) ? alternative(segment) : null;
  }

  @Override
  Tree merge(Tree below, Tree above) {
    if (!(above instanceof Tree.Fields high) || high.fields().size() != 1) {
      return above;
    }
    String name = high.fields().keySet().iterator().next();
    if (!(below instanceof Tree.Fields low)
        || !low.fields().keySet().equals(high.fields().keySet())) {
      return above;
    }
    Spec spec = alternatives.get(name);
    Tree.Field field = high.fields().get(name);
    Tree.Field old = low.fields().get(name);
    if (spec == null || field == null || old == null) {
      return above;
    }
    return Tree.Fields.of(name, field.keyMark(), spec.merge(old.value(), field.value()));
  }
}
