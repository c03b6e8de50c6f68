package dev.bellows.ps.server;

import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.Target;

/** Counts the requests of a namespace that are answered later, and bounds them. */
final class Deferred {
  private final Target target;
  private final int limit;
  private final long[] counters;

  Deferred(Target target, int limit, long[] counters) {
    this.target = target;
    this.limit = limit;
    this.counters = counters;
  }

  /**
   * Lets a request wait; one that waits already, because it was sent again, is noted once.
   *
   * @throws Refusal QUOTA when too many wait
   */
  void wait(Waiters waiters, long connection, long request) {
    if (counters[Counter.WAITING.id()] >= limit) {
      throw new Refusal(
          PsErrorCode.QUOTA,
          target + " has " + limit + " waiting requests, the limit of this server");
    }
    if (waiters.add(connection, request)) {
      counters[Counter.WAITING.id()]++;
    }
  }

  /** Gives all of them the same answer; returns how many there were. */
  int answer(Waiters waiters, Message answer, Effects out) {
    int n = waiters.answer(answer, out);
    counters[Counter.WAITING.id()] -= n;
    return n;
  }

  /** Forgets those of a connection that is gone. */
  void forget(Waiters waiters, long connection) {
    counters[Counter.WAITING.id()] -= waiters.forget(connection);
  }
}
