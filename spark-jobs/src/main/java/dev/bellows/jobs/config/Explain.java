package dev.bellows.jobs.config;

import dev.bellows.jobs.config.Lists.ListOf;
import dev.bellows.jobs.config.RunConfig.Kind;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Documentation of keys, from the table that also parses them. */
public final class Explain {
  private Explain() {}

  /**
   * What one key means: document, range, default, example; for a section also the keys below, for a
   * list what its items may be. Empty when there is no such key.
   */
  public static Optional<String> key(String path) {
    Key key = ConfigKeys.find(path);
    if (key == null) {
      return Optional.empty();
    }
    StringBuilder out = new StringBuilder(path).append(System.lineSeparator());
    line(out, "", key.doc());
    line(out, "value    ", key.spec().expects());
    if (key.required()) {
      line(out, "default  ", "none, the key is required");
    } else if (key.fallback() != null && !key.fallback().isEmpty()) {
      line(out, "default  ", key.fallback());
    }
    if (!key.example().isEmpty()) {
      line(out, "example  ", (key.name().equals("*") ? path : key.name()) + ": " + key.example());
    }
    Map<String, String> below = new LinkedHashMap<>();
    Spec each = key.spec() instanceof ListOf list ? list.item() : key.spec();
    if (each instanceof Choice choice) {
      below.putAll(choice.docs());
    }
    key.spec()
        .keys(
            "",
            (name, child) -> {
              if (!name.contains(".") || (name.startsWith("*.") && name.indexOf('.', 2) < 0)) {
                below.putIfAbsent(name, child.doc());
              }
            });
    int width = below.keySet().stream().mapToInt(String::length).max().orElse(0);
    below.forEach(
        (name, doc) -> line(out, "  " + name + " ".repeat(width - name.length() + 2), doc));
    return Optional.of(out.toString());
  }

  /** The nearest known key to one that is not known, as a dotted path. */
  public static Optional<String> nearest(String path) {
    String[] parts = path.split("\\.", -1);
    String last = parts[parts.length - 1];
    String at = String.join(".", Arrays.copyOf(parts, parts.length - 1));
    for (Kind kind : Kind.values()) {
      Optional<String> near = ConfigKeys.nearestPath(ConfigKeys.root(kind), last, at);
      if (near.isPresent()) {
        return near;
      }
    }
    return Optional.empty();
  }

  /** Every key of every kind of file with its first line of documentation. */
  public static Set<String> all() {
    Set<String> all = new LinkedHashSet<>();
    for (Kind kind : Kind.values()) {
      all.addAll(ConfigKeys.docs(kind).keySet());
    }
    return all;
  }

  private static void line(StringBuilder out, String head, String text) {
    out.append("  ").append(head).append(text).append(System.lineSeparator());
  }
}
