package dev.bellows.jobs.study.sampler;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/**
 * Minimises a smooth function in a box by limited-memory BFGS on the coordinates that are not held
 * at a bound, with projected steps that are halved until they are good enough (D. P. Bertsekas:
 * Projected Newton Methods, SIAM J. Control 20, 1982; J. Nocedal: Updating Quasi-Newton Matrices
 * with Limited Storage, Math. Comp. 35, 1980).
 */
final class QuasiNewton {
  private static final int MEMORY = 10;
  private static final double TOLERANCE = 1e-5;

  private QuasiNewton() {}

  /** A function that writes its gradient. */
  @FunctionalInterface
  interface Function {
    double at(double[] point, double[] gradient);
  }

  /** Where the search ended. */
  record Result(double[] at, double value) {}

  private record Pair(double[] step, double[] change, double product) {}

  static Result minimise(
      Function function, double[] start, double[] low, double[] high, int iterations) {
    double[] at = start.clone();
    project(at, low, high);
    double[] gradient = new double[at.length];
    double value = function.at(at, gradient);
    Deque<Pair> memory = new ArrayDeque<>();
    for (int i = 0; i < iterations; i++) {
      boolean[] held = held(at, gradient, low, high);
      if (norm(gradient, held) < TOLERANCE) {
        break;
      }
      double[] direction = direction(gradient, held, memory);
      double[] next = new double[at.length];
      double[] nextGradient = new double[at.length];
      double nextValue = Double.NaN;
      double length = memory.isEmpty() ? Math.min(1, 1 / norm(gradient, held)) : 1;
      boolean better = false;
      for (int tries = 0; tries < 25 && !better; tries++, length /= 2) {
        double expected = 0;
        for (int j = 0; j < at.length; j++) {
          next[j] = Math.min(high[j], Math.max(low[j], at[j] - length * direction[j]));
          expected += gradient[j] * (at[j] - next[j]);
        }
        nextValue = function.at(next, nextGradient);
        better = nextValue <= value - 1e-4 * expected && expected > 0;
      }
      if (!better) {
        if (memory.isEmpty()) {
          break;
        }
        memory.clear(); // once more along the gradient
        continue;
      }
      remember(memory, at, gradient, next, nextGradient);
      boolean flat = value - nextValue <= 1e-10 * Math.max(1, Math.abs(value));
      at = next;
      gradient = nextGradient;
      value = nextValue;
      if (flat) {
        break;
      }
    }
    return new Result(at, value);
  }

  private static boolean[] held(double[] at, double[] gradient, double[] low, double[] high) {
    boolean[] held = new boolean[at.length];
    for (int j = 0; j < at.length; j++) {
      held[j] = (at[j] <= low[j] && gradient[j] > 0) || (at[j] >= high[j] && gradient[j] < 0);
    }
    return held;
  }

  private static double[] direction(double[] gradient, boolean[] held, Deque<Pair> memory) {
    double[] q = new double[gradient.length];
    for (int j = 0; j < q.length; j++) {
      q[j] = held[j] ? 0 : gradient[j];
    }
    double[] shares = new double[memory.size()];
    int k = 0;
    for (Pair pair : memory) { // newest first
      shares[k] = dot(pair.step(), q) / pair.product();
      add(q, pair.change(), -shares[k]);
      k++;
    }
    Pair newest = memory.peekFirst();
    if (newest != null) {
      double size = newest.product() / dot(newest.change(), newest.change());
      for (int j = 0; j < q.length; j++) {
        q[j] *= size;
      }
    }
    for (Iterator<Pair> oldestFirst = memory.descendingIterator(); oldestFirst.hasNext(); ) {
      Pair pair = oldestFirst.next();
      k--;
      add(q, pair.step(), shares[k] - dot(pair.change(), q) / pair.product());
    }
    for (int j = 0; j < q.length; j++) {
      q[j] = held[j] ? 0 : q[j];
    }
    // Leaving out held coordinates may turn the direction uphill.
    return dot(q, gradient) > 0 ? q : masked(gradient, held);
  }

  private static double[] masked(double[] gradient, boolean[] held) {
    double[] q = gradient.clone();
    for (int j = 0; j < q.length; j++) {
      q[j] = held[j] ? 0 : q[j];
    }
    return q;
  }

  private static void remember(
      Deque<Pair> memory, double[] at, double[] gradient, double[] next, double[] nextGradient) {
    double[] step = new double[at.length];
    double[] change = new double[at.length];
    for (int j = 0; j < at.length; j++) {
      step[j] = next[j] - at[j];
      change[j] = nextGradient[j] - gradient[j];
    }
    double product = dot(step, change);
    if (product > 1e-12 * dot(change, change)) {
      memory.addFirst(new Pair(step, change, product));
      if (memory.size() > MEMORY) {
        memory.removeLast();
      }
    }
  }

  private static void project(double[] at, double[] low, double[] high) {
    for (int j = 0; j < at.length; j++) {
      at[j] = Math.min(high[j], Math.max(low[j], at[j]));
    }
  }

  private static double norm(double[] gradient, boolean[] held) {
    double most = 0;
    for (int j = 0; j < gradient.length; j++) {
      most = held[j] ? most : Math.max(most, Math.abs(gradient[j]));
    }
    return most;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int j = 0; j < a.length; j++) {
      sum += a[j] * b[j];
    }
    return sum;
  }

  private static void add(double[] to, double[] what, double factor) {
    for (int j = 0; j < to.length; j++) {
      to[j] += factor * what[j];
    }
  }
}
