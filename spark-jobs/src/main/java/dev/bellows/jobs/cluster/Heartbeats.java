package dev.bellows.jobs.cluster;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Who was heard of when, by a clock that does not count the driver's own pauses: a driver that
 * stood still (a long garbage collection, a suspended machine) heard of nobody, and nobody is
 * silent because of that. Not safe for use by several threads.
 */
final class Heartbeats {
  /** Between two looks more time than this is a pause of the looking process itself. */
  static final long OWN_PAUSE_NANOS = 1_000_000_000L;

  private final Map<String, Long> heard = new LinkedHashMap<>();
  private long lastLook;
  private boolean looked;

  /** A sign of life. */
  void heard(String id, long now) {
    heard.put(id, now);
  }

  /** Nobody waits for signs of this one any more. */
  void forget(String id) {
    heard.remove(id);
  }

  void clear() {
    heard.clear();
    looked = false;
  }

  /**
   * Those who were silent for longer than a limit. To be called several times a second.
   *
   * @param now the monotonic clock
   * @param limitNanos longest silence
   */
  List<String> silent(long now, long limitNanos) {
    long own = looked ? now - lastLook : 0;
    looked = true;
    lastLook = now;
    if (own > OWN_PAUSE_NANOS) {
      heard.replaceAll((id, time) -> Math.min(now, time + own));
    }
    List<String> silent = new ArrayList<>();
    heard.forEach(
        (id, time) -> {
          if (now - time > limitNanos) {
            silent.add(id);
          }
        });
    return silent;
  }
}
