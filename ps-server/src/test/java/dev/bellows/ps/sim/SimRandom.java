package dev.bellows.ps.sim;

import dev.bellows.engine.sample.Mix64;

/** A reproducible sequence for tests: mix64 of seed and counter. */
public final class SimRandom {
  private final long seed;
  private long counter;

  public SimRandom(long seed) {
    this.seed = seed;
  }

  public long nextLong() {
    return Mix64.mix(seed * 0x9E3779B97F4A7C15L + ++counter);
  }

  /** Uniform in [0, 1). */
  public double unit() {
    return (nextLong() >>> 11) * 0x1p-53;
  }

  /** Uniform in [0, bound). */
  public int below(int bound) {
    return (int) Math.floorMod(nextLong(), (long) bound);
  }

  /** Uniform in [from, to]. */
  public int between(int from, int to) {
    return from + below(to - from + 1);
  }

  public boolean chance(double probability) {
    return unit() < probability;
  }

  public <T> T pick(java.util.List<T> list) {
    return list.get(below(list.size()));
  }

  /** A random order of 0..n-1. */
  public int[] order(int n) {
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      int j = below(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }
}
