package dev.bellows.ps.client;

import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
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
}
