package dev.bellows.jobs.study.trial;

import dev.bellows.jobs.space.Configuration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The trials of a study as a state machine over {@link Event}s.
 *
 * <pre>
 * ASK -> WAITING -START, REPORT-> RUNNING -TELL-> COMPLETE (FAIL when the score is not finite)
 *                                         -PRUNE-> PRUNED
 *           any that has not ended        -FAIL-> FAIL or TIMEOUT
 * </pre>
 *
 * The first event that ends a trial, and the first report of each (trial, fold, rung), count; later
 * ones change nothing: speculative tasks and replays are harmless.
 *
 * <p>Not thread-safe: the driver's study thread owns it.
 */
public final class Trials {
  private final Goal goal;
  private final List<Trial> all = new ArrayList<>();
  private final Map<Integer, Map<String, @Nullable Object>> refits = new LinkedHashMap<>();

  /** No trials yet. */
  public Trials(Goal goal) {
    this.goal = goal;
  }

  /** Whether small or large scores are wanted. */
  public Goal goal() {
    return goal;
  }

  /** The number of trials asked so far, which is the number of the next one. */
  public int size() {
    return all.size();
  }

  /** A trial. */
  public Trial get(int number) {
    if (number < 0 || number >= all.size()) {
      throw new IllegalArgumentException(
          "expected a trial in [0, %d), found %d".formatted(all.size(), number));
    }
    return all.get(number);
  }

  /** All trials in the order of asking. */
  public List<Trial> list() {
    return Collections.unmodifiableList(all);
  }

  /** What is known now. */
  public History history() {
    return new History(goal, all);
  }

  /** Details of the refits by trial, in their order. */
  public Map<Integer, Map<String, @Nullable Object>> refits() {
    return Collections.unmodifiableMap(refits);
  }

  /**
   * Applies an event.
   *
   * @return whether it changed something: only then is it worth a line in the journal
   * @throws IllegalArgumentException for a trial that was not asked, a number that was left out, or
   *     values that an event of its kind does not have
   */
  public boolean apply(Event event) {
    if (event.kind() == Event.Kind.ASK) {
      return ask(event);
    }
    Trial trial = get(event.trial());
    if (event.kind() == Event.Kind.REFIT) {
      refits.put(trial.number(), event.details());
      return true;
    }
    if (trial.state().finished()) {
      return false;
    }
    Trial next =
        switch (event.kind()) {
          case START -> start(trial);
          case REPORT -> report(trial, event);
          case PRUNE ->
              trial.with(
                  TrialState.PRUNED, trial.reached(), event.text(Event.REASON), trial.details());
          case TELL -> tell(trial, event);
          default -> fail(trial, event);
        };
    all.set(trial.number(), next);
    return !next.equals(trial);
  }

  private boolean ask(Event event) {
    Configuration configuration = Configuration.of(event.map(Event.CONFIGURATION));
    if (event.trial() < all.size()) {
      if (!get(event.trial()).configuration().equals(configuration)) {
        throw new IllegalArgumentException(
            "trial %d is asked twice, with different configurations: %s and %s"
                .formatted(event.trial(), get(event.trial()).configuration(), configuration));
      }
      return false;
    }
    if (event.trial() > all.size()) {
      throw new IllegalArgumentException(
          "expected trial %d to be asked next, found %d".formatted(all.size(), event.trial()));
    }
    OptionalInt parent =
        event.values().containsKey(Event.PARENT)
            ? OptionalInt.of(event.whole(Event.PARENT))
            : OptionalInt.empty();
    all.add(Trial.waiting(event.trial(), configuration, parent));
    return true;
  }

  private static Trial start(Trial trial) {
    return trial.state() == TrialState.RUNNING
        ? trial
        : trial.with(TrialState.RUNNING, Double.NaN, "", trial.details());
  }

  private static Trial report(Trial trial, Event event) {
    Report report =
        new Report(
            event.whole(Event.FOLD),
            event.whole(Event.RUNG),
            event.number(Event.RESOURCE),
            event.number(Event.SCORE),
            event.details());
    return trial.report(report.fold(), report.rung()).isPresent() ? trial : trial.with(report);
  }

  private static Trial tell(Trial trial, Event event) {
    double score = event.number(Event.SCORE);
    return Double.isFinite(score)
        ? trial.with(TrialState.COMPLETE, score, "", event.details())
        : trial.with(TrialState.FAIL, Double.NaN, "its score is " + score, event.details());
  }

  private static Trial fail(Trial trial, Event event) {
    TrialState state =
        Boolean.TRUE.equals(event.values().get(Event.TIMEOUT))
            ? TrialState.TIMEOUT
            : TrialState.FAIL;
    return trial.with(state, Double.NaN, event.text(Event.REASON), trial.details());
  }
}
