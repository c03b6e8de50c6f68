package dev.bellows.jobs.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Default values of the table as trees. */
final class Defaults {
  private Defaults() {}

  /**
   * The default of a key that has one. Its marks are nowhere: a problem with a default is a fault
   * of the table.
   */
  static Tree tree(Key key) {
    List<Problem> problems = new ArrayList<>();
    Tree tree = YamlReader.read("", Objects.requireNonNull(key.fallback()), problems);
    if (tree == null || !problems.isEmpty()) {
      throw new IllegalStateException("default of " + key.name() + ": " + problems);
    }
    return tree;
  }
}
