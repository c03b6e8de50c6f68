package dev.bellows.ps.client;

import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsException;

/** Refusals as exceptions. */
final class Failures {
  private Failures() {}

  static PsException exception(ClientOptions options, int shard, Message.Failure failure) {
    String message =
        failure.detail() + " (shard " + shard + " at " + options.placement().get(shard) + ")";
    return switch (failure.code()) {
      case STALE_INCARNATION, STALE_STEP, REPLACED -> new StaleException(failure.code(), message);
      case DIVERGED -> new DivergedException(failure.step(), failure.slice(), message);
      default -> new PsException(failure.code(), message);
    };
  }
}
