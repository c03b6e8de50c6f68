package dev.bellows.engine.metric.inference;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * What each component (a group of columns, a layer, a step) is worth: how much the score drops
 * without it, on the same splits (EVS-20). Components that can stand in for each other show no drop
 * alone; drop them together as one component.
 */
public final class Ablation {
  private Ablation() {}

  /**
   * One component.
   *
   * @param component its name
   * @param drop how much worse the mean score is without it; below 0: better
   * @param interval corrected interval of the drop
   * @param p of the corrected resampled t-test that the drop is 0, two-sided
   * @param adjusted p after Holm's correction for all components
   */
  public record Drop(String component, double drop, Interval interval, double p, double adjusted) {}

  /**
   * Compares.
   *
   * @param whole scores with all components
   * @param without scores without each component, on the same splits
   * @param maximize whether larger scores are better
   * @return largest drop first, equal ones by name; NaN, of a variant that failed, last
   */
  public static List<Drop> table(
      FoldScores whole, Map<String, FoldScores> without, boolean maximize, double confidence) {
    List<String> names = without.keySet().stream().sorted().toList();
    List<FoldScores> drops = new ArrayList<>();
    double[] p = new double[names.size()];
    for (String name : names) {
      FoldScores scores = without.getOrDefault(name, whole);
      FoldScores drop = maximize ? whole.minus(scores) : scores.minus(whole);
      p[drops.size()] = PairedTests.correctedT(drop, Tail.TWO_SIDED).p();
      drops.add(drop);
    }
    double[] adjusted = PairedTests.holm(p);
    List<Drop> table = new ArrayList<>();
    for (int i = 0; i < p.length; i++) {
      FoldScores drop = drops.get(i);
      table.add(new Drop(names.get(i), drop.mean(), drop.interval(confidence), p[i], adjusted[i]));
    }
    Comparator<Drop> byDrop =
        Comparator.comparingDouble(d -> Double.isNaN(d.drop) ? Double.POSITIVE_INFINITY : -d.drop);
    table.sort(byDrop);
    return table;
  }
}
