package dev.bellows.jobs.cluster;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.Meter;
import com.codahale.metrics.MetricRegistry;
import dev.bellows.ps.server.Counter;
import dev.bellows.ps.server.ServerTotals;
import dev.bellows.ps.transport.TransportCounter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * What this process tells Spark's metrics system ({@code /metrics/json} and every configured sink):
 * what its tasks did and what its shard servers hold and counted. {@code docs/counters.md} lists
 * all names. Static because Spark gives tasks of one executor no other common place.
 */
public final class Meters {
  private static final double NANOS_PER_MS = 1e6;

  private static final Meter STEPS = new Meter();
  private static final Meter ROWS = new Meter();
  private static final Meter BYTES = new Meter();
  private static final com.codahale.metrics.Counter WAIT_NANOS = new com.codahale.metrics.Counter();
  private static final com.codahale.metrics.Counter UNDER_WAY_NANOS =
      new com.codahale.metrics.Counter();
  private static final com.codahale.metrics.Counter STEP_NANOS = new com.codahale.metrics.Counter();

  private Meters() {}

  /**
   * A task of this process has taken a step.
   *
   * @param rows rows computed
   * @param bytes bytes of numbers sent and received
   * @param nanos time of the step
   * @param waitNanos the part of it that was spent waiting for shards
   * @param underWayNanos time in which something of a step was under way to shards and back
   */
  public static void step(long rows, long bytes, long nanos, long waitNanos, long underWayNanos) {
    STEPS.mark();
    ROWS.mark(rows);
    BYTES.mark(bytes);
    STEP_NANOS.inc(nanos);
    WAIT_NANOS.inc(waitNanos);
    UNDER_WAY_NANOS.inc(underWayNanos);
  }

  /** Adds everything to a registry of Spark's; a name that is there already stays. */
  static void register(MetricRegistry registry) {
    add(registry, "task.steps", STEPS);
    add(registry, "task.rows", ROWS);
    add(registry, "task.bytes", BYTES);
    gauges().forEach((name, value) -> add(registry, name, (Gauge<Long>) value::getAsLong));
  }

  private static void add(
      MetricRegistry registry, String name, com.codahale.metrics.Metric metric) {
    if (!registry.getMetrics().containsKey(name)) {
      registry.register(name, metric);
    }
  }

  /** The values that are looked up when somebody asks, by name. */
  static Map<String, LongSupplier> gauges() {
    Map<String, LongSupplier> all = new LinkedHashMap<>();
    all.put("task.step_ms", () -> Math.round(STEP_NANOS.getCount() / NANOS_PER_MS));
    all.put("task.wait_ms", () -> Math.round(WAIT_NANOS.getCount() / NANOS_PER_MS));
    all.put("task.under_way_ms", () -> Math.round(UNDER_WAY_NANOS.getCount() / NANOS_PER_MS));
    all.put("server.shards", () -> totals().shards());
    all.put("server.replicated", () -> totals().replicated());
    all.put("server.refused", () -> totals().refused());
    for (Counter counter : Counter.values()) {
      all.put("server." + name(counter), () -> totals().of(counter));
    }
    for (TransportCounter counter : TransportCounter.values()) {
      all.put("transport." + name(counter), () -> ExecutorHost.counter(counter));
    }
    return all;
  }

  private static ServerTotals totals() {
    return Connectors.totals().plus(ExecutorHost.totals());
  }

  private static String name(Enum<?> counter) {
    return counter.name().toLowerCase(Locale.ROOT);
  }
}
