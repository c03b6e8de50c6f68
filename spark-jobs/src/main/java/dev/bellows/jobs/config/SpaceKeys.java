package dev.bellows.jobs.config;

import dev.bellows.jobs.space.Parameter;
import dev.bellows.jobs.space.SearchSpace;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code search.space}: parameters by the dotted key that each sets, in the form that {@link
 * SearchSpace#parameter} reads. Bound to the tree that {@link SearchSpace#fromTree} takes.
 */
final class SpaceKeys extends Spec {
  static final String DOC =
      "Parameters by the key that each sets: {uniform: [low, high]}, {log: [low, high]}, {int: [low,"
          + " high]}, {log_int: [low, high]} or {choice: [...]}; step: with uniform and int; when:"
          + " {KEY: VALUE or [VALUES]} for those that exist only then.";
  static final String EXAMPLE =
      "{model.depth: {int: [3, 10]}, trainer.optimizer.adam.learning_rate: {log: [0.0001, 0.1]}}";

  private static final List<String> KNOWN =
      List.of("uniform", "log", "int", "log_int", "choice", "step", "when");

  @Override
  Object bind(Tree tree, String path, Binding binding) {
    if (!(tree instanceof Tree.Fields fields)) {
      return refuse(tree, path, binding, "");
    }
    Map<String, Object> bound = new LinkedHashMap<>();
    List<Parameter> parameters = new ArrayList<>();
    fields
        .fields()
        .forEach(
            (name, field) -> {
              String full = Section.join(path, name);
              binding.note(full, field.value().mark());
              Parameter parameter = parameter(name, field, full, binding);
              if (parameter != null) {
                parameters.add(parameter);
                bound.put(name, parameter.toTree());
              }
            });
    if (parameters.size() < fields.fields().size()) {
      return BAD;
    }
    try {
      SearchSpace.of(parameters);
    } catch (IllegalArgumentException e) {
      binding.problem(tree.mark(), path, String.valueOf(e.getMessage()));
      return BAD;
    }
    return bound;
  }

  private static @Nullable Parameter parameter(
      String name, Tree.Field field, String path, Binding binding) {
    if (!(field.value() instanceof Tree.Fields keys)) {
      binding.problem(
          field.value().mark(),
          path,
          "expected a mapping such as {uniform: [0, 1]}, found " + field.value().found());
      return null;
    }
    boolean known = true;
    for (Map.Entry<String, Tree.Field> key : keys.fields().entrySet()) {
      if (!KNOWN.contains(key.getKey())) {
        known = false;
        String hint =
            Suggest.nearest(key.getKey(), KNOWN)
                .map(near -> "did you mean " + near + "?")
                .orElse("known here: " + String.join(", ", KNOWN));
        binding.problem(
            key.getValue().keyMark(), Section.join(path, key.getKey()), "unknown key; " + hint);
      }
    }
    if (!known) {
      return null;
    }
    try {
      return SearchSpace.parameter(name, plain(keys));
    } catch (IllegalArgumentException e) {
      String message = String.valueOf(e.getMessage());
      String prefix = name + ": ";
      binding.problem(
          field.value().mark(),
          path,
          message.startsWith(prefix) ? message.substring(prefix.length()) : message);
      return null;
    }
  }

  /** The value of a tree under the core schema of YAML 1.2. */
  private static @Nullable Object plain(Tree tree) {
    if (tree instanceof Tree.Many many) {
      List<@Nullable Object> items = new ArrayList<>();
      many.items().forEach(item -> items.add(plain(item)));
      return items;
    }
    if (tree instanceof Tree.Fields fields) {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      fields.fields().forEach((key, field) -> map.put(key, plain(field.value())));
      return map;
    }
    Tree.Text text = (Tree.Text) tree;
    String value = text.value();
    if (!text.plain()) {
      return value;
    }
    if (Scalars.isNull(value)) {
      return null;
    }
    if (Scalars.isTrue(value) || Scalars.isFalse(value)) {
      return Scalars.isTrue(value);
    }
    if (Scalars.isWhole(value) && value.length() <= 18) {
      return Long.valueOf(value);
    }
    if (Scalars.isReal(value)) {
      return Double.valueOf(value);
    }
    if (Scalars.isTyped(value)) {
      throw new IllegalArgumentException(
          "expected a number or text, found " + text.found() + Scalars.numberHint(text, false));
    }
    return value;
  }

  @Override
  String expects() {
    return "a mapping of keys to ranges, such as " + EXAMPLE;
  }

  @Override
  Map<String, Object> schema() {
    Map<String, Object> range = Map.of("type", "array", "minItems", 2, "maxItems", 2);
    Map<String, Object> properties = new LinkedHashMap<>();
    for (String kind : List.of("uniform", "log", "int", "log_int")) {
      properties.put(kind, range);
    }
    properties.put("choice", Map.of("type", "array", "minItems", 1));
    properties.put("step", Map.of("type", "number", "exclusiveMinimum", 0));
    properties.put("when", Map.of("type", "object"));
    return Map.of(
        "type",
        "object",
        "minProperties",
        1,
        "additionalProperties",
        Map.of("type", "object", "properties", properties, "additionalProperties", false));
  }

  /** A parameter of the layer above takes the place of the one below; the others stay. */
  @Override
  Tree merge(Tree below, Tree above) {
    if (!(below instanceof Tree.Fields low) || !(above instanceof Tree.Fields high)) {
      return above;
    }
    Map<String, Tree.Field> merged = new LinkedHashMap<>(low.fields());
    merged.putAll(high.fields());
    return new Tree.Fields(merged, low.mark());
  }
}
