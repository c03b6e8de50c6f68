package dev.bellows.jobs.study.sampler;

import dev.bellows.jobs.space.Configuration;
import dev.bellows.jobs.space.NumberParameter;
import dev.bellows.jobs.space.SearchSpace;
import dev.bellows.jobs.study.trial.History;
import dev.bellows.jobs.study.trial.Trial;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;

/**
 * Population-based training: members train for an interval, then those of the worst quarter go on
 * from the weights of one of the best quarter with a changed configuration (M. Jaderberg et al.,
 * arXiv 1711.09846; defaults of Ray Tune: quantile 0.25, resample 0.25, factors 1.2 and 0.8).
 *
 * <p>A trial is one interval of one member: trial {@code round * members + member}. Its proposal
 * names the trial whose weights it starts from; what it reports is its score at its end. The
 * study's generation must be the number of members.
 *
 * <p>A choice is drawn anew or kept; numbers are multiplied by a factor and kept in their range;
 * parameters that begin to exist are drawn.
 */
public final class PopulationSampler implements Sampler {
  private static final double QUANTILE = 0.25;
  private static final double RESAMPLE = 0.25;
  private static final double UP = 1.2;
  private static final double DOWN = 0.8;

  private final SearchSpace space;
  private final long seed;
  private final int members;
  private final RandomSampler random;

  /**
   * @param members members of the population, 4 or more
   */
  public PopulationSampler(SearchSpace space, long seed, int members) {
    if (members < 4) {
      throw new IllegalArgumentException("expected a population of at least 4, found " + members);
    }
    this.space = space;
    this.seed = seed;
    this.members = members;
    this.random = new RandomSampler(space, seed);
  }

  @Override
  public Proposal ask(History history, int number) {
    int round = number / members;
    if (round == 0) {
      return random.ask(history, number, "first interval");
    }
    int first = (round - 1) * members;
    List<Trial> ranked =
        history.trials().subList(first, first + members).stream()
            .sorted(
                Comparator.<Trial>comparingDouble(history::loss).thenComparingInt(Trial::number))
            .toList();
    Trial before = history.trials().get(number - members);
    int quarter = Math.max(1, (int) (members * QUANTILE));
    boolean exploits = before.state().failed() || ranked.indexOf(before) >= members - quarter;
    if (!exploits) {
      return new Proposal(before.configuration(), OptionalInt.of(before.number()), "goes on");
    }
    Draws draws = new Draws(seed, number);
    Trial from = ranked.get(draws.below(quarter));
    if (from.state().failed()) {
      return random.ask(history, number, "nobody has weights to go on from");
    }
    return new Proposal(
        explored(from.configuration(), draws),
        OptionalInt.of(from.number()),
        "goes on from trial " + from.number());
  }

  private Configuration explored(Configuration configuration, Draws draws) {
    return space.configuration(
        parameter -> {
          boolean again = draws.uniform() < RESAMPLE;
          double unit = draws.uniform();
          boolean up = draws.uniform() < 0.5;
          if (again || !configuration.has(parameter.name())) {
            return parameter.fromUnit(unit);
          }
          Object value = configuration.get(parameter.name());
          if (!(parameter instanceof NumberParameter number)) {
            return value;
          }
          double changed = number.number(value) * (up ? UP : DOWN);
          return changed > 0 || !number.log() ? number.nearest(changed) : value;
        });
  }
}
