package dev.bellows.engine.nn;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Labels from the outputs of a network trained with CTC. */
public final class CtcDecoder {
  private CtcDecoder() {}

  /**
   * The most probable class of each step, repeats joined and blanks dropped.
   *
   * @param logProbabilities [T][C]
   */
  public static List<Integer> greedy(float[][] logProbabilities, int blank) {
    List<Integer> labels = new ArrayList<>();
    int before = blank;
    for (float[] step : logProbabilities) {
      int best = 0;
      for (int k = 1; k < step.length; k++) {
        best = step[k] > step[best] ? k : best;
      }
      if (best != blank && best != before) {
        labels.add(best);
      }
      before = best;
    }
    return labels;
  }

  /** Log-probability of a prefix by how its alignment ends. */
  private record Ends(double inBlank, double inLabel) {
    double total() {
      return add(inBlank, inLabel);
    }

    Ends plus(double blank, double label) {
      return new Ends(add(inBlank, blank), add(inLabel, label));
    }
  }

  private static final Ends NONE = new Ends(Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY);

  private static double add(double a, double b) {
    double most = Math.max(a, b);
    return most == Double.NEGATIVE_INFINITY
        ? most
        : most + StrictMath.log1p(StrictMath.exp(Math.min(a, b) - most));
  }

  /**
   * Prefix beam search: the labels of largest probability, all alignments of a prefix counted
   * together (A. Graves, N. Jaitly, ICML 2014). Exact when the beam holds every prefix.
   *
   * @param logProbabilities [T][C]
   * @param width prefixes that are kept after each step, 1 or more
   */
  public static List<Integer> beam(float[][] logProbabilities, int blank, int width) {
    if (width < 1) {
      throw new IllegalArgumentException("beam width must be 1 or more, got " + width);
    }
    Map<List<Integer>, Ends> beam = new LinkedHashMap<>();
    beam.put(List.of(), new Ends(0, Double.NEGATIVE_INFINITY));
    for (float[] step : logProbabilities) {
      Map<List<Integer>, Ends> next = new LinkedHashMap<>();
      beam.forEach(
          (prefix, ends) -> {
            int last = prefix.isEmpty() ? blank : prefix.get(prefix.size() - 1);
            for (int k = 0; k < step.length; k++) {
              double p = step[k];
              if (k == blank) {
                put(next, prefix, ends.total() + p, Double.NEGATIVE_INFINITY);
              } else if (k == last) { // the same label again, or after a blank a second one
                put(next, prefix, Double.NEGATIVE_INFINITY, ends.inLabel() + p);
                put(next, longer(prefix, k), Double.NEGATIVE_INFINITY, ends.inBlank() + p);
              } else {
                put(next, longer(prefix, k), Double.NEGATIVE_INFINITY, ends.total() + p);
              }
            }
          });
      beam = new LinkedHashMap<>();
      List<Map.Entry<List<Integer>, Ends>> best = new ArrayList<>(next.entrySet());
      best.sort(Comparator.comparingDouble(entry -> -entry.getValue().total()));
      for (Map.Entry<List<Integer>, Ends> entry : best.subList(0, Math.min(width, best.size()))) {
        beam.put(entry.getKey(), entry.getValue());
      }
    }
    return beam.keySet().iterator().next();
  }

  private static void put(
      Map<List<Integer>, Ends> beam, List<Integer> prefix, double blank, double label) {
    beam.put(prefix, beam.getOrDefault(prefix, NONE).plus(blank, label));
  }

  private static List<Integer> longer(List<Integer> prefix, int label) {
    List<Integer> longer = new ArrayList<>(prefix);
    longer.add(label);
    return longer;
  }
}
