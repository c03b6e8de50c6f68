package dev.bellows.jobs.table;

import dev.bellows.jobs.config.TargetConfig;
import dev.bellows.jobs.source.DataException;
import dev.bellows.jobs.source.NumberText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Class names and their order, from the labels that occur and the configuration. */
final class Classes {
  private static final int SHOWN = 10;

  private Classes() {}

  /** Numbers in number order before text in text order. */
  static int compare(String a, String b) {
    double x = NumberText.parse(a, true);
    double y = NumberText.parse(b, true);
    boolean xNumber = !NumberText.isText(x) && !Double.isNaN(x);
    boolean yNumber = !NumberText.isText(y) && !Double.isNaN(y);
    if (xNumber && yNumber) {
      int c = Double.compare(x, y);
      return c != 0 ? c : a.compareTo(b);
    }
    return xNumber != yNumber ? (xNumber ? -1 : 1) : a.compareTo(b);
  }

  /**
   * Class names in label order; of two classes the positive one comes second.
   *
   * @param counts label to {rows, training rows}
   * @throws DataException when the labels do not fit the configuration
   */
  static List<String> of(TargetConfig target, Map<String, long[]> counts) {
    TreeMap<String, Long> train = new TreeMap<>(Classes::compare);
    counts.forEach(
        (label, c) -> {
          if (c[1] > 0) {
            train.put(label, c[1]);
          }
        });
    List<String> classes =
        target.classes() > 0 ? declared(target, train) : new ArrayList<>(train.keySet());
    if (classes.size() < 2) {
      throw new DataException(
          "target "
              + target.name()
              + " needs at least 2 classes, found "
              + shown(train)
              + " in the training rows");
    }
    String positive = target.positive();
    if (positive != null) {
      String name = NumberText.canonical(positive);
      if (!classes.contains(name)) {
        throw new DataException(
            "target.positive \""
                + positive
                + "\" is not a class of "
                + target.name()
                + Nearest.hint(positive, classes)
                + "; its classes are "
                + shown(train));
      }
      if (classes.size() == 2) {
        classes.remove(name);
        classes.add(name);
      }
    }
    return classes;
  }

  /**
   * With a declared number of classes, whole labels must be 0 to n - 1 (or fewer texts than n: the
   * rest has no name).
   */
  private static List<String> declared(TargetConfig target, Map<String, Long> train) {
    int n = target.classes();
    boolean whole = train.keySet().stream().allMatch(Classes::whole);
    if (!whole || train.size() == n) {
      if (train.size() != n) {
        throw new DataException(
            "target "
                + target.name()
                + " has "
                + train.size()
                + " classes, expected "
                + n
                + " (target.classes): "
                + shown(train));
      }
      return new ArrayList<>(train.keySet());
    }
    TreeMap<String, Long> outside = new TreeMap<>(Classes::compare);
    train.forEach(
        (label, c) -> {
          double v = NumberText.parse(label, true);
          if (v < 0 || v >= n) {
            outside.put(label, c);
          }
        });
    if (!outside.isEmpty()) {
      throw new DataException(
          "target "
              + target.name()
              + " has labels outside 0.."
              + (n - 1)
              + " (target.classes: "
              + n
              + "): "
              + shown(outside));
    }
    List<String> classes = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      classes.add(Integer.toString(i));
    }
    return classes;
  }

  private static boolean whole(String label) {
    double v = NumberText.parse(label, true);
    return !NumberText.isText(v) && v == Math.rint(v);
  }

  /** Labels with their counts. */
  static String shown(Map<String, Long> counts) {
    StringBuilder s = new StringBuilder();
    int i = 0;
    for (Map.Entry<String, Long> e : counts.entrySet()) {
      if (i++ == SHOWN) {
        return s + ", ... (" + counts.size() + " in all)";
      }
      s.append(i == 1 ? "" : ", ")
          .append('"')
          .append(e.getKey())
          .append("\" (")
          .append(e.getValue())
          .append(" rows)");
    }
    return s.toString();
  }
}
