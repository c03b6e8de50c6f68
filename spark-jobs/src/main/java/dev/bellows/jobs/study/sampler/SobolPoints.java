package dev.bellows.jobs.study.sampler;

import dev.bellows.engine.sample.Mix64;
import dev.bellows.engine.sample.Purpose;
import org.apache.commons.math3.random.SobolSequenceGenerator;

/**
 * I. M. Sobol's sequence in base 2 with the direction numbers of S. Joe and F. Y. Kuo
 * (new-joe-kuo-6, 2008), in the order of Gray codes, scrambled by A. B. Owen's nested uniform
 * permutations (1995): bit k of a coordinate is flipped by a hash of the bits above it.
 */
final class SobolPoints implements PointSet {
  private static final int BITS = 53;

  private final SobolSequenceGenerator sequence;
  private final long seed;

  SobolPoints(int dimension, long seed) {
    this.sequence = new SobolSequenceGenerator(dimension);
    this.seed = seed;
  }

  @Override
  public double[] plain(int index) {
    return sequence.skipTo(index);
  }

  @Override
  public double[] point(int index) {
    double[] point = plain(index);
    for (int axis = 0; axis < point.length; axis++) {
      long bits = (long) (point[axis] * 0x1p53);
      long scrambled = 0;
      for (int k = BITS - 1; k >= 0; k--) {
        long above = bits >>> (k + 1) | 1L << (BITS - 1 - k); // the leading 1 tells lengths apart
        long flip = Mix64.mix(seed, Purpose.SEARCH, axis, above) >>> 63;
        scrambled |= ((bits >>> k & 1) ^ flip) << k;
      }
      point[axis] = scrambled * 0x1p-53;
    }
    return point;
  }
}
