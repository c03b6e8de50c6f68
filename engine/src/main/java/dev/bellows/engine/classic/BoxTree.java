package dev.bellows.engine.classic;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * A regression tree (L. Breiman et al., 1984) over the unit cube that is grown until every leaf is
 * pure, kept as the boxes of its leaves: what {@link FunctionalAnova} integrates over.
 */
final class BoxTree {
  /**
   * A leaf.
   *
   * @param low [d] lower corner
   * @param high [d] upper corner
   * @param value mean of its points
   */
  record Leaf(double[] low, double[] high, double value) {
    /** Volume of the box without the sides of some dimensions. */
    double volumeWithout(int first, int second) {
      double volume = 1;
      for (int j = 0; j < low.length; j++) {
        volume *= j == first || j == second ? 1 : high[j] - low[j];
      }
      return volume;
    }
  }

  private final double[][] points;
  private final double[] values;
  private final int[] weights;
  private final List<Leaf> leaves = new ArrayList<>();

  private BoxTree(double[][] points, double[] values, int[] weights) {
    this.points = points;
    this.values = values;
    this.weights = weights;
  }

  /**
   * Grows a tree.
   *
   * @param points [n][d] in [0, 1]
   * @param values [n]
   * @param weights [n] how often each point counts, not all 0
   */
  static List<Leaf> leaves(double[][] points, double[] values, int[] weights) {
    BoxTree tree = new BoxTree(points, values, weights);
    double[] low = new double[points[0].length];
    double[] high = new double[points[0].length];
    Arrays.fill(high, 1);
    Integer[] all = new Integer[points.length];
    Arrays.setAll(all, i -> i);
    tree.grow(Arrays.stream(all).filter(i -> weights[i] > 0).toArray(Integer[]::new), low, high);
    return tree.leaves;
  }

  private void grow(Integer[] rows, double[] low, double[] high) {
    double count = 0;
    double sum = 0;
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    for (int r : rows) {
      count += weights[r];
      sum += weights[r] * values[r];
      least = Math.min(least, values[r]);
      most = Math.max(most, values[r]);
    }
    if (least == most) { // else rounding would look like a gain
      leaves.add(new Leaf(low, high, least));
      return;
    }
    int column = -1;
    double cut = 0;
    double best = 0;
    for (int j = 0; j < low.length; j++) {
      int at = j;
      Arrays.sort(rows, Comparator.comparingDouble(r -> points[r][at]));
      double left = 0;
      double leftSum = 0;
      for (int i = 0; i + 1 < rows.length; i++) {
        left += weights[rows[i]];
        leftSum += weights[rows[i]] * values[rows[i]];
        double x = points[rows[i]][j];
        double next = points[rows[i + 1]][j];
        // the drop of the squared error, as the distance of the two means
        double apart = leftSum / left - (sum - leftSum) / (count - left);
        double gain = left * (count - left) / count * apart * apart;
        if (x < next && gain > best) {
          best = gain;
          column = j;
          cut = (x + next) / 2;
        }
      }
    }
    if (column < 0) {
      leaves.add(new Leaf(low, high, sum / count));
      return;
    }
    int split = column;
    double edge = cut;
    double[] middleHigh = high.clone();
    double[] middleLow = low.clone();
    middleHigh[split] = edge;
    middleLow[split] = edge;
    grow(
        Arrays.stream(rows).filter(r -> points[r][split] < edge).toArray(Integer[]::new),
        low,
        middleHigh);
    grow(
        Arrays.stream(rows).filter(r -> points[r][split] >= edge).toArray(Integer[]::new),
        middleLow,
        high);
  }
}
