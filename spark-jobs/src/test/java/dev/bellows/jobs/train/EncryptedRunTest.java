package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** A run on executor processes with Spark's authentication and encryption on. */
@Tag("cluster")
class EncryptedRunTest {
  private static final String TOKEN = "tOkEn-of-the-cluster-83c1f0";

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  static Path temp;

  private static Path runs;
  private static Map<String, String> sums;
  private static String log;
  private static final List<String> commandLines = new ArrayList<>();

  @BeforeAll
  static void run() throws Exception {
    runs = temp.resolve("runs");
    Path csv = TinyData.write(temp.resolve("data"));
    Path config = Files.writeString(temp.resolve("adam.yaml"), TinyData.adam(csv));
    List<String> script =
        List.of(
            "calm | local[2] | %s |  | ".formatted(config),
            "sealed | local-cluster[2,1,700] | %s | distributed.shards=2 | | ".formatted(config)
                + "spark.authenticate=true spark.network.crypto.enabled=true"
                + " spark.authenticate.secret="
                + TOKEN);
    try (DriverProcess driver = DriverProcess.start(temp.resolve("driver"), runs, script)) {
      driver.awaitLog("AES-256-GCM", 300); // the plan: executors are there
      driver
          .process()
          .descendants()
          .forEach(process -> commandLines.add(commandLine(process.pid())));
      driver.await(300);
      log = driver.log();
      sums = driver.results(List.of("calm", "sealed"));
    }
  }

  private static String commandLine(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return ""; // gone meanwhile
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void sealedFramesChangeNoByteOfTheModel() {
    assertThat(sums.get("sealed")).as(log).isNotNull().isEqualTo(sums.get("calm"));
    assertThat(log)
        .containsPattern(
            "2 shards \\(executor, replica 1: there are executor processes, AES-256-GCM\\)");
  }

  @Test
  void fault_21_theTokenIsInNoLogNoCommandLineAndNoRunFolder() throws IOException {
    assertThat(log).doesNotContain(TOKEN);
    assertThat(commandLines).anyMatch(line -> line.contains("CoarseGrainedExecutorBackend"));
    assertThat(commandLines).noneMatch(line -> line.contains(TOKEN));
    try (Stream<Path> files = Files.walk(runs)) {
      List<Path> all = files.filter(Files::isRegularFile).toList();
      assertThat(all).hasSizeGreaterThan(10);
      assertThat(all).noneMatch(file -> text(file).contains(TOKEN));
    }
  }
}
