package dev.bellows.jobs.study.sampler;

/**
 * J. H. Halton's sequence (1960): coordinate j holds the digits of the index in the base of the
 * j-th prime, mirrored at the point; scrambled by a random permutation for each place of a digit
 * (A. B. Owen: A randomized Halton algorithm in R, arXiv 1706.02808).
 */
final class HaltonPoints implements PointSet {
  private final int[] bases;
  private final int[][][] permutations; // [axis][place][digit]

  HaltonPoints(int dimension, long seed) {
    this.bases = primes(dimension);
    this.permutations = new int[dimension][][];
    for (int axis = 0; axis < dimension; axis++) {
      int places = (int) Math.ceil(53 / (Math.log(bases[axis]) / Math.log(2)));
      permutations[axis] = new int[places][];
      for (int place = 0; place < places; place++) {
        permutations[axis][place] =
            permutation(bases[axis], new Draws(seed, (long) axis << 32 | place));
      }
    }
  }

  @Override
  public double[] plain(int index) {
    double[] point = new double[bases.length];
    for (int axis = 0; axis < point.length; axis++) {
      double weight = 1;
      for (int rest = index; rest > 0; rest /= bases[axis]) {
        weight /= bases[axis];
        point[axis] += rest % bases[axis] * weight;
      }
    }
    return point;
  }

  @Override
  public double[] point(int index) {
    double[] point = new double[bases.length];
    for (int axis = 0; axis < point.length; axis++) {
      double weight = 1;
      int rest = index;
      for (int[] permutation : permutations[axis]) {
        weight /= bases[axis];
        point[axis] += permutation[rest % bases[axis]] * weight;
        rest /= bases[axis];
      }
      point[axis] = Math.min(point[axis], 1 - 0x1p-53);
    }
    return point;
  }

  /** By the method of R. A. Fisher and F. Yates. */
  private static int[] permutation(int count, Draws draws) {
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      int other = draws.below(i + 1);
      order[i] = order[other];
      order[other] = i;
    }
    return order;
  }

  private static int[] primes(int count) {
    int[] primes = new int[count];
    int found = 0;
    for (int n = 2; found < count; n++) {
      boolean prime = true;
      for (int i = 0; i < found && prime; i++) {
        prime = n % primes[i] != 0;
      }
      if (prime) {
        primes[found++] = n;
      }
    }
    return primes;
  }
}
