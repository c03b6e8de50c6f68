package dev.bellows.engine.metric;

import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Precision, recall and F1 of the spans that tags mark, as the program conlleval counts them (E.
 * Tjong Kim Sang, S. Buchholz: Introduction to the CoNLL-2000 shared task, CoNLL 2000): a span is
 * right when its first position, its last one and its type are.
 *
 * <p>Tags are {@code O} outside of spans, {@code B-type} at the first position of one and {@code
 * I-type} at the others. An {@code I} that follows no tag of its type begins a span, too.
 *
 * <p>Counts of whole spans without weights; merging is exact in any order. Not thread-safe.
 */
public final class SpanScores {
  /** A tag that the scheme does not have: one span of one position that nothing equals. */
  public static final int UNKNOWN = -1;

  private static final int OUTSIDE = -2;

  private final boolean[] begins;

  /** Type of each tag; {@link #OUTSIDE} for O. */
  private final int[] types;

  private long truth;
  private long predicted;
  private long correct;

  /** Empty counts that others are merged into; it has no tags, so that no sequence fits. */
  public SpanScores() {
    this.begins = new boolean[0];
    this.types = new int[0];
  }

  /**
   * Empty counts.
   *
   * @param tags names in label order
   * @throws IllegalArgumentException when a name is neither O nor B- or I- with a type
   */
  public SpanScores(List<String> tags) {
    if (!scheme(tags)) {
      throw new IllegalArgumentException(
          "spans: expected tags O, B-type and I-type, found " + tags);
    }
    this.begins = new boolean[tags.size()];
    this.types = new int[tags.size()];
    Map<String, Integer> numbers = new LinkedHashMap<>();
    for (int i = 0; i < types.length; i++) {
      String tag = tags.get(i);
      begins[i] = tag.startsWith("B-");
      types[i] =
          tag.equals("O")
              ? OUTSIDE
              : numbers.computeIfAbsent(tag.substring(2), type -> numbers.size());
    }
  }

  /** Whether names are tags of spans: O, B-type, I-type, and at least one that begins a span. */
  public static boolean scheme(List<String> tags) {
    return tags.stream().allMatch(tag -> tag.equals("O") || tag.matches("[BI]-.+"))
        && tags.stream().anyMatch(tag -> tag.startsWith("B-"));
  }

  /**
   * Adds one sequence.
   *
   * @param expected labels, {@link #UNKNOWN} where the tag is none of the scheme
   * @param found labels
   * @param count positions, from the start of both
   */
  public void add(int[] expected, int[] found, int count) {
    boolean equal = false; // whether a span is open in both that began at one position
    for (int i = 0; i <= count; i++) {
      boolean expectedEnds = ends(expected, i, count);
      boolean foundEnds = ends(found, i, count);
      if (equal && (expectedEnds || foundEnds)) {
        correct += expectedEnds && foundEnds ? 1 : 0;
        equal = false;
      }
      boolean expectedBegins = begins(expected, i, count);
      boolean foundBegins = begins(found, i, count);
      truth += expectedBegins ? 1 : 0;
      predicted += foundBegins ? 1 : 0;
      if (expectedBegins && foundBegins) {
        equal = expected[i] != UNKNOWN && type(expected, i) == type(found, i);
      }
    }
  }

  private int type(int[] labels, int at) {
    return labels[at] == UNKNOWN ? UNKNOWN : types[labels[at]];
  }

  private boolean begins(int[] labels, int at, int count) {
    if (at >= count || type(labels, at) == OUTSIDE) {
      return false;
    }
    return at == 0
        || labels[at] == UNKNOWN
        || begins[labels[at]]
        || type(labels, at) != type(labels, at - 1);
  }

  /** Whether a span that includes the position before ends there. */
  private boolean ends(int[] labels, int at, int count) {
    if (at == 0 || type(labels, at - 1) == OUTSIDE) {
      return false;
    }
    return at == count || type(labels, at) == OUTSIDE || begins(labels, at, count);
  }

  /** Spans of the truth. */
  public long truth() {
    return truth;
  }

  /** Spans found. */
  public long predicted() {
    return predicted;
  }

  /** Spans found that are right. */
  public long correct() {
    return correct;
  }

  /** Right spans / found ones; NaN without any. */
  public double precision() {
    return predicted == 0 ? Double.NaN : (double) correct / predicted;
  }

  /** Right spans / those of the truth; NaN without any. */
  public double recall() {
    return truth == 0 ? Double.NaN : (double) correct / truth;
  }

  /** 2 right / (found + truth); NaN without either. */
  public double f1() {
    return predicted + truth == 0 ? Double.NaN : 2.0 * correct / (predicted + truth);
  }

  /** Adds the counts of other sequences. */
  public void merge(SpanScores other) {
    truth += other.truth;
    predicted += other.predicted;
    correct += other.correct;
  }

  /** Writes the counts. */
  public void write(ObjectOutput out) throws IOException {
    out.writeLong(truth);
    out.writeLong(predicted);
    out.writeLong(correct);
  }

  /** Reads what {@link #write} wrote, in place of the counts so far. */
  public void read(ObjectInput in) throws IOException {
    truth = in.readLong();
    predicted = in.readLong();
    correct = in.readLong();
  }
}
