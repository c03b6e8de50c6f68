package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole cross that {@link ByteEqualityTest} covers pairwise: {1, 2, 4, 8 partitions} x
 * {local[1], local[2], local-cluster} x {1, 2, 3 shards}, each cluster cell also with an executor
 * killed, and for each partition count a driver killed and its run resumed on another topology.
 * About four minutes; run by {@code -Pfaults}.
 */
@Tag("cluster")
@Tag("faults")
class ByteEqualityCrossTest {
  private static final String CLUSTER = "local-cluster[2,1,700]";
  private static final int[] PARTITIONS = {1, 2, 4, 8};
  private static final int PATIENCE_S = 7200;

  @TempDir Path temp;

  @Test
  void everyCellOfTheCrossEndsWithTheSameBytes() throws Exception {
    Path runs = temp.resolve("runs");
    Path config =
        Files.writeString(
            temp.resolve("adam.yaml"), TinyData.adam(TinyData.write(temp.resolve("data"))));
    List<String> lines = new ArrayList<>();
    for (int partitions : PARTITIONS) {
      String resumed = "resumed-p" + partitions;
      String first = partitions % 4 == 0 ? "local[2]" : CLUSTER;
      int end = partitions % 2 == 0 ? 10 : 20; // segments end at checkpoints
      String kill = line(resumed, first, config, partitions, 2, "driver.segment:" + end + ":kill");
      try (DriverProcess driver =
          DriverProcess.start(temp.resolve("killed" + partitions), runs, List.of(kill))) {
        driver.await(600);
        assertThat(driver.process().exitValue()).isEqualTo(137);
      }
      String second = partitions % 4 == 0 ? CLUSTER : "local[2]";
      lines.add(line(resumed, second, config, 8 / partitions, 3, ""));
      for (int shards = 1; shards <= 3; shards++) {
        String cell = "-p" + partitions + "-s" + shards;
        lines.add(line("local1" + cell, "local[1]", config, partitions, shards, ""));
        lines.add(line("local2" + cell, "local[2]", config, partitions, shards, ""));
        lines.add(line("cluster" + cell, CLUSTER, config, partitions, shards, ""));
        int step = 3 + (partitions * 7 + shards * 5) % 20;
        String marker = temp.resolve("marker" + cell).toString();
        lines.add(
            line(
                "killed" + cell,
                CLUSTER,
                config,
                partitions,
                shards,
                "task.step:" + step + ":kill:" + marker));
      }
    }
    try (DriverProcess driver = DriverProcess.start(temp.resolve("cross"), runs, lines)) {
      driver.await(PATIENCE_S);
      List<String> names = lines.stream().map(l -> l.split(" ")[0]).toList();
      Map<String, String> sums = driver.results(names);
      assertThat(sums.keySet()).containsAll(names);
      assertThat(names).extracting(sums::get).containsOnly(sums.get("local1-p1-s1"));
    }
  }

  private static String line(
      String name, String master, Path config, int partitions, int shards, String fail) {
    return "%s | %s | %s | distributed.workers=%d distributed.shards=%d | %s"
        .formatted(name, master, config, partitions, shards, fail);
  }
}
