package dev.bellows.jobs.study.sampler;

import dev.bellows.jobs.space.SearchSpace;
import dev.bellows.jobs.study.trial.History;
import dev.bellows.jobs.study.trial.Trial;
import java.util.Comparator;
import java.util.List;

/**
 * Covariance matrix adaptation evolution strategy on the unit cube (N. Hansen: The CMA Evolution
 * Strategy: A Tutorial, arXiv 1604.00772), for continuous spaces and some hundred trials.
 *
 * <p>The strategy's generations are cut from the trials' numbers. Its size is the usual 4 + 3 ln D,
 * rounded up to a multiple of the study's generation, so that all results of one are there before the
 * next is asked. The state is computed anew from the history for each question: nothing is kept. What
 * lies outside the cube is taken at its border, and its distance from there counts against it, as
 * does a failure, which ranks last.
 *
 * <p>Choices and parameters that exist under conditions are refused: use TPE for those.
 */
public final class CmaEsSampler implements Sampler {
  private final SearchSpace space;
  private final long seed;
  private final int size;
  private final double sigma;

  /**
   * @param studyGeneration trials per generation of the study
   * @throws IllegalArgumentException for a space with choices or conditions
   */
  public CmaEsSampler(SearchSpace space, long seed, int studyGeneration) {
    this(space, seed, studyGeneration, 0.3);
  }

  /**
   * @param sigma first step size as a share of the range, in (0, 1]
   */
  public CmaEsSampler(SearchSpace space, long seed, int studyGeneration, double sigma) {
    Samplers.requireUnconditional(space, "cma_es");
    if (!space.numeric()) {
      throw new IllegalArgumentException(
          "the sampler cma_es needs a space of numbers, this one has choices; use tpe or gp");
    }
    if (!(sigma > 0 && sigma <= 1) || studyGeneration < 1) {
      throw new IllegalArgumentException(
          "expected sigma in (0, 1] and a generation >= 1, found %s and %d"
              .formatted(sigma, studyGeneration));
    }
    this.space = space;
    this.seed = seed;
    this.sigma = sigma;
    int usual = 4 + (int) (3 * Math.log(space.dimension()));
    this.size = (usual + studyGeneration - 1) / studyGeneration * studyGeneration;
  }

  /** Trials per generation of the strategy. */
  public int size() {
    return size;
  }

  @Override
  public Proposal ask(History history, int number) {
    CovarianceAdaptation state = new CovarianceAdaptation(space.dimension(), size, sigma);
    int generation = 0;
    List<Trial> trials = history.trials();
    for (int first = 0; first + size <= Math.min(trials.size(), number); first += size) {
      List<Trial> members = trials.subList(first, first + size);
      if (!members.stream().allMatch(t -> t.state().finished())) {
        break; // asynchronous studies: the state before is the newest that is known
      }
      double[][] points = new double[size][];
      for (Trial member : members) {
        points[member.number() - first] = state.draw(new Draws(seed, member.number()));
      }
      int offset = first;
      Integer[] order = new Integer[size];
      for (int i = 0; i < size; i++) {
        order[i] = i;
      }
      java.util.Arrays.sort(
          order,
          Comparator.<Integer>comparingDouble(i -> history.loss(trials.get(offset + i)))
              .thenComparingDouble(i -> outside(points[i]))
              .thenComparingInt(i -> i));
      double[][] ranked = new double[size][];
      for (int i = 0; i < size; i++) {
        ranked[i] = inside(points[order[i]]);
      }
      state.update(ranked);
      generation++;
    }
    double[] drawn = state.draw(new Draws(seed, number));
    return Proposal.of(
        space.fromUnit(inside(drawn)), "cma-es generation " + generation);
  }

  private static double[] inside(double[] point) {
    double[] in = new double[point.length];
    for (int j = 0; j < in.length; j++) {
      in[j] = Math.min(1, Math.max(0, point[j]));
    }
    return in;
  }

  private static double outside(double[] point) {
    double sum = 0;
    for (double each : point) {
      double distance = Math.max(0, Math.max(-each, each - 1));
      sum += distance * distance;
    }
    return sum;
  }
}
