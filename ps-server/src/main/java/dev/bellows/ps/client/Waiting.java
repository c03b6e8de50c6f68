package dev.bellows.ps.client;

import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Drives non-blocking operations in real time: short spin, then park; looks at interruption and
 * cancellation.
 */
final class Waiting {
  private static final long SPIN_NANOS = 500_000;
  private static final long PARK_NANOS = 50_000_000;

  /** A non-blocking operation. */
  @FunctionalInterface
  interface Operation {
    /** Does what is due at this time; true when done. */
    boolean advance(long now);
  }

  private Waiting() {}

  /** Advances until done; returns the nanoseconds it took. */
  static long until(
      Operation operation, Calls calls, ClientOptions options, LongSupplier nanoTime) {
    long start = nanoTime.getAsLong();
    long now = start;
    while (true) {
      long seen = calls.signal();
      if (operation.advance(now)) {
        return nanoTime.getAsLong() - start;
      }
      if (Thread.currentThread().isInterrupted() || options.cancelled().getAsBoolean()) {
        calls.begin();
        throw new PsException(
            PsErrorCode.CANCELLED, options.name() + " was cancelled while it waited for shards");
      }
      calls.await(seen, SPIN_NANOS, PARK_NANOS);
      now = nanoTime.getAsLong();
    }
  }

  /**
   * Waits for the answers to all calls.
   *
   * @param what what they are for: a timeout says it
   * @return the nanoseconds it took
   */
  static long forAnswers(String what, Calls calls, ClientOptions options, LongSupplier nanoTime) {
    long start = nanoTime.getAsLong();
    long deadline = options.stepDeadline().toNanos();
    return until(
        now -> {
          calls.advance(now);
          Message.Failure failure = calls.failure();
          if (failure != null) {
            throw Failures.exception(options, calls.failedShard(), failure);
          }
          if (calls.allDone()) {
            return true;
          }
          if (now - start > deadline) {
            throw timeout(what, deadline, calls, options);
          }
          return false;
        },
        calls,
        options,
        nanoTime);
  }

  private static PsTimeoutException timeout(
      String what, long deadlineNanos, Calls calls, ClientOptions options) {
    List<String> parts = new ArrayList<>();
    boolean[] silent = calls.silentShards();
    for (int shard = 0; shard < silent.length; shard++) {
      if (silent[shard]) {
        String down = calls.downReason(shard);
        parts.add(
            "shard "
                + shard
                + " at "
                + options.placement().get(shard)
                + (down == null ? "" : " (" + down + ")"));
      }
    }
    return new PsTimeoutException(
        -1,
        what
            + String.format(Locale.ROOT, " waited %.1f s for ", deadlineNanos / 1e9)
            + String.join(", ", parts));
  }
}
