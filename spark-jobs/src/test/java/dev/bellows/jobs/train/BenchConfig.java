package dev.bellows.jobs.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A configuration of {@code conf/} for driver processes that run elsewhere. */
final class BenchConfig {
  private BenchConfig() {}

  /**
   * Copies a configuration with absolute paths of its data.
   *
   * @param config the configuration, its data paths relative to {@code BELLOWS_DATA}
   * @param work where the copy goes
   */
  static Path absolute(String config, Path work) throws IOException {
    String data = System.getenv("BELLOWS_DATA");
    if (data == null) {
      throw new IllegalStateException("BELLOWS_DATA must name the folder of the data sets");
    }
    String text =
        Files.readString(Path.of(config))
            .replaceAll("(images|labels|path): (?=[a-z0-9])", "$1: " + data + "/");
    return Files.writeString(work.resolve("config.yaml"), text);
  }
}
