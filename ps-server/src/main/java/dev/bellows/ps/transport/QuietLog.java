package dev.bellows.ps.transport;

import java.util.function.LongSupplier;
import org.slf4j.Logger;

/**
 * A logger for events that strangers can cause: at most one line a second, with a count of the
 * rest.
 */
final class QuietLog {

  private static final long INTERVAL_NANOS = 1_000_000_000L;

  private final Logger log;
  private final LongSupplier nanoTime;
  private boolean started;
  private long lastNanos;
  private long suppressed;

  QuietLog(Logger log, LongSupplier nanoTime) {
    this.log = log;
    this.nanoTime = nanoTime;
  }

  synchronized void warn(String message) {
    long now = nanoTime.getAsLong();
    if (started && now - lastNanos < INTERVAL_NANOS) {
      suppressed++;
      return;
    }
    started = true;
    lastNanos = now;
    if (suppressed > 0) {
      log.warn("{} (and {} more like it since the last line)", message, suppressed);
    } else {
      log.warn("{}", message);
    }
    suppressed = 0;
  }
}
