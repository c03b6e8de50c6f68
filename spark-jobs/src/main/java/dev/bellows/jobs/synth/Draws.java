package dev.bellows.jobs.synth;

import dev.bellows.engine.sample.Mix64;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.sample.Purpose;

/**
 * The random numbers of one made row: a function of (seed, stream, row), whatever was drawn for
 * other rows.
 */
final class Draws {
  private final long key;
  private long next;

  Draws(long seed, String stream, long row) {
    this.key = Mix64.mix(seed, Purpose.SYNTH, Mix64.ofText(stream), row);
  }

  /** Uniform in [0, 1). */
  double uniform() {
    return Philox.uniform(key, next++);
  }

  /** Uniform in [low, high). */
  double between(double low, double high) {
    return low + (high - low) * uniform();
  }

  /** Standard normal. */
  double normal() {
    next += next & 1; // a normal takes its own pair of words, so that it never shares bits with a
    // uniform
    double value = Philox.normal(key, next);
    next += 2;
    return value;
  }

  /** One of 0..n-1. */
  int below(int n) {
    return Math.min(n - 1, (int) (uniform() * n));
  }
}
