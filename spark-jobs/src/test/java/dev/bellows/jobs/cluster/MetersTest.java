package dev.bellows.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import dev.bellows.ps.server.Counter;
import dev.bellows.ps.transport.TransportCounter;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.api.plugin.PluginContext;
import org.junit.jupiter.api.Test;

/** What Spark's metrics system is told, and the page that lists it. */
class MetersTest {
  private static final Pattern CONSTANT =
      Pattern.compile("/\\*\\*((?:(?!\\*/).)*)\\*/\\s*([A-Z][A-Z_]+)\\((\\d+)\\)", Pattern.DOTALL);

  /** The registry that the driver of local mode fills; the other calls of a context fail. */
  private static MetricRegistry registry() {
    MetricRegistry registry = new MetricRegistry();
    PluginContext context =
        (PluginContext)
            Proxy.newProxyInstance(
                MetersTest.class.getClassLoader(),
                new Class<?>[] {PluginContext.class},
                (proxy, method, arguments) ->
                    switch (method.getName()) {
                      case "metricRegistry" -> registry;
                      case "executorID" -> "driver";
                      default -> throw new UnsupportedOperationException(method.getName());
                    });
    BellowsPlugin plugin = new BellowsPlugin();
    plugin.executorPlugin().init(context, Map.of());
    plugin.driverPlugin().registerMetrics("app", context);
    return registry;
  }

  private static long gauge(MetricRegistry registry, String name) {
    return ((Gauge<?>) registry.getMetrics().get(name)).getValue() instanceof Long value
        ? value
        : -1;
  }

  @Test
  void stepsOfTasksReachTheRegistry() {
    MetricRegistry registry = registry();
    long steps = registry.meter("task.steps").getCount();
    long rows = registry.meter("task.rows").getCount();
    long bytes = registry.meter("task.bytes").getCount();
    long step = gauge(registry, "task.step_ms");
    long wait = gauge(registry, "task.wait_ms");
    long underWay = gauge(registry, "task.under_way_ms");
    Meters.step(32, 4096, 7_000_000, 2_000_000, 3_000_000);
    Meters.step(32, 4096, 5_000_000, 1_000_000, 4_000_000);
    assertThat(registry.meter("task.steps").getCount() - steps).isEqualTo(2);
    assertThat(registry.meter("task.rows").getCount() - rows).isEqualTo(64);
    assertThat(registry.meter("task.bytes").getCount() - bytes).isEqualTo(8192);
    assertThat(gauge(registry, "task.step_ms") - step).isBetween(11L, 13L);
    assertThat(gauge(registry, "task.wait_ms") - wait).isBetween(2L, 4L);
    assertThat(gauge(registry, "task.under_way_ms") - underWay).isBetween(6L, 8L);
    assertThat(gauge(registry, "server.shards")).isNotNegative();
  }

  @Test
  void pageListsEveryNameWithTheMeaningThatTheSourceGives() throws Exception {
    String page = Files.readString(Path.of("../docs/counters.md"));
    List<String> rows = new ArrayList<>(page.lines().filter(l -> l.startsWith("| `")).toList());
    List<String> named = rows.stream().map(row -> row.split("`")[1]).toList();
    assertThat(named)
        .containsExactlyInAnyOrderElementsOf(registry().getMetrics().keySet())
        .doesNotHaveDuplicates();
    Path sources = Path.of("../ps-server/src/main/java/dev/bellows/ps");
    assertThat(rows)
        .containsAll(rows(sources.resolve("server/Counter.java"), "server"))
        .containsAll(rows(sources.resolve("transport/TransportCounter.java"), "transport"));
    assertThat(rows(sources.resolve("server/Counter.java"), "server"))
        .hasSize(Counter.values().length);
    assertThat(rows(sources.resolve("transport/TransportCounter.java"), "transport"))
        .hasSize(TransportCounter.values().length);
  }

  /** The rows that an enum's Javadoc asks for. */
  private static List<String> rows(Path source, String group) throws Exception {
    List<String> rows = new ArrayList<>();
    String text = Files.readString(source);
    Matcher m = CONSTANT.matcher(text.substring(text.indexOf('{')));
    while (m.find()) {
      rows.add(
          "| `%s.%s` | %s | %s |"
              .formatted(
                  group,
                  m.group(2).toLowerCase(Locale.ROOT),
                  m.group(3),
                  m.group(1).replaceAll("\\s*\n\\s*\\*\\s*", " ").trim()));
    }
    return rows;
  }
}
