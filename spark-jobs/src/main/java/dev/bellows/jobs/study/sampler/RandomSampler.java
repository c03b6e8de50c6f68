package dev.bellows.jobs.study.sampler;

import dev.bellows.jobs.space.Configuration;
import dev.bellows.jobs.space.Parameter;
import dev.bellows.jobs.space.SearchSpace;
import dev.bellows.jobs.study.trial.History;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Independent draws: each parameter that exists is evenly likely along its scale (J. Bergstra, Y.
 * Bengio: Random Search for Hyper-Parameter Optimization, JMLR 13, 2012). A configuration that was
 * tried before is drawn again while there are others.
 */
public final class RandomSampler implements Sampler {
  private static final int ATTEMPTS = 100;

  private final SearchSpace space;
  private final long seed;

  /** Draws from a space. */
  public RandomSampler(SearchSpace space, long seed) {
    this.space = space;
    this.seed = seed;
  }

  @Override
  public Proposal ask(History history, int number) {
    return ask(history, number, "random");
  }

  Proposal ask(History history, int number, String note) {
    Draws draws = new Draws(seed, number);
    return Proposal.of(fresh(space, history, draws, 1, () -> draw(space, draws)), note);
  }

  static Configuration draw(SearchSpace space, Draws draws) {
    return space.configuration(parameter -> parameter.fromUnit(draws.uniform()));
  }

  /**
   * The first of several proposals that was not tried before; where there is none, a random
   * configuration, which is a new one if that is easily found.
   */
  static Configuration fresh(
      SearchSpace space,
      History history,
      Draws draws,
      int attempts,
      Supplier<Configuration> propose) {
    Configuration proposed = propose.get();
    if (space.parameters().stream().anyMatch(RandomSampler::isAlwaysNew)) {
      return proposed;
    }
    Set<String> tried = history.configurations();
    for (int i = 1; i < attempts + ATTEMPTS && tried.contains(proposed.canonical()); i++) {
      proposed = i < attempts ? propose.get() : draw(space, draws);
    }
    return proposed;
  }

  private static boolean isAlwaysNew(Parameter parameter) {
    return parameter.levels() == 0 && parameter.conditions().isEmpty();
  }
}
