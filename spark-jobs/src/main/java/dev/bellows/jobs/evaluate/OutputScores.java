package dev.bellows.jobs.evaluate;

import dev.bellows.engine.metric.Bleu;
import dev.bellows.engine.metric.MetricSet;
import dev.bellows.engine.metric.SpanScores;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The metrics of one output of a network; parts merge exactly in any order. */
final class OutputScores {
  private final String prefix;
  private final List<String> names;
  private final MetricSet metrics;
  private final @Nullable SpanScores spans;
  private final @Nullable Bleu bleu;

  private OutputScores(
      String prefix,
      List<String> names,
      MetricSet metrics,
      @Nullable SpanScores spans,
      @Nullable Bleu bleu) {
    this.prefix = prefix;
    this.names = List.copyOf(names);
    this.metrics = metrics;
    this.spans = spans;
    this.bleu = bleu;
  }

  /**
   * Empty scores.
   *
   * @param names metrics wanted; a head leaves out what does not suit it
   * @throws IllegalArgumentException when one does not suit the main output
   */
  static OutputScores of(OutputPlan output, List<String> names, double threshold) {
    List<String> suiting = new ArrayList<>(names);
    if (!output.main()) {
      suiting.retainAll(output.all());
    } else {
      refuse(output, names);
    }
    List<String> plain = new ArrayList<>(suiting);
    plain.removeAll(OutputPlan.SPANS);
    boolean bleu = plain.remove(OutputPlan.BLEU);
    return new OutputScores(
        output.prefix(),
        suiting,
        output.metrics(plain, threshold),
        output.spans() ? new SpanScores(output.classes()) : null,
        bleu ? new Bleu() : null);
  }

  private static void refuse(OutputPlan output, List<String> names) {
    for (String name : names) {
      if (OutputPlan.SPANS.contains(name) && !output.spans()) {
        throw new IllegalArgumentException(name + " is for tags of the form O, B-type, I-type");
      }
      if (name.equals(OutputPlan.BLEU) && output.written() == null) {
        throw new IllegalArgumentException(name + " is for task translation");
      }
    }
  }

  /** What rows are added to. */
  MetricSet metrics() {
    return metrics;
  }

  /** What sequences of tags are added to; null where tags mark no spans. */
  @Nullable SpanScores spans() {
    return spans;
  }

  /** What translations are added to; null where BLEU is not asked for. */
  @Nullable Bleu bleu() {
    return bleu;
  }

  /** Value of each metric under its name in results; NaN where there is none. */
  Map<String, Double> figures() {
    Map<String, Double> plain = metrics.result();
    Map<String, Double> figures = new LinkedHashMap<>();
    for (String name : names) {
      figures.put(prefix + name, plain.containsKey(name) ? plain.get(name) : other(name));
    }
    return figures;
  }

  private double other(String name) {
    if (name.equals(OutputPlan.BLEU) && bleu != null) {
      return bleu.value();
    }
    SpanScores counts = spans;
    if (counts == null) {
      throw new IllegalStateException("metric " + name + " was not computed");
    }
    return switch (name) {
      case "span_precision" -> counts.precision();
      case "span_recall" -> counts.recall();
      default -> counts.f1();
    };
  }

  /** Names of {@link #figures} to the reason why there is no value. */
  Map<String, String> undefined() {
    Map<String, String> reasons = new LinkedHashMap<>();
    metrics.undefined().forEach((name, reason) -> reasons.put(prefix + name, reason));
    for (String name : OutputPlan.SPANS) {
      if (names.contains(name) && Double.isNaN(other(name))) {
        reasons.put(prefix + name, "no spans");
      }
    }
    if (bleu != null && Double.isNaN(bleu.value())) {
      reasons.put(prefix + OutputPlan.BLEU, "no translation of 4 tokens or more");
    }
    return reasons;
  }

  void merge(OutputScores other) {
    metrics.merge(other.metrics);
    if (spans != null && other.spans != null) {
      spans.merge(other.spans);
    }
    if (bleu != null && other.bleu != null) {
      bleu.merge(other.bleu);
    }
  }

  void write(ObjectOutput out) throws IOException {
    out.writeUTF(prefix);
    out.writeInt(names.size());
    for (String name : names) {
      out.writeUTF(name);
    }
    metrics.writeExternal(out);
    out.writeBoolean(spans != null);
    if (spans != null) {
      spans.write(out);
    }
    out.writeBoolean(bleu != null);
    if (bleu != null) {
      bleu.write(out);
    }
  }

  /** Reads what {@link #write} wrote: scores to merge others into, or to merge into others. */
  static OutputScores read(ObjectInput in) throws IOException {
    String prefix = in.readUTF();
    List<String> names = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      names.add(in.readUTF());
    }
    MetricSet metrics = new MetricSet();
    metrics.readExternal(in);
    SpanScores spans = null;
    if (in.readBoolean()) {
      spans = new SpanScores();
      spans.read(in);
    }
    Bleu bleu = null;
    if (in.readBoolean()) {
      bleu = new Bleu();
      bleu.read(in);
    }
    return new OutputScores(prefix, names, metrics, spans, bleu);
  }
}
