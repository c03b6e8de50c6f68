package dev.bellows.jobs.cli;

import dev.bellows.jobs.Version;
import java.nio.file.Path;

/** The first line of a command that works on Spark. */
final class Banner {
  private static final int LEFT = 68;

  private Banner() {}

  static void print(
      ConsoleOutput console, String command, Path config, String target, String master, long seed) {
    String left =
        "bellows " + Version.current() + "  " + command + "  " + config + "  ->  " + target;
    String right =
        "spark "
            + org.apache.spark.package$.MODULE$.SPARK_VERSION()
            + " "
            + master
            + "  seed "
            + seed;
    console.plain(left + " ".repeat(Math.max(2, LEFT - left.length())) + right);
  }
}
