package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.model.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Coded gradients on executor processes, on an encrypted wire: an executor with a shard and the
 * residuals of its units is killed, a driver is killed, and the run goes on elsewhere. The bytes
 * are those of one undisturbed task. About a minute; run by {@code -Pfaults}.
 */
@Tag("cluster")
@Tag("faults")
class CompressedFaultsTest {
  private static final String SEALED =
      "spark.authenticate=true spark.network.crypto.enabled=true"
          + " spark.authenticate.secret=a-secret-of-this-test";
  private static final String CLUSTER = "local-cluster[2,1,700]";

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  static Path temp;

  private static Path runs;
  private static Map<String, String> sums;
  private static String log;

  @BeforeAll
  static void train() throws Exception {
    runs = temp.resolve("runs");
    String yaml = TinyData.adam(TinyData.write(temp.resolve("data")));
    Path bf16 = compressed(yaml, "bf16: {units: 4}");
    Path topk = compressed(yaml, "topk: {units: 2, share: 0.05, down_share: 0.1}");
    List<String> first = List.of(line("resumed", CLUSTER, topk, 2, 2, "driver.segment:10:kill"));
    try (DriverProcess driver = DriverProcess.start(temp.resolve("a"), runs, first)) {
      driver.await(300);
      assertThat(driver.process().exitValue()).isEqualTo(137);
    }
    List<String> second = new ArrayList<>();
    second.add(line("killed-bf16", CLUSTER, bf16, 2, 2, "task.step:13:kill:" + temp.resolve("m1")));
    second.add(line("killed-topk", CLUSTER, topk, 2, 3, "task.push:17:kill:" + temp.resolve("m2")));
    second.add(line("resumed", "local[2]", topk, 1, 3, ""));
    second.add(line("calm-bf16", "local[2]", bf16, 1, 1, ""));
    second.add(line("calm-topk", "local[2]", topk, 2, 2, ""));
    try (DriverProcess driver = DriverProcess.start(temp.resolve("b"), runs, second)) {
      driver.await(400);
      log = driver.log();
      sums = driver.results(second.stream().map(l -> l.split(" ")[0]).toList());
    }
  }

  private static Path compressed(String yaml, String codec) throws IOException {
    Path file = temp.resolve(codec.substring(0, 4) + ".yaml");
    String settings = "distributed: {compression: {" + codec + "}, ";
    return Files.writeString(file, yaml.replace("distributed: {", settings));
  }

  private static String line(
      String name, String master, Path config, int workers, int shards, String fail) {
    return "%s | %s | %s | distributed.workers=%d distributed.shards=%d | %s | %s"
        .formatted(name, master, config, workers, shards, fail, SEALED);
  }

  @Test
  void killedExecutorsWithShardsAndResidualsCostTheSegmentAndNoByte() throws Exception {
    for (String codec : List.of("bf16", "topk")) {
      assertThat(sums.get("killed-" + codec)).as(log).isEqualTo(sums.get("calm-" + codec));
      assertThat(ledger("killed-" + codec)).isEqualTo(ledger("calm-" + codec));
      assertThat(rollBacks("killed-" + codec)).as(log).hasSize(1);
    }
    assertThat(rollBacks("killed-bf16").get(0).get("to")).as(log).isEqualTo(10L);
    assertThat(log).contains("executor, replica 0").contains("AES-256-GCM");
  }

  @Test
  void resumedWithOtherTasksAndShardsFromCheckpointedResiduals() throws Exception {
    assertThat(sums.get("resumed")).as(log).isEqualTo(sums.get("calm-topk"));
    assertThat(ledger("resumed")).isEqualTo(ledger("calm-topk"));
  }

  private static String ledger(String run) throws IOException {
    return Files.readString(runs.resolve(run).resolve("steps.ledger"));
  }

  private static List<Map<String, Object>> rollBacks(String run) throws IOException {
    List<Map<String, Object>> found = new ArrayList<>();
    for (String line : Files.readAllLines(runs.resolve(run).resolve("events.jsonl"))) {
      Map<String, Object> event = Json.parseObject(line, "events.jsonl");
      if ("roll_back".equals(event.get("event"))) {
        found.add(event);
      }
    }
    return found;
  }
}
