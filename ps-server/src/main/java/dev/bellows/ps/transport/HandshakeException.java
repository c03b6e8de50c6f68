package dev.bellows.ps.transport;

import java.io.IOException;

/** A connection could not be opened because the two ends do not trust or understand each other. */
public final class HandshakeException extends IOException {

  private static final long serialVersionUID = 1L;

  /** Why, as far as this end may know. */
  public enum Reason {
    /** The secrets differ, or the other end could not prove it. Maps to exit code 9. */
    REFUSED,
    /** Another release at the other end. */
    VERSION,
    /** One end wants its frames encrypted, the other does not. Maps to exit code 9. */
    ENCRYPTION,
    /** Something else listens there. */
    NOT_BELLOWS
  }

  private final Reason reason;

  HandshakeException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** Returns why. */
  public Reason reason() {
    return reason;
  }
}
