package dev.bellows.jobs;

import org.jspecify.annotations.Nullable;

/**
 * A failure that the user can act on: its message says what was expected, what was found, where,
 * and what to do; the exit code says which part failed. The command line prints the message in one
 * line and the stack trace only under {@code -v}.
 */
public class BellowsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ExitCode exitCode;

  public BellowsException(ExitCode exitCode, String message) {
    super(message);
    this.exitCode = exitCode;
  }

  public BellowsException(ExitCode exitCode, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  /** The exit status of the command that this ends. */
  public final ExitCode exitCode() {
    return exitCode;
  }
}
