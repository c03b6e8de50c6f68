package dev.bellows.jobs.source;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import org.jspecify.annotations.Nullable;

/**
 * Data that cannot be used (exit code 4): the message says what was expected, what was found and
 * where (file, line, column).
 */
public final class DataException extends BellowsException {
  private static final long serialVersionUID = 1L;

  public DataException(String message) {
    super(ExitCode.DATA, message);
  }

  public DataException(String message, @Nullable Throwable cause) {
    super(ExitCode.DATA, message, cause);
  }
}
