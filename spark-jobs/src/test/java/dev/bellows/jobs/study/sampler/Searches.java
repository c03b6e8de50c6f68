package dev.bellows.jobs.study.sampler;

import dev.bellows.jobs.space.Configuration;
import dev.bellows.jobs.study.trial.Event;
import dev.bellows.jobs.study.trial.Generations;
import dev.bellows.jobs.study.trial.Goal;
import dev.bellows.jobs.study.trial.Trial;
import dev.bellows.jobs.study.trial.Trials;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.function.ToDoubleFunction;

/** Runs a sampler against a function in one thread, as a cluster of some slots would. */
final class Searches {
  private Searches() {}

  /** One trial after the other. */
  static Trials run(Sampler sampler, ToDoubleFunction<Configuration> function, int trials) {
    return run(sampler, function, trials, Generations.of(1), 1, 0);
  }

  /**
   * @param slots trials that run at once
   * @param order seed of the order in which running trials end
   */
  static Trials run(
      Sampler sampler,
      ToDoubleFunction<Configuration> function,
      int trials,
      Generations generations,
      int slots,
      long order) {
    Trials book = new Trials(Goal.MINIMIZE);
    List<Integer> running = new ArrayList<>();
    Draws draws = new Draws(order, -1);
    while (book.size() < trials || !running.isEmpty()) {
      while (book.size() < trials && running.size() < slots && generations.canAsk(book)) {
        int number = book.size();
        Proposal proposal = sampler.ask(generations.beforeAsking(book), number);
        book.apply(Event.ask(number, proposal.configuration(), proposal.parent()));
        book.apply(Event.start(number));
        running.add(number);
      }
      int ended = running.remove(draws.below(running.size()));
      Configuration tried = book.get(ended).configuration();
      book.apply(Event.tell(ended, function.applyAsDouble(tried), Map.of()));
    }
    return book;
  }

  static List<Configuration> configurations(Trials trials) {
    return trials.list().stream().map(Trial::configuration).toList();
  }

  static double best(Trials trials) {
    return trials.history().best().map(Trial::score).orElse(Double.NaN);
  }

  /** Best values of several seeds, sorted. */
  static double[] bests(LongFunction<Sampler> sampler, Functions function, int seeds) {
    double[] bests = new double[seeds];
    for (int seed = 0; seed < seeds; seed++) {
      bests[seed] = best(run(sampler.apply(seed), function::at, function.trials()));
    }
    Arrays.sort(bests);
    return bests;
  }

  static double median(double[] sorted) {
    return sorted[sorted.length / 2];
  }
}
