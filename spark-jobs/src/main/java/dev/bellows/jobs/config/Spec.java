package dev.bellows.jobs.config;

import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What a value may be. Binding turns a {@link Tree} into a plain value (String, Long, Double,
 * Boolean, List, Map, or null where null is allowed) with every default filled in; the same object
 * documents itself.
 */
abstract class Spec {
  /** Stands where a value had a problem: checks that need the value are skipped. */
  static final Object BAD = new Object();

  /** The value, or {@link #BAD} after a problem was noted. */
  abstract @Nullable Object bind(Tree tree, String path, Binding binding);

  /** The range in words: {@code a whole number >= 1}. */
  abstract String expects();

  /** JSON Schema (draft 2020-12) of the value. */
  abstract Map<String, Object> schema();

  /** The keys below this value, with their dotted paths. */
  void keys(String path, BiConsumer<String, Key> visitor) {}

  /** The key of the next path segment, or null. */
  @Nullable Key child(String segment) {
    return null;
  }

  /** What an earlier layer's value becomes under a later layer's. */
  Tree merge(Tree below, Tree above) {
    return above;
  }

  /** Notes that the value is none that this may be. */
  final Object refuse(Tree tree, String path, Binding binding, String hint) {
    binding.problem(tree.mark(), path, "expected " + expects() + ", found " + tree.found() + hint);
    return BAD;
  }
}
