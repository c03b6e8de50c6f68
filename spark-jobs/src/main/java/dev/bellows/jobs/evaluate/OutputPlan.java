package dev.bellows.jobs.evaluate;

import dev.bellows.engine.metric.Metric;
import dev.bellows.engine.metric.MetricSet;
import dev.bellows.engine.metric.SpanScores;
import dev.bellows.engine.nn.Head;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.jobs.block.Block;
import dev.bellows.jobs.table.Preprocess;
import dev.bellows.jobs.table.TargetColumn;
import dev.bellows.jobs.table.TextColumn;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One output of a network, and where its truth stands in the rows.
 *
 * @param head {@link Head#MAIN} or the name of the head
 * @param own whether it learns columns that no output before it learns
 * @param loss what is minimised
 * @param values scores per position, or numbers of a row
 * @param columns what it learns: one column of classes, or columns of numbers
 * @param from first of its labels, or of its numbers, in a row
 * @param lengthAt where the tokens of a row say how many positions have an answer; -1 for all
 * @param bounded whether the first and the last of those positions are marks without an answer
 * @param written the text that it writes token by token from another one; null for none
 */
public record OutputPlan(
    String head,
    boolean own,
    LossSpec loss,
    int values,
    List<TargetColumn> columns,
    int from,
    int lengthAt,
    boolean bounded,
    @Nullable TextColumn written) {
  /** BLEU of what is written, over tokens. */
  static final String BLEU = "bleu";

  /** Metrics of spans, where tags mark some. */
  static final List<String> SPANS = List.of("span_precision", "span_recall", "span_f1");

  /** The outputs of a network that predict columns of the rows, the main one first. */
  static List<OutputPlan> of(NetworkSpec spec, Preprocess preprocess) {
    Map<String, Integer> learnt = new HashMap<>(); // output of the network to that of the columns
    List<OutputPlan> plans = new ArrayList<>();
    learnt.put(Head.MAIN, 0);
    plans.add(of(Head.MAIN, true, spec.loss(), spec.outputs(), 0, preprocess));
    int next = 1;
    for (Head head : spec.heads()) {
      if (!head.loss().kind().type().predicts()) {
        continue;
      }
      boolean own = head.loss().target().isEmpty();
      Integer output = own ? Integer.valueOf(next++) : learnt.get(head.loss().target());
      if (output != null && !preprocess.targets(output).isEmpty()) {
        learnt.put(head.name(), output);
        plans.add(of(head.name(), own, head.loss(), head.outputs(), output, preprocess));
      }
    }
    return List.copyOf(plans);
  }

  private static OutputPlan of(
      String head, boolean own, LossSpec loss, int values, int output, Preprocess preprocess) {
    List<TargetColumn> columns = preprocess.targets(output);
    boolean classes = !columns.get(0).classes().isEmpty();
    int from = 0;
    for (TargetColumn before : preprocess.targets()) {
      if (before.output() < output && before.classes().isEmpty() != classes) {
        from += before.positions();
      }
    }
    int lengthAt = -1;
    int at = 0;
    boolean bounded = false;
    for (TextColumn text : preprocess.texts()) {
      at += text.length();
      if (text.name().equals(columns.get(0).along())) {
        lengthAt = at;
        bounded = text.bounds() && !columns.get(0).next();
      }
      at++;
    }
    TextColumn written = output == 0 ? preprocess.written() : null;
    return new OutputPlan(head, own, loss, values, columns, from, lengthAt, bounded, written);
  }

  /** Whether this is the output of the last layer. */
  public boolean main() {
    return head.equals(Head.MAIN);
  }

  /** What stands before the names of its metrics and prediction columns. */
  public String prefix() {
    return main() ? "" : head + "_";
  }

  /** Class names in label order; empty for numbers. */
  public List<String> classes() {
    return loss.kind().classifies() ? columns.get(0).classes() : List.of();
  }

  /** Labels of a row; 1 where numbers are learnt. */
  public int positions() {
    return classes().isEmpty() ? 1 : columns.get(0).positions();
  }

  /** Positions of a row that have an answer. */
  public int labelled(Block block, int row) {
    return lengthAt < 0 ? positions() : block.tokens()[row * block.tokenWidth() + lengthAt];
  }

  /** Unit of each number: a score y means {@code y * scale + offset}. */
  public void units(double[] scales, double[] offsets) {
    int at = 0;
    for (TargetColumn column : columns) {
      for (int p = 0; column.classes().isEmpty() && p < column.positions(); p++) {
        if (at < scales.length) {
          scales[at] = column.scale();
          offsets[at++] = column.offset();
        }
      }
    }
  }

  /** Whether label 0 is the positive class, so that labels are swapped for the metrics. */
  boolean swapped() {
    return classes().size() == 2 && columns.get(0).positive() == 0;
  }

  /** Whether the scores are margins around 0 and not probabilities. */
  boolean margin() {
    return loss.kind() == LossKind.HINGE;
  }

  /**
   * Class names in the order of the metrics' labels: of two classes the positive one is the second.
   */
  List<String> classNames() {
    List<String> names = new ArrayList<>(classes());
    if (swapped()) {
      Collections.reverse(names);
    }
    return names;
  }

  /** Whether its labels are those of the pixels of an image. */
  public boolean pixels() {
    return columns.get(0).pixels();
  }

  /** Whether it learns steps of a series, which are measured as the network sees them: scaled. */
  boolean steps() {
    return columns.get(0).classes().isEmpty() && columns.get(0).positions() > 1;
  }

  /** Whether its labels mark spans of tokens. */
  boolean spans() {
    return positions() > 1
        && !columns.get(0).along().isEmpty()
        && !columns.get(0).next()
        && SpanScores.scheme(classes());
  }

  /** Metrics that are computed when nobody asks for others. */
  List<String> usual() {
    int classes = classes().size();
    if (classes == 0) {
      if (steps()) {
        return List.of("mse", "mae");
      }
      return List.of("mae", "rmse", "r2");
    }
    if (pixels()) {
      return List.of("accuracy", "dice");
    }
    if (positions() > 1) {
      return spans() ? List.of("accuracy", "log_loss", "span_f1") : List.of("accuracy", "log_loss");
    }
    return classes == 2 ? List.of("accuracy", "auc") : List.of("accuracy");
  }

  /** All metrics that suit. */
  List<String> all() {
    if (pixels()) {
      return List.of("accuracy", "dice", "iou", "log_loss");
    }
    List<String> names = new ArrayList<>();
    if (positions() > 1) {
      names.addAll(List.of("accuracy", "log_loss", "perplexity"));
      names.addAll(spans() ? SPANS : List.of());
      names.addAll(written == null ? List.of() : List.of(BLEU));
      return names;
    }
    int classes = classes().size();
    names.addAll(classes == 0 ? Metric.ofRegression() : Metric.ofClassification(classes));
    if (margin()) {
      names.remove(Metric.LOG_LOSS.key()); // a margin is no probability
    }
    names.remove(Metric.PERPLEXITY.key()); // said of tokens
    names.removeAll(List.of(Metric.DICE.key(), Metric.IOU.key())); // said of pixels
    return names;
  }

  /**
   * An empty set of metrics.
   *
   * @param names of {@link Metric}
   * @throws IllegalArgumentException when one does not suit
   */
  MetricSet metrics(List<String> names, double threshold) {
    int classes = classes().size();
    if (classes == 0) {
      return MetricSet.regression(values, names);
    }
    return classes == 2
        ? MetricSet.binary(threshold, names)
        : MetricSet.classification(classes, names);
  }
}
