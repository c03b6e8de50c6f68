package dev.bellows.ps.server;

import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.shard.FloatPool;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Histograms of tree nodes: sums of gradients and hessians per feature and bin in 64-bit fixed
 * point, so that the order of arrival does not matter, and each slice counts once.
 *
 * <p>The server answers with the best split of its features, not with the histogram (J. Jiang, B.
 * Cui, C. Zhang, F. Fu, "DimBoost: Boosting gradient boosting decision tree to higher dimensions",
 * SIGMOD 2018).
 */
final class Histograms {
  private static final int HEAD = 5;
  private static final int PAIR = 2;

  private final int slices;
  private final FloatPool.Budget budget;
  private final Map<Long, Sum> sums = new HashMap<>();

  private record Sum(long firstFeature, int features, int bins, long[] cells, BitSet slices) {}

  /**
   * No histograms.
   *
   * @param slices how many make a node complete
   */
  Histograms(int slices, FloatPool.Budget budget) {
    this.slices = slices;
    this.budget = budget;
  }

  /**
   * Adds a slice's histogram; a repeated one is acknowledged. Returns the slices that are there.
   */
  long add(long[] request) {
    if (request.length < HEAD) {
      throw bad("a histogram begins with " + HEAD + " numbers, found " + request.length);
    }
    long slice = request[1];
    if (slice < 0 || slice >= slices) {
      throw new Refusal(
          PsErrorCode.OUT_OF_RANGE, "slice must be in 0.." + (slices - 1) + ", found " + slice);
    }
    long cells = (long) request.length - HEAD;
    long features = request[3];
    long bins = request[4];
    // each factor is at most the payload's own length: the product can't overflow
    if (features < 1
        || features > cells
        || bins < 2
        || bins > cells
        || features * bins * PAIR != cells) {
      throw bad(features + " features of " + bins + " bins need two numbers a bin, found " + cells);
    }
    Sum sum = sums.get(request[0]);
    if (sum == null) {
      budget.reserve(cells * Long.BYTES);
      sum =
          new Sum(
              request[2], (int) features, (int) bins, new long[(int) cells], new BitSet(slices));
      sums.put(request[0], sum);
    } else if (sum.firstFeature != request[2] || sum.features != features || sum.bins != bins) {
      throw new Refusal(
          PsErrorCode.CONFLICT,
          "node " + request[0] + " has " + sum.features + " features of " + sum.bins + " bins");
    }
    if (!sum.slices.get((int) slice)) {
      add(sum, request);
      sum.slices.set((int) slice);
    }
    return sum.slices.cardinality();
  }

  private static void add(Sum sum, long[] request) {
    for (int i = 0; i < sum.cells.length; i++) { // all or nothing
      long a = sum.cells[i];
      long b = request[HEAD + i];
      long added = a + b;
      if (((a ^ added) & (b ^ added)) < 0) {
        throw new Refusal(
            PsErrorCode.OUT_OF_RANGE,
            "the histogram of node " + request[0] + " overflows 64 bits: use a smaller scale");
      }
    }
    for (int i = 0; i < sum.cells.length; i++) {
      sum.cells[i] += request[HEAD + i];
    }
  }

  /**
   * The split of largest gain {@code GL^2/(HL+l) + GR^2/(HR+l) - G^2/(H+l)}; of equal ones that of
   * the smallest feature, then bin. Sums are exact, gains in double.
   *
   * @param lambda l, added to hessians, in their fixed point
   * @param minHessian least hessian of a child, in its fixed point
   */
  Message best(long version, long node, boolean drop, double lambda, double minHessian) {
    if (!(lambda >= 0) || !(minHessian >= 0)) {
      throw bad("lambda and min hessian must be >= 0, found " + lambda + " and " + minHessian);
    }
    Sum sum = sums.get(node);
    int there = sum == null ? 0 : sum.slices.cardinality();
    if (sum == null || there < slices) {
      throw new Refusal(
          PsErrorCode.CONFLICT,
          "node " + node + " has the histograms of " + there + " of " + slices + " slices");
    }
    Message reply = best(version, sum, lambda, minHessian);
    if (drop) {
      sums.remove(node);
      budget.reserve(-(long) sum.cells.length * Long.BYTES);
    }
    return reply;
  }

  private static Message best(long version, Sum sum, double lambda, double minHessian) {
    double bestGain = 0;
    long @Nullable [] best = null;
    for (int f = 0; f < sum.features; f++) {
      int at = f * sum.bins * PAIR;
      long gradient = 0;
      long hessian = 0;
      for (int b = 0; b < sum.bins; b++) {
        gradient += sum.cells[at + PAIR * b];
        hessian += sum.cells[at + PAIR * b + 1];
      }
      long left = 0;
      long leftHessian = 0;
      double whole = score(gradient, hessian, lambda);
      for (int b = 0; b < sum.bins - 1; b++) {
        left += sum.cells[at + PAIR * b];
        leftHessian += sum.cells[at + PAIR * b + 1];
        long rightHessian = hessian - leftHessian;
        if (leftHessian < minHessian || rightHessian < minHessian) {
          continue;
        }
        double gain =
            score(left, leftHessian, lambda) + score(gradient - left, rightHessian, lambda) - whole;
        if (gain > bestGain) {
          bestGain = gain;
          best = new long[] {sum.firstFeature + f, b, left, leftHessian, gradient, hessian};
        }
      }
    }
    return new Message.OperateReply(
        version, new double[] {bestGain}, best == null ? new long[] {-1, 0, 0, 0, 0, 0} : best);
  }

  /** Gain of a leaf: sums of whole numbers, beyond 2^53 rounded once. */
  private static double score(long gradient, long hessian, double lambda) {
    double g = (double) gradient;
    double divisor = (double) hessian + lambda;
    return divisor > 0 ? g * g / divisor : 0;
  }

  private static Refusal bad(String why) {
    return new Refusal(PsErrorCode.BAD_REQUEST, why);
  }
}
