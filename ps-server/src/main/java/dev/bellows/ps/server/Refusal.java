package dev.bellows.ps.server;

import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.MessageCodec;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;

/** A request that is answered with {@link Message.Failure}. */
final class Refusal extends PsException {
  private static final long serialVersionUID = 1L;

  private final long step;
  private final int slice;

  Refusal(PsErrorCode code, String detail) {
    this(code, -1, -1, detail);
  }

  Refusal(PsErrorCode code, long step, int slice, String detail) {
    super(code, detail);
    this.step = step;
    this.slice = slice;
  }

  Message.Failure answer() {
    return failure(code(), step, slice, String.valueOf(getMessage()));
  }

  static Message.Failure failure(PsErrorCode code, long step, int slice, String detail) {
    return new Message.Failure(
        code,
        step,
        slice,
        detail.length() <= MessageCodec.MAX_DETAIL_LENGTH
            ? detail
            : detail.substring(0, MessageCodec.MAX_DETAIL_LENGTH));
  }
}
