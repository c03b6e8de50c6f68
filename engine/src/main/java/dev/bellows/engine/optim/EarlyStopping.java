package dev.bellows.engine.optim;

/**
 * Stops when a validation score has not improved for {@code patience} epochs and says which epoch
 * to restore (L. Prechelt: Early Stopping - But When?, 1998; TRN-33). Immutable: observing returns
 * the next state, so that a resumed run continues from a stored one.
 *
 * @param maximize whether larger is better
 * @param patience epochs without improvement that are borne, 1 or more
 * @param minDelta improvement that counts, 0 or more
 * @param bestEpoch epoch of the best score so far, -1 before the first
 * @param best the best score, NaN before the first
 * @param waited epochs since the best
 */
public record EarlyStopping(
    boolean maximize, int patience, double minDelta, long bestEpoch, double best, int waited) {

  /** Checks the numbers. */
  public EarlyStopping {
    Checks.atLeast("patience", 1, patience);
    Checks.nonNegative("min_delta", minDelta);
    Checks.atLeast("waited", 0, waited);
  }

  /** A rule that has seen nothing. */
  public static EarlyStopping start(boolean maximize, int patience, double minDelta) {
    return new EarlyStopping(maximize, patience, minDelta, -1, Double.NaN, 0);
  }

  /** The state after an epoch's score; a NaN score is no improvement. */
  public EarlyStopping observe(long epoch, double score) {
    if (improves(score)) {
      return new EarlyStopping(maximize, patience, minDelta, epoch, score, 0);
    }
    return new EarlyStopping(maximize, patience, minDelta, bestEpoch, best, waited + 1);
  }

  /** Whether a score would become the best. */
  public boolean improves(double score) {
    if (Double.isNaN(score)) {
      return false;
    }
    return Double.isNaN(best) || (maximize ? score > best + minDelta : score < best - minDelta);
  }

  /** Whether the run ends now; the weights of {@link #bestEpoch()} are then restored. */
  public boolean stop() {
    return waited >= patience;
  }
}
