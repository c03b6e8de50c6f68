package dev.bellows.jobs.study.sampler;

import dev.bellows.jobs.space.SearchSpace;
import dev.bellows.jobs.study.trial.History;
import java.util.function.IntFunction;

/**
 * Points of a scrambled low-discrepancy sequence: like random search, without its clusters and
 * gaps. Coordinates of parameters that do not exist are passed over; where a point falls on a
 * configuration that was tried, a random one takes its place. Sobol's sequence is most even after
 * 2^k trials.
 */
public final class QuasiRandomSampler implements Sampler {
  private final SearchSpace space;
  private final long seed;
  private final PointSet points;

  private QuasiRandomSampler(SearchSpace space, long seed, IntFunction<PointSet> points) {
    if (space.dimension() > PointSet.MAX_DIMENSION) {
      throw new IllegalArgumentException(
          "expected at most %d parameters, found %d; use the random sampler"
              .formatted(PointSet.MAX_DIMENSION, space.dimension()));
    }
    this.space = space;
    this.seed = seed;
    this.points = points.apply(space.dimension());
  }

  /** Points of Sobol's sequence. */
  public static QuasiRandomSampler sobol(SearchSpace space, long seed) {
    return new QuasiRandomSampler(space, seed, dimension -> new SobolPoints(dimension, seed));
  }

  /** Points of Halton's sequence. */
  public static QuasiRandomSampler halton(SearchSpace space, long seed) {
    return new QuasiRandomSampler(space, seed, dimension -> new HaltonPoints(dimension, seed));
  }

  @Override
  public Proposal ask(History history, int number) {
    Draws draws = new Draws(seed, number);
    return Proposal.of(
        RandomSampler.fresh(space, history, draws, 1, () -> space.fromUnit(points.point(number))),
        "quasi-random");
  }
}
