package dev.bellows.jobs.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Configurations compared key by key. */
public final class Differences {
  private Differences() {}

  /**
   * The keys of a configuration whose value is not the table's default, as YAML values; required
   * keys always differ.
   */
  public static Map<String, String> fromDefaults(Loaded loaded) {
    Section root = ConfigKeys.root(loaded.config().kind());
    Map<String, String> differences = new LinkedHashMap<>();
    collect(root, tree(loaded.resolvedYaml()), "", differences);
    return differences;
  }

  /** Two resolved configurations: key to {@code "old -> new"}, in the first one's order. */
  public static Map<String, String> between(String oldYaml, String newYaml) {
    Map<String, String> before = flat(oldYaml);
    Map<String, String> after = flat(newYaml);
    Map<String, String> differences = new LinkedHashMap<>();
    before.forEach(
        (key, value) -> {
          String now = after.get(key);
          if (!value.equals(now)) {
            differences.put(key, value + " -> " + (now == null ? "(absent)" : now));
          }
        });
    after.forEach(
        (key, value) -> {
          if (!before.containsKey(key)) {
            differences.put(key, "(absent) -> " + value);
          }
        });
    return differences;
  }

  private static Map<String, String> flat(String yaml) {
    Map<String, String> flat = new LinkedHashMap<>();
    leaves(tree(yaml), "", flat);
    return flat;
  }

  private static Tree tree(String yaml) {
    return Objects.requireNonNull(
        YamlReader.read("", yaml, new ArrayList<>()), "a resolved configuration");
  }

  private static void leaves(Tree tree, String path, Map<String, String> flat) {
    if (tree instanceof Tree.Fields fields && !fields.fields().isEmpty()) {
      fields
          .fields()
          .forEach((name, field) -> leaves(field.value(), Section.join(path, name), flat));
    } else {
      flat.put(path, shown(tree));
    }
  }

  private static void collect(Spec spec, Tree tree, String path, Map<String, String> out) {
    if (!(tree instanceof Tree.Fields fields)) {
      out.put(path, shown(tree));
      return;
    }
    fields
        .fields()
        .forEach(
            (name, field) -> {
              String full = Section.join(path, name);
              Key key = spec.child(name);
              if (key == null || key.required()) {
                descend(key == null ? null : key.spec(), field.value(), full, out);
              } else if (!bound(key.spec(), field.value())
                  .equals(bound(key.spec(), Defaults.tree(key)))) {
                descend(key.spec(), field.value(), full, out);
              }
            });
  }

  private static void descend(
      @Nullable Spec spec, Tree tree, String path, Map<String, String> out) {
    if (spec != null && tree instanceof Tree.Fields fields && !fields.fields().isEmpty()) {
      collect(spec, tree, path, out);
    } else {
      out.put(path, shown(tree));
    }
  }

  private static String bound(Spec spec, Tree tree) {
    return String.valueOf(spec.bind(tree, "", new Binding("", new Section(), new ArrayList<>())));
  }

  private static String shown(Tree tree) {
    return YamlWriter.flow(plain(tree));
  }

  /** Scalars typed by the core schema, so that they are written as they were read. */
  private static @Nullable Object plain(Tree tree) {
    if (tree instanceof Tree.Text text) {
      if (!text.plain()) {
        return text.value();
      }
      if (Scalars.isNull(text.value())) {
        return null;
      }
      if (Scalars.isTrue(text.value()) || Scalars.isFalse(text.value())) {
        return Scalars.isTrue(text.value());
      }
      if (Scalars.isWhole(text.value())) {
        return Long.valueOf(text.value());
      }
      return Scalars.isReal(text.value()) ? (Object) Double.valueOf(text.value()) : text.value();
    }
    if (tree instanceof Tree.Many many) {
      List<@Nullable Object> items = new ArrayList<>();
      many.items().forEach(item -> items.add(plain(item)));
      return items;
    }
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    ((Tree.Fields) tree).fields().forEach((name, field) -> map.put(name, plain(field.value())));
    return map;
  }
}
