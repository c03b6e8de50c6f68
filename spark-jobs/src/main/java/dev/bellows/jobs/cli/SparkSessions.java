package dev.bellows.jobs.cli;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.cluster.SparkSettings;
import dev.bellows.jobs.run.Storage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

/**
 * The Spark session of a command: the one that {@code spark-submit} prepared, or an embedded one
 * ({@code local[*]} unless {@code --master} says otherwise). Embedded sessions need no Spark
 * installation.
 */
final class SparkSessions {
  private static final Pattern MASTER =
      Pattern.compile(
          "local|local\\[(\\*|[0-9]+)(, *[0-9]+)?]|local-cluster\\[ *[0-9]+ *, *[0-9]+ *, *[0-9]+ *]"
              + "|spark://.+|yarn|k8s://.+");

  private SparkSessions() {}

  /** The master that {@link #open} would use: flag, --conf, properties file, then local[*]. */
  static String master(@Nullable String flag) {
    if (flag != null) {
      return flag;
    }
    String set = System.getProperty("spark.master");
    return set != null
        ? set
        : SparkProperties.given().settings().getOrDefault("spark.master", "local[*]");
  }

  /** Refuses what is no master before anything starts. */
  static void check(@Nullable String flag) {
    String master = master(flag);
    if (!MASTER.matcher(master).matches()) {
      throw new BellowsException(
          ExitCode.USAGE,
          "--master: expected local[N], local-cluster[executors,cores,MiB], spark://host:port, yarn or k8s://..., found \""
              + master
              + "\"");
    }
  }

  /** File systems as Spark will know them: its defaults, --conf and the properties file. */
  static Storage storage() {
    return Storage.of(() -> settings(null));
  }

  /** Settings that {@link #open} would start a session with. */
  static SparkConf settings(@Nullable String flag) {
    SparkConf conf = new SparkConf(true);
    SparkProperties.given().settings().forEach(conf::setIfMissing);
    return conf.setMaster(master(flag));
  }

  static SparkSession open(
      @Nullable String flag,
      String application,
      Console console,
      Map<String, String> environment,
      boolean verbose) {
    check(flag);
    String master = master(flag);
    SparkConf conf = new SparkConf(true);
    SparkProperties given = SparkProperties.given();
    given.settings().forEach(conf::setIfMissing); // --conf is stronger
    for (String key : given.others()) {
      console.warn("--properties-file: " + key + " is no spark.* key and is left out");
    }
    boolean submitted =
        conf.contains("spark.submit.deployMode") || System.getProperty("SPARK_SUBMIT") != null;
    if (flag != null || !conf.contains("spark.master")) {
      conf.setMaster(master);
    }
    conf.setIfMissing("spark.app.name", application);
    SparkSettings.apply(conf);
    if (!submitted) {
      embedded(conf, master, environment);
    }
    try {
      SparkSession session = SparkSession.builder().config(conf).getOrCreate();
      if (!verbose) {
        session.sparkContext().setLogLevel("ERROR");
      }
      if (Runtime.version().feature() > 17) {
        console.warn(
            "Java "
                + Runtime.version().feature()
                + " runs this, Spark 4.1 is tested on 17: use 17 if file access fails");
      }
      return session;
    } catch (BellowsException e) {
      throw e;
    } catch (Exception e) { // SparkException is checked and thrown undeclared
      throw new BellowsException(
          ExitCode.CLUSTER,
          "Spark did not start on " + conf.get("spark.master") + ": " + why(e),
          e);
    }
  }

  private static String why(Exception e) {
    String first =
        e.getMessage() == null ? e.toString() : e.getMessage().lines().findFirst().orElse("");
    // A stand-alone master that never answers stops the context while it is being made.
    return first.contains("stopped SparkContext")
        ? "no master answered there, or it refused the application; look at its address and page"
        : first;
  }

  /** Settings of a session without an installation. Anything set by the user stays. */
  private static void embedded(SparkConf conf, String master, Map<String, String> environment) {
    conf.setIfMissing("spark.ui.enabled", "false");
    conf.setIfMissing("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s");
    if (master.startsWith("local")) {
      conf.setIfMissing("spark.driver.host", "127.0.0.1");
      conf.setIfMissing("spark.driver.bindAddress", "127.0.0.1");
    }
    if (master.startsWith("local-cluster")) {
      String home = environment.getOrDefault("SPARK_HOME", "");
      if (home.isEmpty()
          || !Files.isDirectory(Path.of(home, "jars"))
          || environment.get("SPARK_SCALA_VERSION") == null) {
        throw new BellowsException(
            ExitCode.USAGE,
            "local-cluster starts executors through SPARK_HOME: set it to a folder with an empty jars/ and SPARK_SCALA_VERSION=2.13,"
                + " or start through submit/bellows, which does both");
      }
      conf.setIfMissing("spark.executor.extraClassPath", System.getProperty("java.class.path", ""));
      conf.setIfMissing(
          "spark.executor.extraJavaOptions",
          "-Dlog4j2.configurationFile=bellows-log4j2.properties -XX:+UseSerialGC");
      int memory = Integer.parseInt(master.replaceAll(".*, *([0-9]+) *]", "$1"));
      conf.setIfMissing("spark.executor.memory", memory + "m");
    }
    if (master.startsWith("spark://") && !conf.contains("spark.jars")) {
      String jar = environment.getOrDefault("BELLOWS_JAR", "");
      if (!jar.isEmpty()) {
        conf.set("spark.jars", jar);
      }
    }
  }
}
