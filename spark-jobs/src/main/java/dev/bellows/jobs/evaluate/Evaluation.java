package dev.bellows.jobs.evaluate;

import dev.bellows.engine.metric.ClassScores;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What was measured on some rows.
 *
 * @param rows rows measured
 * @param weight sum of their weights
 * @param loss mean of the training loss; NaN without rows
 * @param metrics name to value; NaN where there is none
 * @param undefined name to the reason why there is none
 * @param classNames in the order of the matrix; empty for regression
 * @param confusion weight of rows by [true class][predicted class]; empty when not asked for
 * @param perClass one line per class; empty when not asked for
 * @param curves class name to points {threshold, true-positive weight, false-positive weight};
 *     empty when not asked for
 * @param baselines name of a simple prediction of the same rows to its metrics
 */
@SuppressWarnings("ArrayRecordComponent") // a report of results, never compared
public record Evaluation(
    long rows,
    double weight,
    double loss,
    Map<String, Double> metrics,
    Map<String, String> undefined,
    List<String> classNames,
    double[][] confusion,
    List<ClassScores> perClass,
    Map<String, double[][]> curves,
    Map<String, Map<String, Double>> baselines) {

  /** Without baselines. */
  public Evaluation(
      long rows,
      double weight,
      double loss,
      Map<String, Double> metrics,
      Map<String, String> undefined,
      List<String> classNames,
      double[][] confusion,
      List<ClassScores> perClass,
      Map<String, double[][]> curves) {
    this(rows, weight, loss, metrics, undefined, classNames, confusion, perClass, curves, Map.of());
  }

  /** The same beside baselines. */
  public Evaluation with(Map<String, Map<String, Double>> others) {
    return new Evaluation(
        rows, weight, loss, metrics, undefined, classNames, confusion, perClass, curves, others);
  }

  /** {@code loss} and the metrics by name, NaN where a metric has no value. */
  public Map<String, Double> figures() {
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put("loss", loss);
    figures.putAll(metrics);
    return figures;
  }
}
