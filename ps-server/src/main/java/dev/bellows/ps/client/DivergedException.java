package dev.bellows.ps.client;

import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;

/** A gradient was NaN or infinite; the step was not applied. */
public final class DivergedException extends PsException {
  private static final long serialVersionUID = 1L;

  private final long step;
  private final int slice;

  DivergedException(long step, int slice, String message) {
    super(PsErrorCode.DIVERGED, message);
    this.step = step;
    this.slice = slice;
  }

  /** The step. */
  public long step() {
    return step;
  }

  /** First slice that was not finite, or -1 when only the sum over slices overflowed. */
  public int slice() {
    return slice;
  }
}
