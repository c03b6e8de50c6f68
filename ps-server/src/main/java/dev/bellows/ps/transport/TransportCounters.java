package dev.bellows.ps.transport;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/** The counters of one host; written by its event loop, readable by any thread. */
final class TransportCounters {

  private final Map<TransportCounter, AtomicLong> values = new EnumMap<>(TransportCounter.class);

  TransportCounters() {
    for (TransportCounter counter : TransportCounter.values()) {
      values.put(counter, new AtomicLong());
    }
  }

  void add(TransportCounter counter, long amount) {
    of(counter).addAndGet(amount);
  }

  void increment(TransportCounter counter) {
    add(counter, 1);
  }

  long get(TransportCounter counter) {
    return of(counter).get();
  }

  Map<TransportCounter, Long> snapshot() {
    Map<TransportCounter, Long> result = new EnumMap<>(TransportCounter.class);
    for (TransportCounter counter : TransportCounter.values()) {
      result.put(counter, get(counter));
    }
    return result;
  }

  private AtomicLong of(TransportCounter counter) {
    return Objects.requireNonNull(values.get(counter));
  }
}
