package dev.bellows.jobs.study.sampler;

import dev.bellows.engine.sample.Mix64;
import dev.bellows.engine.sample.Purpose;
import org.apache.commons.math3.util.FastMath;

/**
 * The random numbers of one trial: number i is a function of (seed, trial, i). FastMath has the
 * same bits on every machine.
 */
final class Draws {
  private final long seed;
  private final long stream;
  private long next;

  Draws(long seed, long stream) {
    this.seed = seed;
    this.stream = stream;
  }

  /** In [0, 1). */
  double uniform() {
    return Mix64.unit(Mix64.mix(seed, Purpose.SEARCH, stream, next++));
  }

  /** A whole number in [0, count). */
  int below(int count) {
    return Math.min(count - 1, (int) (uniform() * count));
  }

  /** A point of the unit cube. */
  double[] point(int dimension) {
    double[] point = new double[dimension];
    for (int i = 0; i < dimension; i++) {
      point[i] = uniform();
    }
    return point;
  }

  /** Standard normal, by the method of Box and Muller. */
  double normal() {
    double radius = FastMath.sqrt(-2 * FastMath.log(1 - uniform()));
    return radius * FastMath.cos(2 * Math.PI * uniform());
  }
}
