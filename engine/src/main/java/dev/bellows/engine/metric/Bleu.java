package dev.bellows.engine.metric;

import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * BLEU of a corpus: how many n-grams of the translations their references have (K. Papineni et al.:
 * BLEU: a method for automatic evaluation of machine translation, ACL 2002).
 *
 * <pre>
 * p_n  = sum over sentences of sum over n-grams g of min(count of g, largest count of g in a reference)
 *        / sum over sentences of the number of n-grams                          clipped precision
 * BP   = 1 if c > r, else e^(1 - r/c)                                           brevity penalty
 * BLEU = BP exp((ln p_1 + ... + ln p_N) / N)
 * </pre>
 *
 * c is the length of all translations, r that of the references, of several the one nearest in
 * length (the shorter of two equally near). No smoothing: where one p_n is 0, BLEU is 0. Counts are
 * whole numbers, so that merging is exact in any order. Not thread-safe.
 */
public final class Bleu {
  /** N of the usual BLEU. */
  public static final int ORDER = 4;

  private final long[] matches;
  private final long[] totals;
  private long length;
  private long referenceLength;

  /** BLEU-4. */
  public Bleu() {
    this(ORDER);
  }

  /**
   * BLEU of other n-grams.
   *
   * @param order N, 1 or more
   */
  public Bleu(int order) {
    if (order < 1) {
      throw new IllegalArgumentException("BLEU: expected n-grams of 1 or more, found " + order);
    }
    this.matches = new long[order];
    this.totals = new long[order];
  }

  /**
   * Adds a sentence with one reference.
   *
   * @param <T> token: words, or their codes
   */
  public <T> void add(List<T> translation, List<T> reference) {
    addAll(translation, List.of(reference));
  }

  /**
   * Adds a sentence with several references.
   *
   * @throws IllegalArgumentException without a reference
   */
  public <T> void addAll(List<T> translation, List<? extends List<T>> references) {
    if (references.isEmpty()) {
      throw new IllegalArgumentException("BLEU: expected 1 or more references, found none");
    }
    length += translation.size();
    referenceLength += nearest(translation.size(), references);
    for (int n = 1; n <= matches.length; n++) {
      totals[n - 1] += Math.max(0, translation.size() - n + 1);
      Map<List<T>, Integer> most = new HashMap<>();
      for (List<T> reference : references) {
        grams(reference, n).forEach((gram, count) -> most.merge(gram, count, Math::max));
      }
      for (Map.Entry<List<T>, Integer> gram : grams(translation, n).entrySet()) {
        matches[n - 1] += Math.min(gram.getValue(), most.getOrDefault(gram.getKey(), 0));
      }
    }
  }

  private static <T> int nearest(int size, List<? extends List<T>> references) {
    int nearest = references.get(0).size();
    for (List<T> reference : references) {
      int distance = Math.abs(reference.size() - size);
      int least = Math.abs(nearest - size);
      if (distance < least || (distance == least && reference.size() < nearest)) {
        nearest = reference.size();
      }
    }
    return nearest;
  }

  private static <T> Map<List<T>, Integer> grams(List<T> tokens, int n) {
    Map<List<T>, Integer> grams = new HashMap<>();
    for (int i = 0; i + n <= tokens.size(); i++) {
      grams.merge(tokens.subList(i, i + n), 1, Integer::sum);
    }
    return grams;
  }

  /**
   * Share of a translation's tokens that occur in a reference at all, however often: the naive
   * measure that clipping repairs.
   */
  public static <T> double unclippedPrecision(List<T> translation, List<T> reference) {
    long found = translation.stream().filter(reference::contains).count();
    return translation.isEmpty() ? Double.NaN : (double) found / translation.size();
  }

  /**
   * Clipped precision of n-grams; NaN where there is no n-gram.
   *
   * @param n 1 to N
   */
  public double precision(int n) {
    return totals[n - 1] == 0 ? Double.NaN : (double) matches[n - 1] / totals[n - 1];
  }

  /** Factor for translations that are shorter than their references; NaN without a translation. */
  public double brevityPenalty() {
    if (length == 0) {
      return referenceLength == 0 ? Double.NaN : 0;
    }
    return length > referenceLength ? 1 : StrictMath.exp(1 - (double) referenceLength / length);
  }

  /** BLEU in [0, 1]; NaN where no translation has an n-gram of the largest n. */
  public double value() {
    double sum = 0;
    for (int n = 1; n <= matches.length; n++) {
      sum += StrictMath.log(precision(n)); // of 0: minus infinity, which makes BLEU 0
    }
    return brevityPenalty() * StrictMath.exp(sum / matches.length);
  }

  /** Adds the counts of other sentences. */
  public void merge(Bleu other) {
    if (other.matches.length != matches.length) {
      throw new IllegalArgumentException(
          "BLEU: expected n-grams up to " + matches.length + ", found " + other.matches.length);
    }
    for (int n = 0; n < matches.length; n++) {
      matches[n] += other.matches[n];
      totals[n] += other.totals[n];
    }
    length += other.length;
    referenceLength += other.referenceLength;
  }

  /** Writes the counts. */
  public void write(ObjectOutput out) throws IOException {
    for (int n = 0; n < matches.length; n++) {
      out.writeLong(matches[n]);
      out.writeLong(totals[n]);
    }
    out.writeLong(length);
    out.writeLong(referenceLength);
  }

  /** Reads what {@link #write} wrote for the same N, in place of the counts so far. */
  public void read(ObjectInput in) throws IOException {
    for (int n = 0; n < matches.length; n++) {
      matches[n] = in.readLong();
      totals[n] = in.readLong();
    }
    length = in.readLong();
    referenceLength = in.readLong();
  }
}
