package dev.bellows.jobs.submit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.jobs.train.ElasticRuns;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.launcher.JavaModuleOptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Dynamic allocation on a stand-alone master with two workers: a training begins on one executor,
 * gets a second one on request, and gives the first one back.
 */
@Tag("submit")
@Tag("faults")
final class ElasticClusterTest {
  private static final int SECONDS = 300;

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  static Path work;

  private static ElasticRuns runs = new ElasticRuns(Path.of(""));
  private static String log = "";

  @BeforeAll
  static void train() throws Exception {
    String classPath = ElasticRuns.classPath();
    Path home = SparkHome.assemble(work.resolve("spark"), classPath);
    runs = new ElasticRuns(work);
    try (StandaloneCluster cluster = StandaloneCluster.start(home, work.resolve("cluster"), 2)) {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(List.of(JavaModuleOptions.defaultModuleOptionArray()));
      command.addAll(List.of("-Xmx700m", "-cp", classPath));
      command.addAll(runs.command(cluster.url()));
      Map<String, String> environment =
          Map.of("SPARK_HOME", home.toString(), "SPARK_LOCAL_IP", "127.0.0.1");
      Files.createDirectories(work.resolve("runs"));
      try (Child driver = Child.start("driver", work, environment, command)) {
        int status = driver.await(SECONDS);
        log = driver.output();
        assertThat(status).as(log).isZero();
      }
    }
  }

  @Test
  void fault_12_dynamicAllocationAddsAndTakesExecutorsAndTheBytesStay() throws Exception {
    assertThat(runs.sum("grown")).as(log).isNotEmpty().isEqualTo(runs.sum("calm"));
    assertThat(runs.events("grown", "dealt"))
        .as(log)
        .anyMatch(event -> Long.valueOf(2).equals(event.get("tasks")));
    assertThat(runs.events("grown", "hand_off")).as(log).hasSize(1);
    assertThat(runs.events("grown", "failure")).as(log).isEmpty();
    assertThat(log).contains("1 worker, 1 shard (executor").contains("ACTION total=2");
  }
}
