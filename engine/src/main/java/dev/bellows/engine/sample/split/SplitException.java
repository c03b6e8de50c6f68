package dev.bellows.engine.sample.split;

/**
 * A split that this data can't give: the message says what was asked for, what the data holds, and
 * the largest number that is possible.
 */
public final class SplitException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Where the remedy is. */
  public enum Cause {
    /** Another setting helps: a problem of the configuration. */
    REQUEST,
    /** The rows contradict themselves: a problem of the data. */
    DATA
  }

  private final Cause kind;
  private final String setting;
  private final long largest;

  private SplitException(Cause kind, String setting, long largest, String message) {
    super(message);
    this.kind = kind;
    this.setting = setting;
    this.largest = largest;
  }

  static SplitException request(String setting, long largest, String message) {
    String most =
        largest > 0 ? " (largest possible: " + largest + ")" : " (no number of folds is possible)";
    return new SplitException(Cause.REQUEST, setting, largest, message + most);
  }

  static SplitException data(String message) {
    return new SplitException(Cause.DATA, "", 0, message);
  }

  /** Whether the request or the data is at fault. */
  public Cause kind() {
    return kind;
  }

  /** The setting that asks for too much, such as folds; empty when the data is at fault. */
  public String setting() {
    return setting;
  }

  /** The largest value of the setting that this data allows; 0: none does. */
  public long largest() {
    return largest;
  }
}
