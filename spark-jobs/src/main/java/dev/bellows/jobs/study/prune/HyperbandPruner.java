package dev.bellows.jobs.study.prune;

import dev.bellows.jobs.study.trial.History;
import dev.bellows.jobs.study.trial.Trial;
import java.util.Optional;

/**
 * Hyperband: several brackets of successive halving, of which bracket s compares for the first time
 * after rung s, because a slow starter may be the best in the end. L. Li et al.: Hyperband, JMLR
 * 18, 2018.
 *
 * <p>Trials are dealt to the brackets in turn, by shares that give each bracket about the same
 * budget (as the paper's n = ceil((s_max + 1) / (s + 1) * eta^s)), and compared within their
 * bracket.
 *
 * @param rungs the rungs; there are as many brackets
 * @param reduction one in this many goes on
 */
public record HyperbandPruner(Rungs rungs, int reduction) implements Pruner {
  /** Checks the reduction. */
  public HyperbandPruner {
    if (reduction < 2) {
      throw new IllegalArgumentException("expected a reduction of at least 2, found " + reduction);
    }
  }

  @Override
  public Optional<String> stop(History history, Trial trial, int rung) {
    int bracket = bracket(trial.number());
    if (rungs.isLast(rung) || rung < bracket) {
      return Optional.empty();
    }
    Standing standing =
        new Standing(history, trial, rung, other -> bracket(other.number()) == bracket);
    return HalvingPruner.halve(standing, rung, reduction)
        .map(why -> "bracket " + bracket + ": " + why);
  }

  /**
   * The bracket of a trial: bracket b halves first after rung b; the last one never does.
   *
   * @param number the trial's number
   */
  public int bracket(int number) {
    // One round deals every bracket its number of trials, spread evenly (Bresenham).
    long[] shares = shares();
    long round = 0;
    for (long share : shares) {
      round += share;
    }
    long at = number % round;
    long[] dealt = new long[shares.length];
    int chosen = 0;
    for (long i = 0; i <= at; i++) {
      chosen = 0;
      for (int b = 1; b < shares.length; b++) {
        // The bracket that is furthest behind its share so far.
        if ((dealt[b] + 1) * shares[chosen] < (dealt[chosen] + 1) * shares[b]) {
          chosen = b;
        }
      }
      dealt[chosen]++;
    }
    return chosen;
  }

  private long[] shares() {
    int most = rungs.size() - 1;
    long[] shares = new long[rungs.size()];
    for (int b = 0; b <= most; b++) {
      int s = most - b;
      shares[b] = (long) Math.ceil((most + 1.0) / (s + 1) * Math.pow(reduction, s));
    }
    return shares;
  }
}
