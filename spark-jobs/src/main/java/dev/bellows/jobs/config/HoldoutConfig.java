package dev.bellows.jobs.config;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * Rows kept out of training: a fraction of the training source, a source of their own, or none.
 *
 * @param fraction share of the training source in [0, 1); 0 when there is a source or nothing is
 *     held out
 * @param stratify keep class shares (classification only)
 * @param last hold out the last rows of the training source, in file order, instead of rows drawn
 *     by the seed
 * @param source rows of their own; null otherwise
 */
public record HoldoutConfig(
    double fraction, boolean stratify, boolean last, @Nullable SourceConfig source)
    implements Serializable {

  /** Nothing held out. */
  public static final HoldoutConfig NONE = new HoldoutConfig(0, false, false, null);

  /** Whether there are any held-out rows. */
  public boolean present() {
    return fraction > 0 || source != null;
  }
}
