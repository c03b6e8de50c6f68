package dev.bellows.jobs.config;

import dev.bellows.ps.codec.Compression;
import dev.bellows.ps.protocol.Consistency;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How the work is spread. Results do not depend on it with consistency bsp, except through {@code
 * slices}.
 *
 * @param workers training tasks; 0: one per core of the session
 * @param shards parameter shards; 0: one per executor, in local mode one per task
 * @param slices logical slices of a batch; 0: from the batch size alone
 * @param consistency when a step of the shards may start
 * @param localSteps steps that each slice takes by itself before all are averaged; 0: every step is
 *     the shards'
 * @param deadline longest wait for any part of a step
 * @param maxFailures lost workers or shards that a run survives
 * @param rebalance whether slices move from slow executors to faster ones
 * @param transport AUTO: in-process when tasks and shards share one JVM, else loopback or network
 * @param placement where shards live; AUTO: in executors when there are executor processes, else in
 *     the driver
 * @param servers stand-alone servers; none unless the placement is STANDALONE
 * @param replicas copies of each shard beside the first, 0 or 1; {@link #AUTO_REPLICAS}: 1 when
 *     shards live in executors, or in two stand-alone servers or more, else 0
 * @param compression how gradients and parameters are coded on the wire; results depend on it
 * @param overlap whether parts of a step are on their way while others are computed; AUTO: where
 *     shards are reached over a network and steps allow it
 */
public record DistributedConfig(
    int workers,
    int shards,
    int slices,
    Consistency consistency,
    int localSteps,
    Duration deadline,
    int maxFailures,
    boolean rebalance,
    Transport transport,
    Placement placement,
    List<ServerAddress> servers,
    int replicas,
    Compression compression,
    Overlap overlap)
    implements Serializable {

  /** Copies. */
  public DistributedConfig {
    servers = List.copyOf(servers);
  }

  /** Whether residuals of coded gradients belong to a run's state. */
  public boolean compressed() {
    return !compression.isNone();
  }

  /** Value of {@code replicas} for {@code auto}. */
  public static final int AUTO_REPLICAS = -1;

  private static final Pattern LOCAL = Pattern.compile("local\\(([0-9]+)\\)");

  /** The k of {@code local(k)}; 0 for every other consistency. */
  static int localSteps(String consistency) {
    Matcher local = LOCAL.matcher(consistency);
    return local.matches() ? Integer.parseInt(local.group(1)) : 0;
  }

  /** Where parameter shards live. */
  public enum Placement {
    AUTO,
    DRIVER,
    EXECUTOR,
    STANDALONE
  }

  /** Whether communication hides behind computing. */
  public enum Overlap {
    AUTO,
    TRUE,
    FALSE
  }

  /** How gradients reach the shards. */
  public enum Transport {
    AUTO,
    IN_PROCESS,
    NETWORK
  }
}
