package dev.bellows.jobs.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Values given outside the file: {@code --set trainer.epochs=3} and the variable {@code
 * BELLOWS_SET}.
 */
final class Overrides {
  static final String VARIABLE = "BELLOWS_SET";

  private Overrides() {}

  /** The layers above the file, weakest first. */
  static List<Tree> layers(
      List<String> sets, Map<String, String> environment, List<Problem> problems) {
    List<Tree> layers = new ArrayList<>();
    for (String assignment : environment.getOrDefault(VARIABLE, "").split("[;\\n]")) {
      if (!assignment.isBlank()) {
        add(layers, VARIABLE, assignment.strip(), problems);
      }
    }
    for (String assignment : sets) {
      add(layers, "--set", assignment, problems);
    }
    return layers;
  }

  private static void add(
      List<Tree> layers, String origin, String assignment, List<Problem> problems) {
    int equals = assignment.indexOf('=');
    if (equals < 1) {
      String shown = assignment.length() > 40 ? assignment.substring(0, 40) + "..." : assignment;
      problems.add(new Problem(origin, 0, 0, "", "expected KEY=VALUE, found \"" + shown + "\""));
      return;
    }
    String path = assignment.substring(0, equals).strip();
    String text = assignment.substring(equals + 1).strip();
    Tree value =
        text.isEmpty() ? new Tree.Text("", true, Mark.NOWHERE) : read(origin, path, text, problems);
    List<String> segments = segments(path);
    if (segments.isEmpty() || segments.contains("")) {
      problems.add(
          new Problem(
              origin,
              0,
              0,
              path,
              "is no key; expected names with dots between, e.g. trainer.epochs"));
      return;
    }
    if (value == null) {
      return;
    }
    Mark mark = new Mark(origin, 0, 0);
    Tree tree = at(value, mark);
    for (int i = segments.size() - 1; i >= 0; i--) {
      tree = Tree.Fields.of(segments.get(i), mark, tree);
    }
    layers.add(tree);
  }

  private static @Nullable Tree read(
      String origin, String path, String text, List<Problem> problems) {
    List<Problem> found = new ArrayList<>();
    Tree value = YamlReader.read(origin, text, found);
    found.forEach(p -> problems.add(new Problem(origin, 0, 0, path, p.message())));
    return found.isEmpty() ? value : null;
  }

  /**
   * The same tree with every place set to where the option stands: lines within an option mean
   * nothing.
   */
  private static Tree at(Tree tree, Mark mark) {
    if (tree instanceof Tree.Text text) {
      return new Tree.Text(text.value(), text.plain(), mark);
    }
    if (tree instanceof Tree.Many many) {
      return new Tree.Many(many.items().stream().map(item -> at(item, mark)).toList(), mark);
    }
    Map<String, Tree.Field> fields = new java.util.LinkedHashMap<>();
    ((Tree.Fields) tree)
        .fields()
        .forEach((k, f) -> fields.put(k, new Tree.Field(mark, at(f.value(), mark))));
    return new Tree.Fields(fields, mark);
  }

  /**
   * Splits {@code model.layers[0].dense."odd.name"} into its parts; an index is a part of its own,
   * in brackets.
   */
  static List<String> segments(String path) {
    List<String> parts = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      if (c == '"') {
        quoted = !quoted;
      } else if (c == '.' && !quoted) {
        parts.add(part.toString());
        part.setLength(0);
      } else if (c == '[' && !quoted && part.length() > 0) {
        parts.add(part.toString());
        part.setLength(0);
        part.append(c);
      } else {
        part.append(c);
      }
    }
    parts.add(part.toString());
    return parts;
  }
}
