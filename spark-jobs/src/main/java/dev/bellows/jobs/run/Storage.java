package dev.bellows.jobs.run;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.engine.model.NioFiles;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.ps.checkpoint.HadoopFiles;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.SparkSession;

/**
 * Where run folders and models are: on the local disk, or on any file system that Spark's Hadoop
 * configuration has a scheme for ({@code hdfs://}, {@code s3a://}, ...). A path without a scheme,
 * and one with {@code file:}, is local; {@code fs.defaultFS} plays no part.
 */
public final class Storage {
  // Two letters at least: C:/ is a path.
  private static final Pattern WITH_SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:/.*");
  private static final Pattern LOCAL_SCHEME = Pattern.compile("^file:/+");

  private final Supplier<Configuration> hadoop;

  private Storage(Supplier<Configuration> hadoop) {
    this.hadoop = hadoop;
  }

  /** Before Spark runs: with the {@code spark.hadoop.*} settings that it will be started with. */
  public static Storage of(Supplier<SparkConf> conf) {
    return new Storage(() -> SparkHadoopUtil.get().newConfiguration(conf.get()));
  }

  /** With the Hadoop configuration of a session. */
  public static Storage of(SparkSession session) {
    return new Storage(() -> session.sparkContext().hadoopConfiguration());
  }

  /** Whether a location is on the local disk. */
  public static boolean isLocal(String location) {
    return !WITH_SCHEME.matcher(location).matches() || LOCAL_SCHEME.matcher(location).find();
  }

  /**
   * The files of a folder, which need not exist.
   *
   * @param location a local path, or a URI
   * @throws BellowsException exit 2 when no file system has that scheme, or it does not answer
   */
  public FolderFiles folder(String location) {
    if (isLocal(location)) {
      try {
        return new NioFiles(Path.of(LOCAL_SCHEME.matcher(location).replaceFirst("/")));
      } catch (InvalidPathException e) {
        throw new BellowsException(
            ExitCode.USAGE, "expected a path or URI, found \"" + location + "\"", e);
      }
    }
    try {
      return new HadoopFiles(location, hadoop.get());
    } catch (IOException e) {
      throw new BellowsException(
          ExitCode.USAGE,
          "cannot use "
              + location
              + ": "
              + (e.getMessage() == null ? e : e.getMessage().lines().findFirst().orElse(""))
              + "; a scheme needs its file system on the class path (with SPARK_HOME: --conf"
              + " spark.jars.packages=...) and its settings (--conf spark.hadoop.fs...=..., or"
              + " HADOOP_CONF_DIR)",
          e);
    }
  }
}
