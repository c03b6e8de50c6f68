package dev.bellows.jobs.study.trial;

import dev.bellows.jobs.space.Configuration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Which trials a decision may look at. Trials come in generations of a fixed size: a question of
 * generation g sees the results of earlier generations only, and of its own the configurations that
 * were asked before. So neither the number of slots nor the order in which trials end can change
 * the search. Asynchronous, everything that has ended is seen: no slot waits for the end of a
 * generation, and two runs may differ.
 *
 * @param size trials per generation, 1 or more; 1 makes the search sequential
 * @param asynchronous whether results count as soon as they are there
 */
public record Generations(int size, boolean asynchronous) {
  /** Checks the size. */
  public Generations {
    if (size < 1) {
      throw new IllegalArgumentException("expected at least 1 trial per generation, found " + size);
    }
  }

  /** Generations that make the search reproducible. */
  public static Generations of(int size) {
    return new Generations(size, false);
  }

  /** The first trial of the generation of a trial. */
  public int first(int number) {
    return number / size * size;
  }

  /** Whether the next trial can be asked now: everything that its question sees has ended. */
  public boolean canAsk(Trials trials) {
    if (asynchronous) {
      return true;
    }
    int first = first(trials.size());
    return trials.list().subList(0, first).stream().allMatch(t -> t.state().finished());
  }

  /**
   * What the question for the next trial sees.
   *
   * @throws IllegalStateException when {@link #canAsk} is false
   */
  public History beforeAsking(Trials trials) {
    if (asynchronous) {
      return trials.history();
    }
    if (!canAsk(trials)) {
      throw new IllegalStateException(
          "trial %d can't be asked: trials of earlier generations still run"
              .formatted(trials.size()));
    }
    int first = first(trials.size());
    List<Trial> visible = new ArrayList<>();
    for (Trial trial : trials.list()) {
      visible.add(trial.number() < first ? trial : asAsked(trial));
    }
    return new History(trials.goal(), visible);
  }

  private static Trial asAsked(Trial trial) {
    Configuration configuration = trial.configuration();
    return Trial.waiting(trial.number(), configuration, trial.parent());
  }

  /**
   * Whether it can be decided now if a trial goes on after a rung: all of its generation have
   * reported that rung for all folds, or ended before. A generation must have been asked as a whole
   * before the first of these decisions: a trial asked later would have been company.
   *
   * @param folds reports that a rung of a trial consists of
   */
  public boolean canDecide(Trials trials, int number, int rung, int folds) {
    if (asynchronous) {
      return true;
    }
    int first = first(number);
    int end = Math.min(first + size, trials.size());
    return trials.list().subList(first, end).stream()
        .allMatch(
            t ->
                t.state().finished()
                    || t.reports().stream().filter(r -> r.rung() == rung).count() >= folds);
  }

  /**
   * What the decision whether a trial goes on after a rung sees: earlier generations whole, its own
   * up to that rung.
   */
  public History beforeDeciding(Trials trials, int number, int rung) {
    if (asynchronous) {
      return trials.history();
    }
    int first = first(number);
    List<Trial> visible = new ArrayList<>();
    for (Trial trial : trials.list()) {
      if (trial.number() < first) {
        visible.add(trial);
      } else if (trial.number() < first + size) {
        visible.add(running(trial.upTo(rung)));
      }
    }
    return new History(trials.goal(), visible);
  }

  // Whether a neighbour has ended by now depends on timing; that it failed does not count.
  private static Trial running(Trial trial) {
    return new Trial(
        trial.number(),
        trial.configuration(),
        trial.parent(),
        TrialState.RUNNING,
        Double.NaN,
        "",
        trial.reports(),
        Map.of());
  }
}
