package dev.bellows.jobs.study.sampler;

import dev.bellows.jobs.space.SearchSpace;
import dev.bellows.jobs.study.trial.History;
import dev.bellows.jobs.study.trial.Trial;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Covariance matrix adaptation evolution strategy on the unit cube (N. Hansen: The CMA Evolution
 * Strategy: A Tutorial, arXiv 1604.00772), for continuous spaces and some hundred trials.
 *
 * <p>The strategy's generations are cut from the trials' numbers. Its size is the usual 4 + 3 ln D,
 * rounded up to a multiple of the study's generation, so that all results of one are there before
 * the next is asked. The state is a function of the history; it is kept from one question to the
 * next to save the time of computing it anew, which makes the sampler not thread-safe. What lies
 * outside the cube is taken at its border, and its distance from there counts against it, as does a
 * failure, which ranks last.
 *
 * <p>Choices and parameters that exist under conditions are refused: use TPE for those.
 */
public final class CmaEsSampler implements Sampler {
  private final SearchSpace space;
  private final long seed;
  private final int size;
  private final double sigma;
  private final List<Double> seen = new ArrayList<>(); // losses that are in the state
  private CovarianceAdaptation state;

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
    this.state = new CovarianceAdaptation(space.dimension(), size, sigma);
  }

  /** Trials per generation of the strategy. */
  public int size() {
    return size;
  }

  @Override
  public Proposal ask(History history, int number) {
    List<Trial> trials = history.trials();
    if (!goesOn(history)) {
      state = new CovarianceAdaptation(space.dimension(), size, sigma);
      seen.clear();
    }
    for (int first = seen.size(); first + size <= number; first = seen.size()) {
      List<Trial> members = trials.subList(first, first + size);
      if (!members.stream().allMatch(t -> t.state().finished())) {
        break; // asynchronous studies: the state before is the newest that is known
      }
      take(history, members);
    }
    double[] drawn = state.draw(new Draws(seed, number));
    return Proposal.of(space.fromUnit(inside(drawn)), "cma-es generation " + seen.size() / size);
  }

  private boolean goesOn(History history) {
    List<Trial> trials = history.trials();
    if (trials.size() < seen.size()) {
      return false;
    }
    for (int i = 0; i < seen.size(); i++) {
      if (history.loss(trials.get(i)) != seen.get(i)) {
        return false;
      }
    }
    return true;
  }

  private void take(History history, List<Trial> members) {
    record Member(double[] point, double loss) {}
    List<Member> all = new ArrayList<>();
    for (Trial trial : members) {
      double[] point = state.draw(new Draws(seed, trial.number()));
      all.add(new Member(point, history.loss(trial)));
      seen.add(history.loss(trial));
    }
    all.sort(Comparator.comparingDouble(Member::loss).thenComparingDouble(m -> outside(m.point())));
    state.update(all.stream().map(m -> inside(m.point())).toArray(double[][]::new));
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
