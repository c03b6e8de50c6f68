package dev.bellows.jobs.train;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsErrorCode.Remedy;
import dev.bellows.ps.protocol.PsException;
import org.jspecify.annotations.Nullable;

/** Refusals of the parameter server that would come again for ever: a wrong secret, no room. */
final class Refusals {
  private Refusals() {}

  /**
   * How the run ends for a refusal.
   *
   * @return null when the request may be tried again, or after a roll-back; a gradient that is not
   *     finite is another matter and gives null, too
   */
  static @Nullable BellowsException hopeless(PsException e) {
    PsErrorCode code = e.code();
    if (code.remedy() != Remedy.FAIL
        || code == PsErrorCode.DIVERGED
        || code == PsErrorCode.NO_SUCH_SNAPSHOT) { // a server that was restored holds none
      return null;
    }
    ExitCode exit =
        switch (code) {
          case NOT_AUTHENTICATED -> ExitCode.AUTHENTICATION;
          case QUOTA -> ExitCode.MEMORY_OR_DISK;
          default -> ExitCode.CLUSTER;
        };
    return new BellowsException(exit, "the parameter server refused: " + e.getMessage(), e);
  }

  /** A task met a hopeless refusal; Spark carries its class and message to the driver. */
  static final class TaskRefused extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final String SEPARATOR = ": ";

    TaskRefused(PsException e) {
      super(e.code() + SEPARATOR + e.getMessage(), e);
    }

    /** The refusal that a message tells of. */
    static PsException parse(String message) {
      String[] parts = message.split(SEPARATOR, 2);
      return new PsException(PsErrorCode.valueOf(parts[0]), parts.length > 1 ? parts[1] : "");
    }
  }
}
