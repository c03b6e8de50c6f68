package dev.bellows.ps.transport;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A {@link ShardHost} could not start; the message says what to do. */
public final class ShardHostException extends IOException {

  private static final long serialVersionUID = 1L;

  /** Why. */
  public enum Reason {
    /** Another address than loopback, and no secret. */
    NO_SECRET,
    /** Every port that was tried is in use. */
    PORT_IN_USE,
    /** The bind address is unknown here, or the system refused for another reason. */
    CANNOT_BIND
  }

  private final Reason reason;

  ShardHostException(Reason reason, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  /** Returns why. */
  public Reason reason() {
    return reason;
  }
}
