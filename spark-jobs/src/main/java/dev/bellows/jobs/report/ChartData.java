package dev.bellows.jobs.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The numbers behind the charts, thinned so that a page stays small. */
final class ChartData {
  private static final int MOST_POINTS = 1000;
  private static final int MOST_CLASSES = 60;
  private static final int MOST_TASKS = 8;
  private static final List<String> KINDS = List.of("compute", "wait", "under_way");

  private final Run run;

  ChartData(Run run) {
    this.run = run;
  }

  Map<String, @Nullable Object> tree() {
    Map<String, @Nullable Object> tree = new LinkedHashMap<>();
    tree.put("history", series(run.history()));
    tree.put("best_epoch", run.run().get("best_epoch"));
    tree.put("steps", steps());
    tree.put("confusion", confusion());
    tree.put("curves", curves());
    tree.put("classes", classes());
    tree.put("timeline", timeline());
    return tree;
  }

  /** Column name to values; absent figures null. */
  private static Map<String, @Nullable Object> series(List<List<String>> csv) {
    Map<String, @Nullable Object> series = new LinkedHashMap<>();
    if (csv.isEmpty()) {
      return series;
    }
    List<List<String>> body = thin(Run.body(csv));
    for (int c = 0; c < csv.get(0).size(); c++) {
      List<@Nullable Object> values = new ArrayList<>();
      for (List<String> row : body) {
        values.add(c < row.size() ? finite(row.get(c)) : null);
      }
      series.put(visible(csv.get(0).get(c)), values);
    }
    return series;
  }

  /** {step, loss} of the ledger, each point the mean of the steps that it stands for. */
  private List<Object> steps() {
    int step = Run.column(run.ledger(), "step");
    int loss = Run.column(run.ledger(), "loss");
    List<Object> points = new ArrayList<>();
    if (step < 0 || loss < 0) {
      return points;
    }
    List<List<String>> body = Run.body(run.ledger());
    int stride = (body.size() + MOST_POINTS - 1) / MOST_POINTS;
    for (int from = 0; from < body.size(); from += Math.max(1, stride)) {
      double sum = 0;
      int n = 0;
      for (List<String> row : body.subList(from, Math.min(body.size(), from + stride))) {
        Double value = loss < row.size() ? finite(row.get(loss)) : null;
        if (value != null) {
          sum += value;
          n++;
        }
      }
      Double at = finite(body.get(Math.min(body.size(), from + stride) - 1).get(step));
      if (n > 0 && at != null) {
        points.add(List.of(at, sum / n));
      }
    }
    return points;
  }

  private @Nullable Object confusion() {
    if (run.confusion().size() < 3 || run.confusion().size() > MOST_CLASSES + 1) {
      return null;
    }
    List<Object> names = new ArrayList<>();
    List<Object> rows = new ArrayList<>();
    for (List<String> line : Run.body(run.confusion())) {
      names.add(visible(line.get(0)));
      List<Object> row = new ArrayList<>();
      for (String cell : line.subList(1, line.size())) {
        Double value = finite(cell);
        row.add(value == null ? 0.0 : value);
      }
      rows.add(row);
    }
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("names", names);
    tree.put("rows", rows);
    return tree;
  }

  /** Class name to points {false-positive rate, true-positive rate, precision, threshold}. */
  private Map<String, Object> curves() {
    Map<String, Object> curves = new LinkedHashMap<>();
    for (List<String> line : Run.body(run.curves())) {
      if (line.size() == 5) {
        @SuppressWarnings("unchecked")
        List<Object> points =
            (List<Object>) curves.computeIfAbsent(visible(line.get(0)), key -> new ArrayList<>());
        List<@Nullable Object> point = new ArrayList<>();
        for (int c : new int[] {3, 2, 4, 1}) {
          Double value = finite(line.get(c));
          point.add(value == null ? null : (double) value.floatValue());
        }
        points.add(point);
      }
    }
    return curves;
  }

  /** {lane, kind, from ms, to ms, step} of each interval; a task has two lanes. */
  private List<Object> timeline() {
    List<Object> intervals = new ArrayList<>();
    List<?> tasks = Figures.list(run.timeline().get("tasks"));
    for (int task = 0; task < Math.min(MOST_TASKS, tasks.size()); task++) {
      for (Object interval : Figures.list(tasks.get(task))) {
        Map<?, ?> known = Figures.map(interval);
        int kind = KINDS.indexOf(Figures.text(known.get("kind")));
        if (kind >= 0
            && known.get("from_ms") instanceof Number from
            && known.get("to_ms") instanceof Number to
            && known.get("step") instanceof Number step) {
          long lane = 2L * task + (kind == KINDS.size() - 1 ? 1 : 0);
          intervals.add(
              List.of(lane, kind, from.doubleValue(), to.doubleValue(), step.longValue()));
        }
      }
    }
    return intervals;
  }

  private List<Object> classes() {
    List<Object> classes = new ArrayList<>();
    Figures.map(run.profile().get("classes"))
        .forEach(
            (name, count) -> {
              if (classes.size() < MOST_CLASSES && count instanceof Number n) {
                classes.add(List.of(visible(String.valueOf(name)), n.longValue()));
              }
            });
    return classes;
  }

  private static List<List<String>> thin(List<List<String>> rows) {
    if (rows.size() <= MOST_POINTS) {
      return rows;
    }
    List<List<String>> thin = new ArrayList<>();
    for (int i = 0; i < MOST_POINTS; i++) {
      thin.add(rows.get((int) ((long) i * (rows.size() - 1) / (MOST_POINTS - 1))));
    }
    return thin;
  }

  private static @Nullable Double finite(String cell) {
    Double value = Figures.parse(cell);
    return value == null || !Double.isFinite(value) ? null : value;
  }

  private static String visible(String text) {
    StringBuilder out = new StringBuilder();
    text.chars().forEach(c -> out.append(c == '\n' ? ' ' : Html.visible((char) c)));
    return out.length() <= 40 ? out.toString() : out.substring(0, 39) + "\u2026";
  }
}
