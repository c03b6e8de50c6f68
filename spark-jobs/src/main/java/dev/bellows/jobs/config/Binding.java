package dev.bellows.jobs.config;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** State of one binding: problems so far, and where each value was written. */
final class Binding {
  private final String file;
  private final Section root;
  private final List<Problem> problems;
  private final Map<String, Mark> marks = new HashMap<>();

  Binding(String file, Section root, List<Problem> problems) {
    this.file = file;
    this.root = root;
    this.problems = problems;
  }

  /** The whole file's keys: suggestions look here. */
  Section root() {
    return root;
  }

  void problem(Mark mark, String path, String message) {
    String origin = mark.origin().isEmpty() ? file : mark.origin();
    problems.add(new Problem(origin, mark.line(), mark.column(), path, message));
  }

  void note(String path, Mark mark) {
    marks.put(path, mark);
  }

  /**
   * Where the value of a path was written; where its nearest written parent was when it holds a
   * default.
   */
  Mark mark(String path) {
    for (String p = path; !p.isEmpty(); p = parent(p)) {
      Mark mark = marks.get(p);
      if (mark != null) {
        return mark;
      }
    }
    return Mark.NOWHERE;
  }

  /** Whether the value was written, not a default. */
  boolean written(String path) {
    return marks.containsKey(path);
  }

  private static String parent(String path) {
    int cut = Math.max(path.lastIndexOf('.'), path.lastIndexOf('['));
    return cut < 0 ? "" : path.substring(0, cut);
  }
}
