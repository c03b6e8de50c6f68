package dev.bellows.jobs.submit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A Spark installation made of the jars of the class path: what a download of Spark has, as far as
 * {@code spark-submit}, master and workers need it.
 *
 * <pre>
 *   jars/               links to the jars that Spark's pom names; none of ours
 *   bin/spark-class     lets Spark's launcher build the command, then becomes it
 *   bin/spark-submit    spark-class org.apache.spark.deploy.SparkSubmit
 *   conf/               log4j2.properties
 * </pre>
 */
final class SparkHome {
  /** What only our own jar brings: it must not come from Spark's folder. */
  private static final String OURS =
      ".*/(dev/bellows|picocli|snakeyaml-engine|bytedeco|echarts)/.*|.*/bellows-[^/]*\\.jar";

  private static final String SPARK_CLASS =
      """
      #!/usr/bin/env bash
      set -euo pipefail
      export SPARK_HOME="$(cd "$(dirname "$0")/.." && pwd)" SPARK_SCALA_VERSION=2.13
      java="${JAVA_HOME:+$JAVA_HOME/bin/}java"
      command=()
      while IFS= read -r -d '' word; do command+=("$word"); done < <(
        "$java" -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$SPARK_HOME/jars/*" \\
          org.apache.spark.launcher.Main "$@" | tr -d '\\n')
      [ -n "${command[0]:-}" ] || command=("${command[@]:1}")
      exec "${command[@]}"
      """;

  private static final String SPARK_SUBMIT =
      """
      #!/usr/bin/env bash
      exec "$(dirname "$0")/spark-class" org.apache.spark.deploy.SparkSubmit "$@"
      """;

  private static final String LOG4J =
      """
      status = error
      rootLogger.level = warn
      rootLogger.appenderRef.c.ref = c
      logger.deploy.name = org.apache.spark.deploy
      logger.deploy.level = info
      appender.c.type = Console
      appender.c.name = c
      appender.c.target = SYSTEM_ERR
      appender.c.layout.type = PatternLayout
      appender.c.layout.pattern = %d{HH:mm:ss.SSS} %p %c{1}: %m%n%ex
      """;

  private SparkHome() {}

  /**
   * Makes the installation.
   *
   * @param home folder to make
   * @param classPath jars, separated by colons
   */
  static Path assemble(Path home, String classPath) throws IOException {
    Path jars = Files.createDirectories(home.resolve("jars"));
    for (String entry : classPath.split(":", -1)) {
      Path jar = Path.of(entry);
      if (entry.endsWith(".jar") && !entry.matches(OURS)) {
        Path link = jars.resolve(jar.getFileName());
        if (!Files.exists(link)) {
          Files.createSymbolicLink(link, jar.toAbsolutePath());
        }
      }
    }
    Files.createDirectories(home.resolve("conf"));
    Files.writeString(home.resolve("conf/log4j2.properties"), LOG4J);
    Files.createDirectories(home.resolve("bin"));
    script(home.resolve("bin/spark-class"), SPARK_CLASS);
    script(home.resolve("bin/spark-submit"), SPARK_SUBMIT);
    return home;
  }

  private static void script(Path file, String text) throws IOException {
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
