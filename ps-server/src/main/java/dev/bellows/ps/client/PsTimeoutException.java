package dev.bellows.ps.client;

import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;

/** A wait that passed its deadline; the message names step, slices, shard and who is late. */
public final class PsTimeoutException extends PsException {
  private static final long serialVersionUID = 1L;

  private final long step;

  PsTimeoutException(long step, String message) {
    super(PsErrorCode.TIMEOUT, message);
    this.step = step;
  }

  /** The step that was waited for. */
  public long step() {
    return step;
  }
}
