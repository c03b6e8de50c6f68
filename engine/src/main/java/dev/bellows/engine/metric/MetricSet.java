package dev.bellows.engine.metric;

import dev.bellows.engine.metric.Metric.Family;
import java.io.Externalizable;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Several metrics over one stream of rows. Parts can be computed anywhere and merged in any order
 * and grouping: the result is bit for bit the one of a single pass, because counts are whole
 * numbers, sums exact and ranks sorted.
 *
 * <p>A metric that has no value (no rows, a single class, a constant target, a non-finite output)
 * is NaN in {@link #result()} and has its reason in {@link #undefined()}; it never turns into a
 * plausible number such as 0.5. Not thread-safe.
 */
public final class MetricSet implements Externalizable {
  private static final long serialVersionUID = 1L;
  private static final double CLIP = 0x1.0p-23;

  private List<Metric> metrics = List.of();
  private boolean regression;
  private int width;
  private double threshold = 0.5;
  private long rows;
  private long notFinite;
  private ExactSum weights = new ExactSum();
  private ExactSum hits = new ExactSum();
  private ExactSum logLoss = new ExactSum();
  private @Nullable Confusion confusion;
  private Ranking[] rankings = new Ranking[0];
  private Regression[] outputs = new Regression[0];

  /** For deserialisation only. */
  public MetricSet() {}

  private MetricSet(boolean regression, int width, Collection<String> names) {
    List<Metric> list = new ArrayList<>();
    for (String name : names) {
      Metric metric = Metric.of(name);
      boolean suits = regression == (metric.family() == Family.REGRESSION);
      if (!suits || (metric.family() == Family.BINARY && width != 2)) {
        throw new IllegalArgumentException(
            "metric %s: expected one of %s for this task, found %s"
                .formatted(
                    name,
                    regression ? Metric.ofRegression() : Metric.ofClassification(width),
                    name));
      }
      if (!list.contains(metric)) {
        list.add(metric);
      }
    }
    start(List.copyOf(list), regression, width);
  }

  private void start(List<Metric> list, boolean isRegression, int columns) {
    metrics = list;
    regression = isRegression;
    width = columns;
    if (isRegression) {
      outputs = new Regression[columns];
      for (int i = 0; i < columns; i++) {
        outputs[i] = new Regression();
      }
      return;
    }
    boolean needed = uses(Family.CONFUSION) || uses(Family.BINARY);
    if (needed || (uses(Family.HITS) && columns <= Confusion.MAX_CLASSES)) {
      confusion = new Confusion(columns);
    }
    if (uses(Family.RANKING)) {
      rankings = new Ranking[columns == 2 ? 1 : columns];
      for (int i = 0; i < rankings.length; i++) {
        rankings[i] = new Ranking();
      }
    }
  }

  private boolean uses(Family family) {
    return metrics.stream().anyMatch(metric -> metric.family() == family);
  }

  /**
   * For labels 0..classes-1; class 1 of two is the positive one.
   *
   * @param classes 2 or more
   * @param names of {@link Metric}
   */
  public static MetricSet classification(int classes, Collection<String> names) {
    if (classes < 2) {
      throw new IllegalArgumentException("classes: expected 2 or more, found " + classes);
    }
    return new MetricSet(false, classes, names);
  }

  /**
   * For labels 0 and 1 where class 1 is predicted from a probability of {@code threshold} on.
   *
   * @param threshold in [0, 1]
   * @param names of {@link Metric}
   */
  public static MetricSet binary(double threshold, Collection<String> names) {
    if (!(threshold >= 0 && threshold <= 1)) {
      throw new IllegalArgumentException(
          "threshold: expected a number in [0, 1], found " + threshold);
    }
    MetricSet set = new MetricSet(false, 2, names);
    set.threshold = threshold;
    return set;
  }

  /**
   * For numeric targets.
   *
   * @param outputs 1 or more
   * @param names of {@link Metric}
   */
  public static MetricSet regression(int outputs, Collection<String> names) {
    if (outputs < 1) {
      throw new IllegalArgumentException("outputs: expected 1 or more, found " + outputs);
    }
    return new MetricSet(true, outputs, names);
  }

  /** An empty set of the same metrics. */
  public MetricSet fresh() {
    MetricSet set = new MetricSet(regression, width, metrics.stream().map(Metric::key).toList());
    set.threshold = threshold;
    return set;
  }

  /**
   * Adds a row of a classification.
   *
   * @param probabilities [rows, classes], or [rows, 1] holding p(class 1) of two classes
   * @param columns 1 or classes
   * @param row index into probabilities
   * @param label 0..classes-1
   * @param weight 0 or more, finite
   */
  public void add(float[] probabilities, int columns, int row, int label, float weight) {
    if (regression || (columns != width && !(columns == 1 && width == 2))) {
      throw new IllegalArgumentException(
          "metrics: expected %s, found %d probabilities"
              .formatted(regression ? "a numeric target" : width + " probabilities", columns));
    }
    if (label < 0 || label >= width) {
      throw new IllegalArgumentException("label: expected 0.." + (width - 1) + ", found " + label);
    }
    checkWeight(weight);
    rows++;
    int at = row * columns;
    int predicted = 0;
    for (int k = 0; k < columns; k++) {
      float p = probabilities[at + k];
      if (!Float.isFinite(p)) {
        notFinite++;
        return;
      }
      predicted = p > probabilities[at + predicted] ? k : predicted;
    }
    if (columns == 1 || threshold != 0.5) {
      predicted = probabilities[at + columns - 1] >= (float) threshold ? 1 : 0;
    }
    weights.add(weight);
    if (predicted == label) {
      hits.add(weight);
    }
    if (confusion != null) {
      confusion.add(label, predicted, weight);
    }
    float p = columns == 1 ? probabilities[at] : probabilities[at + label];
    double truth = columns == 1 && label == 0 ? 1.0 - p : p;
    logLoss.add(-weight * StrictMath.log(Math.max(CLIP, Math.min(1 - CLIP, truth))));
    if (rankings.length == 1) {
      rankings[0].add(probabilities[at + columns - 1], label == 1, weight);
    } else {
      for (int k = 0; k < rankings.length; k++) {
        rankings[k].add(probabilities[at + k], label == k, weight);
      }
    }
  }

  /** As {@link #add(float[], int, int, int, float)} with as many columns as there are classes. */
  public void add(float[] probabilities, int row, int label, float weight) {
    add(probabilities, width, row, label, weight);
  }

  /**
   * Adds a row of a regression.
   *
   * @param predicted [rows, outputs]
   * @param row index into both
   * @param target [rows, outputs]
   * @param weight 0 or more, finite
   */
  public void add(float[] predicted, int row, float[] target, float weight) {
    if (!regression) {
      throw new IllegalArgumentException("metrics: expected a label, found a numeric target");
    }
    checkWeight(weight);
    rows++;
    int at = row * width;
    for (int k = 0; k < width; k++) {
      if (!Float.isFinite(predicted[at + k])) {
        notFinite++;
        return;
      }
    }
    weights.add(weight);
    for (int k = 0; k < width; k++) {
      outputs[k].add(predicted[at + k], target[at + k], weight);
    }
  }

  /**
   * Adds all rows of another set of the same metrics, task and width; the other stays usable.
   * Returns this.
   */
  public MetricSet merge(MetricSet other) {
    if (regression != other.regression
        || width != other.width
        || threshold != other.threshold
        || !metrics.equals(other.metrics)) {
      throw new IllegalArgumentException(
          "metric sets: expected %s of width %d, found %s of width %d"
              .formatted(metrics, width, other.metrics, other.width));
    }
    rows += other.rows;
    notFinite += other.notFinite;
    weights.merge(other.weights);
    hits.merge(other.hits);
    logLoss.merge(other.logLoss);
    if (confusion != null && other.confusion != null) {
      confusion.merge(other.confusion);
    }
    for (int k = 0; k < rankings.length; k++) {
      rankings[k].merge(other.rankings[k]);
    }
    for (int k = 0; k < outputs.length; k++) {
      outputs[k].merge(other.outputs[k]);
    }
    return this;
  }

  /** Rows added. */
  public long rows() {
    return rows;
  }

  /** Sum of the weights of rows with finite outputs. */
  public double weightSum() {
    return weights.value();
  }

  /** Name to value in the order asked for; NaN when undefined. */
  public Map<String, Double> result() {
    Map<String, Double> result = new LinkedHashMap<>();
    evaluate().forEach((metric, value) -> result.put(metric.key(), value.value()));
    return result;
  }

  /** Name to reason of each metric that has no value. */
  public Map<String, String> undefined() {
    Map<String, String> reasons = new LinkedHashMap<>();
    evaluate()
        .forEach(
            (metric, value) -> {
              if (Double.isNaN(value.value())) {
                reasons.put(metric.key(), value.reason());
              }
            });
    return reasons;
  }

  private Map<Metric, Value> evaluate() {
    Map<Metric, Value> values = new LinkedHashMap<>();
    String common =
        notFinite > 0
            ? notFinite + " of " + rows + " rows have a non-finite output"
            : weights.value() > 0 ? "" : "no rows";
    ClassTable table = confusion == null ? null : new ClassTable(confusion.matrix());
    for (Metric metric : metrics) {
      values.put(metric, common.isEmpty() ? value(metric, table) : Value.none(common));
    }
    return values;
  }

  private Value value(Metric metric, @Nullable ClassTable table) {
    return switch (metric.family()) {
      case HITS -> {
        double right = hits.value() / weights.value();
        yield Value.of(metric == Metric.ACCURACY ? right : 1 - right, "no rows");
      }
      case LOG_LOSS -> {
        double mean = logLoss.value() / weights.value();
        yield Value.of(metric == Metric.LOG_LOSS ? mean : StrictMath.exp(mean), "no rows");
      }
      case RANKING -> ranking(metric);
      case REGRESSION -> regression(metric);
      default -> java.util.Objects.requireNonNull(table).value(metric);
    };
  }

  private Value ranking(Metric metric) {
    double sum = 0;
    for (int k = 0; k < rankings.length; k++) {
      double[][] steps = rankings[k].steps();
      double value =
          metric == Metric.AUC ? Ranking.rocArea(steps) : Ranking.averagePrecision(steps);
      if (Double.isNaN(value)) {
        return Value.none(
            rankings.length == 1
                ? "only one class among the rows"
                : "class " + k + " has no rows, or all of them");
      }
      sum += value;
    }
    return Value.of(sum / rankings.length, "");
  }

  private Value regression(Metric metric) {
    double sum = 0;
    for (Regression output : outputs) {
      sum +=
          switch (metric) {
            case MAE -> output.meanAbsolute();
            case MSE -> output.meanSquared();
            case RMSE -> Math.sqrt(output.meanSquared());
            default -> output.determination();
          };
    }
    return Value.of(
        sum / outputs.length,
        metric == Metric.R2 ? "the target is constant" : "a target is not finite");
  }

  /** Weight of rows by [true class][predicted class]; only when a metric needs it. */
  public double[][] confusion() {
    return confusion == null ? new double[0][0] : confusion.matrix();
  }

  /** One line per class; empty when no metric needs the confusion matrix. */
  public List<ClassScores> perClass() {
    return confusion == null ? List.of() : new ClassTable(confusion.matrix()).lines();
  }

  /**
   * The ROC and precision-recall curve of class k against the rest (two classes: k = 1), thinned to
   * at most maxPoints.
   *
   * @return points {threshold, true-positive weight, false-positive weight}, from the highest
   *     threshold down; the last has the totals; empty when no ranking metric was asked for
   */
  public double[][] curve(int k, int maxPoints) {
    if (rankings.length == 0) {
      return new double[0][];
    }
    double[][] steps = rankings[rankings.length == 1 ? 0 : k].steps();
    if (steps.length <= maxPoints || maxPoints < 2) {
      return steps;
    }
    double[][] thin = new double[maxPoints][];
    for (int i = 0; i < maxPoints; i++) {
      thin[i] = steps[(int) ((long) i * (steps.length - 1) / (maxPoints - 1))];
    }
    return thin;
  }

  private static void checkWeight(float weight) {
    if (!(weight >= 0 && weight < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "weight: expected a finite number of 0 or more, found " + weight);
    }
  }

  @Override
  public void writeExternal(ObjectOutput out) throws IOException {
    out.writeBoolean(regression);
    out.writeInt(width);
    out.writeDouble(threshold);
    out.writeInt(metrics.size());
    for (Metric metric : metrics) {
      out.writeUTF(metric.key());
    }
    out.writeLong(rows);
    out.writeLong(notFinite);
    weights.write(out);
    hits.write(out);
    logLoss.write(out);
    if (confusion != null) {
      confusion.write(out);
    }
    for (Ranking ranking : rankings) {
      ranking.write(out);
    }
    for (Regression output : outputs) {
      output.write(out);
    }
  }

  @Override
  public void readExternal(ObjectInput in) throws IOException {
    boolean isRegression = in.readBoolean();
    int columns = in.readInt();
    double readThreshold = in.readDouble();
    List<Metric> list = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      list.add(Metric.of(in.readUTF()));
    }
    start(List.copyOf(list), isRegression, columns);
    threshold = readThreshold;
    rows = in.readLong();
    notFinite = in.readLong();
    weights = ExactSum.read(in);
    hits = ExactSum.read(in);
    logLoss = ExactSum.read(in);
    if (confusion != null) {
      confusion.read(in);
    }
    for (Ranking ranking : rankings) {
      ranking.read(in);
    }
    for (Regression output : outputs) {
      output.read(in);
    }
  }
}
