package dev.bellows.jobs.evaluate;

import dev.bellows.engine.metric.Metric;
import dev.bellows.engine.metric.MetricSet;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.DataShard;
import dev.bellows.jobs.block.SparkFailures;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * Measures a network on held-out rows. Each partition scores its blocks; counts, exact sums and
 * sorted ranks are merged on the driver, so that the figures are the same bits for any number of
 * partitions and equal to those of one machine.
 */
public final class HeldOut {
  private static final int CURVE_POINTS = 200;
  private static final int MOST_CURVES = 20;

  private final JavaSparkContext spark;
  private final ScorePlan plan;

  public HeldOut(JavaSparkContext spark, ScorePlan plan) {
    this.spark = spark;
    this.plan = plan;
  }

  /** Whether larger values of a metric, or of "loss", are better. */
  public static boolean maximized(String metric) {
    return !metric.equals("loss")
        && (OutputPlan.SPANS.contains(metric)
            || metric.equals(OutputPlan.BLEU)
            || Metric.of(metric).maximize());
  }

  /** Metrics that are computed when nobody asks for others. */
  public List<String> usual() {
    return plan.usual();
  }

  /** All metrics that suit the task: those of an evaluation when the configuration names none. */
  public List<String> all() {
    return plan.outputs().stream().flatMap(o -> o.all().stream()).distinct().toList();
  }

  /** The names of the results of metrics: one per output that a metric suits. */
  public List<String> figures(List<String> names) {
    return plan.scores(names).stream().flatMap(o -> o.figures().keySet().stream()).toList();
  }

  /**
   * Scores rows.
   *
   * @param rows blocks of held-out rows
   * @param parameters flat vector [length]
   * @param names metrics wanted beside the loss
   * @return {@code loss} and the metrics by name; NaN where a metric has no value
   */
  public Map<String, Double> score(
      JavaRDD<DataShard> rows, float[] parameters, List<String> names) {
    Scores all = merged(rows, parameters, names);
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put("loss", all.loss());
    figures.putAll(all.figures(plan.outputs()));
    return figures;
  }

  /**
   * As {@link #score}, with the confusion matrix, the table of classes and the curves that belong
   * to the metrics.
   */
  public Evaluation evaluate(JavaRDD<DataShard> rows, float[] parameters, List<String> names) {
    Scores all = merged(rows, parameters, names);
    MetricSet metrics = all.metrics();
    List<String> classNames = plan.main().classNames();
    Map<String, double[][]> curves = new LinkedHashMap<>();
    for (int k = classNames.size() == 2 ? 1 : 0;
        k < Math.min(classNames.size(), MOST_CURVES);
        k++) {
      double[][] curve = metrics.curve(k, CURVE_POINTS);
      if (curve.length > 0) {
        curves.put(classNames.get(k), curve);
      }
    }
    return new Evaluation(
        metrics.rows(),
        metrics.weightSum(),
        all.loss(),
        all.figures(plan.outputs()),
        undefined(all),
        classNames,
        metrics.confusion(),
        metrics.perClass(),
        curves);
  }

  private static Map<String, String> undefined(Scores all) {
    Map<String, String> undefined = new LinkedHashMap<>();
    all.outputs().forEach(output -> undefined.putAll(output.undefined()));
    return undefined;
  }

  private Scores merged(JavaRDD<DataShard> rows, float[] parameters, List<String> names) {
    Broadcast<float[]> shared = spark.broadcast(parameters);
    try {
      Scores all = new Scores(plan.scores(names));
      List<Scores> parts =
          SparkFailures.unwrap(
              () -> rows.mapPartitions(new ScoreTask(plan, names, shared)).collect());
      parts.forEach(all::merge);
      return all;
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) { // Spark's own, checked but never declared
      throw new BellowsException(
          ExitCode.CLUSTER, "scoring of held-out rows failed: " + firstLine(e), e);
    } finally {
      shared.destroy();
    }
  }

  private static String firstLine(Exception e) {
    return e.getMessage() == null
        ? e.toString()
        : e.getMessage().lines().findFirst().orElse(e.toString());
  }
}
