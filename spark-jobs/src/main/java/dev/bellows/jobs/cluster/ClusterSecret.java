package dev.bellows.jobs.cluster;

import java.security.SecureRandom;
import java.util.HexFormat;
import org.apache.spark.SparkEnv;
import org.jspecify.annotations.Nullable;

/**
 * The secret that shard servers and their clients prove to each other.
 *
 * <p>With {@code spark.authenticate} it is Spark's own secret, which every executor has already;
 * otherwise the one that was given to the driver from outside ({@link GivenSecret}, which
 * stand-alone servers need), else the driver makes one per Spark context; and Spark's plugin
 * channel carries it to the executors, which keep it here. It is never written to a command line, a
 * log, a file or a task.
 */
final class ClusterSecret {
  private static final int BYTES = 32;

  /** On the driver: made there. On an executor: what the driver sent. */
  private static @Nullable String own;

  private ClusterSecret() {}

  /** The secret for a new Spark context, on the driver. */
  static synchronized String renew() {
    String given = GivenSecret.of(System.getenv());
    if (given != null) {
      own = given;
      return current();
    }
    byte[] bytes = new byte[BYTES];
    new SecureRandom().nextBytes(bytes);
    own = HexFormat.of().formatHex(bytes);
    return current();
  }

  /** The secret of this driver's Spark context. */
  static synchronized String current() {
    String sparks = fromSpark();
    if (sparks != null) {
      return sparks;
    }
    String present = own;
    return present == null ? renew() : present;
  }

  /** Whether somebody outside knows the secret, too: Spark's own, or one that was given. */
  static boolean isShared() {
    return fromSpark() != null || GivenSecret.of(System.getenv()) != null;
  }

  /** Keeps what the driver sent, on an executor without {@code spark.authenticate}. */
  static synchronized void keep(String fromDriver) {
    own = fromDriver;
  }

  /**
   * The secret for a task, on whatever process it runs.
   *
   * @throws IllegalStateException when this process has none; one is never made up here
   */
  static synchronized String ofTask() {
    String sparks = fromSpark();
    String present = sparks == null ? own : sparks;
    if (present == null) {
      throw new IllegalStateException(
          "this executor has no secret for the shard servers: set spark.plugins="
              + BellowsPlugin.class.getName()
              + " or spark.authenticate=true");
    }
    return present;
  }

  /** Spark's secret when authentication is on, else null. */
  static @Nullable String fromSpark() {
    SparkEnv env = SparkEnv.get();
    if (env == null || !env.securityManager().isAuthenticationEnabled()) {
      return null;
    }
    String secret = env.securityManager().getSecretKey();
    if (secret == null || secret.isEmpty()) {
      throw new IllegalStateException(
          "spark.authenticate is on but Spark has no secret: set spark.authenticate.secret (on Kubernetes"
              + " also spark.authenticate.secret.file)");
    }
    return secret;
  }
}
