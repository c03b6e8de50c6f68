package dev.bellows.ps.client;

import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;

/**
 * This client was replaced: a newer task joined for its slices, or the run is two or more steps, or
 * an incarnation, ahead. The task ends quietly.
 */
public final class StaleException extends PsException {
  private static final long serialVersionUID = 1L;

  StaleException(PsErrorCode code, String message) {
    super(code, message);
  }
}
