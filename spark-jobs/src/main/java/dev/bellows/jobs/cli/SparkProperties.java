package dev.bellows.jobs.cli;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * The file of {@code --properties-file}, read as {@code spark-submit} reads it: {@link Properties}
 * in UTF-8, key and value separated by blanks, {@code =} or {@code :}, values without the blanks
 * around them. The start script passes the file's path only, so that no secret in it is part of a
 * command line, which everybody on the machine may list.
 *
 * @param settings {@code spark.*} keys
 * @param others keys that are not Spark's, in order; Spark leaves them out too
 */
record SparkProperties(Map<String, String> settings, List<String> others) {
  /** System property with the path of the file. */
  static final String FILE = "bellows.spark.properties";

  SparkProperties {
    settings = Map.copyOf(settings);
    others = List.copyOf(others);
  }

  /** What the start script was given; empty without a file. */
  static SparkProperties given() {
    String file = System.getProperty(FILE, "");
    return file.isEmpty() ? new SparkProperties(Map.of(), List.of()) : read(Path.of(file));
  }

  /**
   * Reads a file.
   *
   * @throws BellowsException exit 2 when that fails; the message holds nothing of the content
   */
  static SparkProperties read(Path file) {
    Properties properties = new Properties();
    try (Reader text = Files.newBufferedReader(file)) {
      properties.load(text);
    } catch (IOException | IllegalArgumentException e) {
      throw new BellowsException(
          ExitCode.USAGE,
          "--properties-file: can't read "
              + file
              + " ("
              + e.getClass().getSimpleName()
              + "): expected UTF-8 lines of KEY VALUE or KEY=VALUE",
          e);
    }
    Map<String, String> settings = new TreeMap<>();
    List<String> others = new ArrayList<>();
    for (String key : properties.stringPropertyNames()) {
      if (key.startsWith("spark.")) {
        settings.put(key, properties.getProperty(key).trim());
      } else {
        others.add(key);
      }
    }
    others.sort(null);
    return new SparkProperties(settings, others);
  }

  /** Without values, which may be secret. */
  @Override
  public String toString() {
    return "SparkProperties" + settings.keySet() + others;
  }
}
