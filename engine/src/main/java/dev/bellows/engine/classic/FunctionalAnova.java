package dev.bellows.engine.classic;

import dev.bellows.engine.classic.BoxTree.Leaf;
import dev.bellows.engine.sample.PoissonBootstrap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;

/**
 * How much of the spread of scores each setting explains, alone or together with another: the
 * functional analysis of variance of a forest fitted to the trials (F. Hutter, H. Hoos, K.
 * Leyton-Brown: An Efficient Approach for Assessing Hyperparameter Importance, ICML 2014). Over a
 * tree the marginal of a setting, the mean over all values of the others, is an exact sum over
 * leaves:
 *
 * <pre>
 * share of j       V_j / V,               V_j = variance of the marginal of j
 * share of i with j  (V_ij - V_i - V_j) / V,  V_ij = variance of the joint marginal
 * </pre>
 *
 * <p>Settings lie in [0, 1], on the scale (linear, log) that they were searched on; choice c of m
 * is (c + 0.5) / m. For some thousand trials.
 */
public final class FunctionalAnova {
  private final List<List<Leaf>> trees = new ArrayList<>();
  private final int settings;

  private FunctionalAnova(int settings) {
    this.settings = settings;
  }

  /**
   * Fits the forest.
   *
   * @param points [trials][settings] in [0, 1]; leave out settings that only some trials have
   * @param scores [trials], finite; of failed trials none
   * @param trees 16 to 64
   * @param seed of the bootstrap
   */
  public static FunctionalAnova fit(double[][] points, double[] scores, int trees, long seed) {
    if (points.length < 2 || points.length != scores.length || points[0].length == 0 || trees < 1) {
      throw new IllegalArgumentException(
          "importance: expected two trials or more with one score each and at least one setting"
              + " and one tree, found "
              + points.length
              + " trials, "
              + scores.length
              + " scores, "
              + trees
              + " trees");
    }
    check(points, scores);
    FunctionalAnova fit = new FunctionalAnova(points[0].length);
    for (int t = 0; t < trees; t++) {
      int[] weights = new int[points.length];
      for (int i = 0; i < weights.length; i++) {
        weights[i] = PoissonBootstrap.weight(seed, t, i);
      }
      if (Arrays.stream(weights).sum() == 0) {
        Arrays.fill(weights, 1);
      }
      fit.trees.add(BoxTree.leaves(points, scores, weights));
    }
    return fit;
  }

  private static void check(double[][] points, double[] scores) {
    for (int i = 0; i < points.length; i++) {
      for (double x : points[i]) {
        if (!(x >= 0 && x <= 1) || points[i].length != points[0].length) {
          throw new IllegalArgumentException(
              "importance: expected "
                  + points[0].length
                  + " settings in [0, 1], found "
                  + Arrays.toString(points[i])
                  + " in trial "
                  + i);
        }
      }
      if (!Double.isFinite(scores[i])) {
        throw new IllegalArgumentException(
            "importance: expected a finite score, found " + scores[i] + " in trial " + i);
      }
    }
  }

  /**
   * The share of the variance that each setting explains alone.
   *
   * @return [settings] in [0, 1], together at most 1; all 0 when all scores are equal
   */
  public double[] shares() {
    double[] shares = new double[settings];
    for (List<Leaf> leaves : trees) {
      double total = variance(leaves);
      for (int j = 0; total > 0 && j < settings; j++) {
        shares[j] += mainVariance(leaves, j) / total / trees.size();
      }
    }
    return shares;
  }

  /** The share of the variance that two settings explain together, beyond what each does alone. */
  public double interaction(int first, int second) {
    if (first == second) {
      throw new IllegalArgumentException("interaction: expected two settings, found one");
    }
    double share = 0;
    for (List<Leaf> leaves : trees) {
      double total = variance(leaves);
      if (total > 0) {
        double joint = jointVariance(leaves, first, second);
        double alone = mainVariance(leaves, first) + mainVariance(leaves, second);
        share += Math.max(0, joint - alone) / total / trees.size();
      }
    }
    return share;
  }

  /** The mean score where a setting has this value, over all values of the others. */
  public double marginal(int setting, double value) {
    double sum = 0;
    for (List<Leaf> leaves : trees) {
      for (Leaf leaf : leaves) {
        boolean last = value == 1 && leaf.high()[setting] == 1;
        if (leaf.low()[setting] <= value && (value < leaf.high()[setting] || last)) {
          sum += leaf.value() * leaf.volumeWithout(setting, -1) / trees.size();
        }
      }
    }
    return sum;
  }

  private static double mean(List<Leaf> leaves) {
    double mean = 0;
    for (Leaf leaf : leaves) {
      mean += leaf.value() * leaf.volumeWithout(-1, -1);
    }
    return mean;
  }

  private static double variance(List<Leaf> leaves) {
    double mean = mean(leaves);
    double variance = 0;
    for (Leaf leaf : leaves) {
      variance += leaf.volumeWithout(-1, -1) * (leaf.value() - mean) * (leaf.value() - mean);
    }
    return variance;
  }

  // Ends of all intervals of a setting, ascending: between two of them its marginal is constant.
  private static double[] ends(List<Leaf> leaves, int setting) {
    TreeSet<Double> ends = new TreeSet<>();
    for (Leaf leaf : leaves) {
      ends.add(leaf.low()[setting]);
      ends.add(leaf.high()[setting]);
    }
    return ends.stream().mapToDouble(e -> e).toArray();
  }

  private static double mainVariance(List<Leaf> leaves, int setting) {
    double[] ends = ends(leaves, setting);
    double[] step = new double[ends.length];
    for (Leaf leaf : leaves) {
      double part = leaf.value() * leaf.volumeWithout(setting, -1);
      step[Arrays.binarySearch(ends, leaf.low()[setting])] += part;
      step[Arrays.binarySearch(ends, leaf.high()[setting])] -= part;
    }
    double mean = mean(leaves);
    double variance = 0;
    double marginal = 0;
    for (int i = 0; i + 1 < ends.length; i++) {
      marginal += step[i];
      variance += (ends[i + 1] - ends[i]) * (marginal - mean) * (marginal - mean);
    }
    return variance;
  }

  private static double jointVariance(List<Leaf> leaves, int first, int second) {
    double[] a = ends(leaves, first);
    double[] b = ends(leaves, second);
    double[][] step = new double[a.length][b.length];
    for (Leaf leaf : leaves) {
      double part = leaf.value() * leaf.volumeWithout(first, second);
      int lowA = Arrays.binarySearch(a, leaf.low()[first]);
      int highA = Arrays.binarySearch(a, leaf.high()[first]);
      int lowB = Arrays.binarySearch(b, leaf.low()[second]);
      int highB = Arrays.binarySearch(b, leaf.high()[second]);
      step[lowA][lowB] += part;
      step[highA][lowB] -= part;
      step[lowA][highB] -= part;
      step[highA][highB] += part;
    }
    double mean = mean(leaves);
    double variance = 0;
    double[] above = new double[b.length];
    for (int i = 0; i + 1 < a.length; i++) {
      double row = 0;
      for (int j = 0; j + 1 < b.length; j++) {
        row += step[i][j];
        above[j] += row;
        double area = (a[i + 1] - a[i]) * (b[j + 1] - b[j]);
        variance += area * (above[j] - mean) * (above[j] - mean);
      }
    }
    return variance;
  }
}
