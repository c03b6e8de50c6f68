package dev.bellows.jobs.study.sampler;

/**
 * Points that fill the unit cube more evenly than independent draws. Point i is a function of i and
 * the seed. Not thread-safe.
 */
interface PointSet {
  /** Most axes of a set. */
  int MAX_DIMENSION = 1000;

  /** Point {@code index}, from 0, of the sequence itself: [dimension]. */
  double[] plain(int index);

  /** Point {@code index}, from 0, scrambled: [dimension], each in [0, 1). */
  double[] point(int index);
}
