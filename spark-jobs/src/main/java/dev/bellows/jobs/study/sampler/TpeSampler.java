package dev.bellows.jobs.study.sampler;

import dev.bellows.jobs.space.Condition;
import dev.bellows.jobs.space.Configuration;
import dev.bellows.jobs.space.Parameter;
import dev.bellows.jobs.space.SearchSpace;
import dev.bellows.jobs.study.trial.History;
import dev.bellows.jobs.study.trial.Trial;
import dev.bellows.jobs.study.trial.TrialState;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tree-structured Parzen estimator: two densities, of the best configurations and of the others; of
 * some draws from the first the one is tried at which their ratio is largest.
 *
 * <p>J. Bergstra, R. Bardenet, Y. Bengio, B. Kegl: Algorithms for Hyper-Parameter Optimization,
 * NIPS 2011; S. Watanabe: Tree-Structured Parzen Estimator, arXiv 2304.11127. Settings of Optuna
 * 5.0.0: 10 random trials first, 24 draws, the best ceil(n / 10) but at most 25 are the good ones,
 * all parameters that exist together share a density, trials whose result is not known count as bad
 * (constant liar).
 *
 * <p>Where we differ: parameters under the same conditions form a group with its own density (as
 * Optuna's {@code group=True}), and its good trials are the best of those that have the group: else
 * a branch that is slower to tune would be searched at random. For the same reason a value that
 * decides which others exist is drawn from the good density, not chosen by the ratio. Failed trials
 * count as bad, so that the search leaves where they fail. A configuration that was tried before is
 * drawn again.
 */
public final class TpeSampler implements Sampler {
  private static final int ATTEMPTS = 10;

  private final SearchSpace space;
  private final long seed;
  private final int startupTrials;
  private final int candidates;
  private final RandomSampler random;
  private final Map<List<Condition>, List<Parameter>> groups = new LinkedHashMap<>();
  private final Set<String> deciding = new HashSet<>();

  /** With 10 trials to start with and 24 draws. */
  public TpeSampler(SearchSpace space, long seed) {
    this(space, seed, 10, 24);
  }

  /**
   * @param startupTrials trials with a score before the first that follows the densities
   * @param candidates draws of which the best is taken
   */
  public TpeSampler(SearchSpace space, long seed, int startupTrials, int candidates) {
    if (startupTrials < 1 || candidates < 1) {
      throw new IllegalArgumentException(
          "expected startup_trials and candidates >= 1, found %d and %d"
              .formatted(startupTrials, candidates));
    }
    this.space = space;
    this.seed = seed;
    this.startupTrials = startupTrials;
    this.candidates = candidates;
    this.random = new RandomSampler(space, seed);
    for (Parameter parameter : space.parameters()) {
      groups.computeIfAbsent(parameter.conditions(), c -> new ArrayList<>()).add(parameter);
      parameter.conditions().forEach(condition -> deciding.add(condition.parent()));
    }
  }

  @Override
  public Proposal ask(History history, int number) {
    List<Trial> known = history.finished();
    if (known.stream().filter(t -> !t.state().failed()).count() < startupTrials) {
      return random.ask(history, number, "startup");
    }
    Draws draws = new Draws(seed, number);
    Configuration drawn =
        RandomSampler.fresh(space, history, draws, ATTEMPTS, () -> draw(history, draws));
    return Proposal.of(drawn, "tpe");
  }

  private Configuration draw(History history, Draws draws) {
    Map<String, @Nullable Object> chosen = new LinkedHashMap<>();
    return space.configuration(
        parameter -> {
          if (!chosen.containsKey(parameter.name())) {
            List<Parameter> group = groups.getOrDefault(parameter.conditions(), List.of(parameter));
            chosen.putAll(best(group, history, draws));
          }
          return chosen.get(parameter.name());
        });
  }

  private Map<String, @Nullable Object> best(List<Parameter> group, History history, Draws draws) {
    Split split = Split.of(having(group, history));
    ParzenEstimator good = new ParzenEstimator(group, configurations(split.good()));
    ParzenEstimator bad = new ParzenEstimator(group, configurations(split.bad()));
    Map<String, @Nullable Object> best = Map.of();
    Map<String, @Nullable Object> branch = new LinkedHashMap<>();
    double highest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < candidates; i++) {
      Map<String, @Nullable Object> drawn = good.draw(draws);
      if (i == 0) {
        branch.putAll(drawn);
        branch.keySet().retainAll(deciding);
      }
      drawn.putAll(branch);
      double ratio = good.logDensity(drawn) - bad.logDensity(drawn);
      if (best.isEmpty() || ratio > highest) {
        best = drawn;
        highest = ratio;
      }
    }
    return best;
  }

  private static History having(List<Parameter> group, History history) {
    return new History(
        history.goal(),
        history.trials().stream()
            .filter(t -> group.stream().allMatch(p -> t.configuration().has(p.name())))
            .toList());
  }

  private static List<Configuration> configurations(List<Trial> trials) {
    return trials.stream().map(Trial::configuration).toList();
  }

  /** The good and the other trials, each by number. */
  record Split(List<Trial> good, List<Trial> bad) {
    private static final int MOST_GOOD = 25;

    /** How many of some trials with a score are good. */
    static int goodOf(int trials) {
      return Math.min(MOST_GOOD, (trials + 9) / 10);
    }

    static Split of(History history) {
      // Complete ones by loss; behind them pruned ones: those that got further first.
      Comparator<Trial> order =
          Comparator.<Trial, Boolean>comparing(t -> t.state() != TrialState.COMPLETE)
              .thenComparingInt(t -> t.state() == TrialState.PRUNED ? -t.highestRung() : 0)
              .thenComparingDouble(history::loss)
              .thenComparingInt(Trial::number);
      List<Trial> ranked =
          history.finished().stream().filter(t -> !t.state().failed()).sorted(order).toList();
      int count = goodOf(ranked.size());
      List<Trial> good =
          ranked.subList(0, count).stream().sorted(Comparator.comparingInt(Trial::number)).toList();
      List<Trial> bad = history.trials().stream().filter(t -> !good.contains(t)).toList();
      return new Split(good, bad);
    }
  }
}
