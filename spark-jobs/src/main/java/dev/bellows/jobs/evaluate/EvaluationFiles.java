package dev.bellows.jobs.evaluate;

import dev.bellows.engine.metric.ClassScores;
import dev.bellows.engine.model.FolderFiles;
import dev.bellows.engine.model.Json;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The folder {@code evaluation/} of a run.
 *
 * <pre>
 * metrics.json    rows, weight, loss, metrics, baselines where there are some, and the reason for each metric without a value (null)
 * per_class.csv   class, support, predicted, precision, recall, f1       (empty cell: undefined)
 * confusion.csv   one line per true class, one column per predicted class, weights of rows
 * curves.csv      class, threshold, true_positive_rate, false_positive_rate, precision     from the highest threshold down
 * </pre>
 */
public final class EvaluationFiles {
  private EvaluationFiles() {}

  /**
   * Writes the files that the evaluation has something for.
   *
   * @param dir the folder {@code evaluation/}; made when absent
   * @param source which rows these are, e.g. "validation"
   */
  public static void write(FolderFiles dir, Evaluation evaluation, String source) {
    try {
      dir.createFolders("");
      put(dir, "metrics.json", Json.pretty(tree(evaluation, source)));
      put(dir, "per_class.csv", evaluation.perClass().isEmpty() ? null : perClass(evaluation));
      put(dir, "confusion.csv", evaluation.confusion().length == 0 ? null : confusion(evaluation));
      put(dir, "curves.csv", evaluation.curves().isEmpty() ? null : curves(evaluation));
    } catch (IOException e) {
      throw new BellowsException(
          ExitCode.MEMORY_OR_DISK, "cannot write " + dir + ": " + e.getMessage(), e);
    }
  }

  // No text: a file of an earlier evaluation must not stay beside new figures.
  private static void put(FolderFiles dir, String name, @Nullable String text) throws IOException {
    if (text == null) {
      dir.delete(name);
    } else {
      dir.replace(name, text.getBytes(StandardCharsets.UTF_8));
    }
  }

  private static Map<String, @Nullable Object> tree(Evaluation evaluation, String source) {
    Map<String, @Nullable Object> tree = new LinkedHashMap<>();
    tree.put("rows_from", source);
    tree.put("rows", evaluation.rows());
    tree.put("weight", evaluation.weight());
    tree.put("loss", finite(evaluation.loss()));
    Map<String, @Nullable Object> metrics = new LinkedHashMap<>();
    evaluation.metrics().forEach((name, value) -> metrics.put(name, finite(value)));
    tree.put("metrics", metrics);
    if (!evaluation.baselines().isEmpty()) {
      Map<String, @Nullable Object> baselines = new LinkedHashMap<>();
      evaluation
          .baselines()
          .forEach(
              (name, figures) -> {
                Map<String, @Nullable Object> row = new LinkedHashMap<>();
                figures.forEach((metric, value) -> row.put(metric, finite(value)));
                baselines.put(name, row);
              });
      tree.put("baselines", baselines);
    }
    tree.put("undefined", new LinkedHashMap<>(evaluation.undefined()));
    return tree;
  }

  private static @Nullable Double finite(double value) {
    return Double.isFinite(value) ? value : null;
  }

  private static String perClass(Evaluation evaluation) {
    StringBuilder csv = new StringBuilder("class,support,predicted,precision,recall,f1\n");
    for (ClassScores line : evaluation.perClass()) {
      csv.append(cell(evaluation.classNames().get(line.label()))).append(',');
      csv.append(number(line.support())).append(',').append(number(line.predicted())).append(',');
      csv.append(number(line.precision())).append(',').append(number(line.recall())).append(',');
      csv.append(number(line.f1())).append('\n');
    }
    return csv.toString();
  }

  private static String confusion(Evaluation evaluation) {
    List<String> names = evaluation.classNames();
    StringBuilder csv = new StringBuilder("true\\predicted");
    names.forEach(name -> csv.append(',').append(cell(name)));
    csv.append('\n');
    for (int k = 0; k < names.size(); k++) {
      csv.append(cell(names.get(k)));
      for (double weight : evaluation.confusion()[k]) {
        csv.append(',').append(number(weight));
      }
      csv.append('\n');
    }
    return csv.toString();
  }

  private static String curves(Evaluation evaluation) {
    StringBuilder csv =
        new StringBuilder("class,threshold,true_positive_rate,false_positive_rate,precision\n");
    evaluation
        .curves()
        .forEach(
            (name, points) -> {
              double[] totals = points[points.length - 1];
              for (double[] point : points) {
                csv.append(cell(name)).append(',').append(number(point[0])).append(',');
                csv.append(number(point[1] / totals[1])).append(',');
                csv.append(number(point[2] / totals[2])).append(',');
                csv.append(number(point[1] / (point[1] + point[2]))).append('\n');
              }
            });
    return csv.toString();
  }

  private static String number(double value) {
    if (!Double.isFinite(value)) {
      return "";
    }
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : Double.toString(value);
  }

  // RFC 4180; a leading formula sign of a class name is defused for spreadsheets.
  private static String cell(String text) {
    String safe = text.isEmpty() || "=+-@\t\r".indexOf(text.charAt(0)) < 0 ? text : "'" + text;
    if (safe.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r')) {
      return safe;
    }
    return '"' + safe.replace("\"", "\"\"") + '"';
  }
}
