package dev.bellows.jobs.config;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * The column to be learnt.
 *
 * @param name column name; IDX and LibSVM sources call it {@code label}
 * @param classes number of classes; 0: counted
 * @param positive the class that counts as 1 in binary metrics; null: the last in sorted order
 * @param unseen what a held-out row of an unseen class does
 * @param scale scaling of a regression target, undone in metrics and predictions
 */
public record TargetConfig(
    String name, int classes, @Nullable String positive, Unseen unseen, Scale scale)
    implements Serializable {

  /** Held-out rows whose class training did not show. */
  public enum Unseen {
    FAIL,
    IGNORE
  }

  /** Scaling of regression targets. */
  public enum Scale {
    NONE,
    STANDARD
  }
}
