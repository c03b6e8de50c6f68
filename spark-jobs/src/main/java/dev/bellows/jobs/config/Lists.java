package dev.bellows.jobs.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Lists, mappings with free names, and values of several forms. */
final class Lists {
  private Lists() {}

  /** A list of like values. A later layer may change one item by its index: {@code layers[0]}. */
  static final class ListOf extends Spec {
    private final Spec item;
    private final int min;

    ListOf(Spec item, int min) {
      this.item = item;
      this.min = min;
    }

    /** What each item may be. */
    Spec item() {
      return item;
    }

    @Override
    @Nullable Object bind(Tree tree, String path, Binding binding) {
      if (!(tree instanceof Tree.Many many) || many.items().size() < min) {
        return refuse(tree, path, binding, "");
      }
      List<Object> bound = new ArrayList<>();
      for (int i = 0; i < many.items().size(); i++) {
        String full = path + "[" + i + "]";
        binding.note(full, many.items().get(i).mark());
        bound.add(item.bind(many.items().get(i), full, binding));
      }
      return bound;
    }

    @Override
    String expects() {
      String what =
          item instanceof Section || item instanceof Choice ? "" : " of " + item.expects();
      return (min > 0 ? "a list with at least " + min + " item" : "a list") + what;
    }

    @Override
    Map<String, Object> schema() {
      Map<String, Object> schema = new LinkedHashMap<>();
      schema.put("type", "array");
      schema.put("items", item.schema());
      if (min > 0) {
        schema.put("minItems", min);
      }
      return schema;
    }

    @Override
    void keys(String path, BiConsumer<String, Key> visitor) {
      item.keys(path + "[]", visitor);
    }

    @Override
    @Nullable Key child(String segment) {
      boolean index = segment.matches("\\[?[0-9]*\\]?|\\*");
      return index ? new Key(segment, item, "", "One item.", "") : item.child(segment);
    }

    @Override
    Tree merge(Tree below, Tree above) {
      if (!(below instanceof Tree.Many many) || !(above instanceof Tree.Fields changes)) {
        return above;
      }
      List<Tree> items = new ArrayList<>(many.items());
      for (Map.Entry<String, Tree.Field> change : changes.fields().entrySet()) {
        String digits = change.getKey().replaceAll("[\\[\\]]", "");
        if (!digits.matches("[0-9]{1,4}") || Integer.parseInt(digits) >= items.size()) {
          return above; // binding says that a list was expected
        }
        int index = Integer.parseInt(digits);
        items.set(index, item.merge(items.get(index), change.getValue().value()));
      }
      return new Tree.Many(items, many.mark());
    }
  }

  /** A mapping from free names to like values. */
  static final class Named extends Spec {
    private final Spec value;
    private final String what;

    Named(String what, Spec value) {
      this.what = what;
      this.value = value;
    }

    @Override
    @Nullable Object bind(Tree tree, String path, Binding binding) {
      if (!(tree instanceof Tree.Fields given)) {
        return refuse(tree, path, binding, "");
      }
      Map<String, Object> bound = new LinkedHashMap<>();
      given
          .fields()
          .forEach(
              (name, field) -> {
                String full = Section.join(path, name);
                if (name.isBlank()) {
                  binding.problem(field.keyMark(), full, "a name can't be blank");
                }
                binding.note(full, field.value().mark());
                bound.put(name, value.bind(field.value(), full, binding));
              });
      return bound;
    }

    @Override
    String expects() {
      return "a mapping from " + what;
    }

    @Override
    Map<String, Object> schema() {
      return Map.of("type", "object", "additionalProperties", value.schema());
    }

    @Override
    void keys(String path, BiConsumer<String, Key> visitor) {
      value.keys(path + ".*", visitor);
    }

    @Override
    Key child(String segment) {
      return new Key(segment, value, "{}", "Settings of one of " + what + ".", "");
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
                Tree now = old == null ? field.value() : value.merge(old.value(), field.value());
                merged.put(name, new Tree.Field(field.keyMark(), now));
              });
      return new Tree.Fields(merged, low.mark());
    }
  }

  /** A list or something else: a list is bound by the one, anything else by the other. */
  static final class ListOr extends Spec {
    private final Spec list;
    private final Spec other;

    ListOr(Spec list, Spec other) {
      this.list = list;
      this.other = other;
    }

    @Override
    @Nullable Object bind(Tree tree, String path, Binding binding) {
      return tree instanceof Tree.Many
          ? list.bind(tree, path, binding)
          : other.bind(tree, path, binding);
    }

    @Override
    String expects() {
      return list.expects() + ", or " + other.expects();
    }

    @Override
    Map<String, Object> schema() {
      return Map.of("anyOf", List.of(list.schema(), other.schema()));
    }
  }
}
