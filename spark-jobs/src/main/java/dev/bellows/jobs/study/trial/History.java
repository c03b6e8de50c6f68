package dev.bellows.jobs.study.trial;

import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What may be known when a decision is made. Immutable; trials in the order of their numbers.
 *
 * @param goal whether small or large scores are wanted
 * @param trials finished and running ones
 */
public record History(Goal goal, List<Trial> trials) {
  /** Sorts the trials by number. */
  public History {
    trials = trials.stream().sorted(Comparator.comparingInt(Trial::number)).toList();
  }

  /** Trials that ended, in whatever way. */
  public List<Trial> finished() {
    return trials.stream().filter(t -> t.state().finished()).toList();
  }

  /** Trials that have not ended, or whose end may not be known yet. */
  public List<Trial> pending() {
    return trials.stream().filter(t -> !t.state().finished()).toList();
  }

  /** Trials in a state. */
  public List<Trial> in(TrialState state) {
    return trials.stream().filter(t -> t.state() == state).toList();
  }

  /** The canonical texts of all configurations, whatever became of them. */
  public Set<String> configurations() {
    Set<String> all = new HashSet<>();
    trials.forEach(t -> all.add(t.configuration().canonical()));
    return all;
  }

  /**
   * The complete trial with the best score; of equal ones the one asked first. A trial whose score
   * is not a number is never the best.
   */
  public Optional<Trial> best() {
    return trials.stream()
        .filter(t -> t.state() == TrialState.COMPLETE && !Double.isNaN(t.score()))
        .min(
            Comparator.<Trial>comparingDouble(t -> goal.loss(t.score()))
                .thenComparingInt(Trial::number));
  }

  /** A trial's loss: smaller is better, infinite for one without a score. */
  public double loss(Trial trial) {
    return goal.loss(trial.score());
  }
}
