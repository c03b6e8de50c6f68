package dev.bellows.jobs.config;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Rows 46 to 49 of the fault matrix for any text at all: a configuration is read, or refused with
 * problems that have a place. In the build every example of {@code conf/} runs; {@code
 * JAZZER_FUZZ=1 ./mvnw -Dfast -pl spark-jobs -am test -Dtest=ConfigFuzzTest} looks for more.
 */
class ConfigFuzzTest {

  static List<byte[]> texts() throws IOException {
    List<String> texts = new ArrayList<>();
    try (var all = Files.list(Path.of("..", "conf"))) {
      for (Path file : all.filter(f -> f.toString().endsWith(".yaml")).sorted().toList()) {
        texts.add(Files.readString(file));
      }
    }
    texts.addAll(
        List.of(
            "version: 1\n---\nversion: 1\n",
            "a: &x [*x]\n",
            "version: !!java.net.URL [\"http://127.0.0.1/\"]\n",
            "version: 1\nversion: 1\n",
            "{".repeat(5000),
            "- ".repeat(5000),
            "\tversion: 1\n",
            "version: 1_000\nseed: 0x7f\ntrainer: {epochs: .nan}\n",
            "\"\\ud800\": 1\n",
            "? [a]\n: b\n"));
    return texts.stream().map(text -> text.getBytes(StandardCharsets.UTF_8)).toList();
  }

  @MethodSource("texts")
  @FuzzTest(maxDuration = "2m")
  void anyText(byte[] yaml) {
    try {
      ConfigLoader.parse(new String(yaml, StandardCharsets.UTF_8));
    } catch (ConfigException expected) {
      if (expected.getMessage() == null || expected.getMessage().isBlank()) {
        throw new AssertionError("no message", expected);
      }
    }
  }
}
