package dev.bellows.ps.protocol;

/**
 * An error of the parameter server with its code; the message says what was expected, found, where
 * and what to do.
 */
public class PsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final PsErrorCode code;

  /** An error without a cause. */
  public PsException(PsErrorCode code, String message) {
    super(message);
    this.code = code;
  }

  /** An error with a cause. */
  public PsException(PsErrorCode code, String message, Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  /** The error's code. */
  public final PsErrorCode code() {
    return code;
  }
}
