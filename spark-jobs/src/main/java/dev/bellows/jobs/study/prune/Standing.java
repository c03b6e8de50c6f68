package dev.bellows.jobs.study.prune;

import dev.bellows.jobs.study.trial.History;
import dev.bellows.jobs.study.trial.Trial;
import java.util.Arrays;

/** How a trial stands among those that reached the same rung. */
final class Standing {
  private final double own;
  private final double[] others; // sorted losses

  /** {@code among} tells which trials count beside the trial itself. */
  Standing(History history, Trial trial, int rung, java.util.function.Predicate<Trial> among) {
    this.own = loss(history, trial, rung);
    this.others =
        history.trials().stream()
            .filter(t -> t.number() != trial.number() && among.test(t))
            .filter(t -> t.scoreAt(rung).isPresent())
            .mapToDouble(t -> loss(history, t, rung))
            .sorted()
            .toArray();
  }

  /** The mean over the folds as a loss: NaN of one fold makes it infinite. */
  static double loss(History history, Trial trial, int rung) {
    return history.goal().loss(trial.scoreAt(rung).orElse(Double.NaN));
  }

  /** Whether the trial has no score that is a number. */
  boolean isLost() {
    return own == Double.POSITIVE_INFINITY;
  }

  int others() {
    return others.length;
  }

  /** The place among all, from 1; equal losses share the better place. */
  int place() {
    return 1 + (int) Arrays.stream(others).filter(loss -> loss < own).count();
  }

  /** Whether the trial is worse than a share of the others, linearly interpolated. */
  boolean isBehind(double share) {
    double at = share * (others.length - 1);
    int below = (int) at;
    double low = others[below];
    double high = others[Math.min(others.length - 1, below + 1)];
    // A difference of infinities has no meaning: without the guard a NaN would end no trial.
    double bound = low == high ? low : low + (at - below) * (high - low);
    return own > bound;
  }
}
