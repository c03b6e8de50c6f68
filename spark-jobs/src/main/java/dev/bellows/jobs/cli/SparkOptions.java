package dev.bellows.jobs.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * Flags of every command that starts Spark. Spark's own settings are given as Spark takes them:
 * --conf, --properties-file.
 */
final class SparkOptions {
  @Option(
      names = "--master",
      paramLabel = "URL",
      description =
          "local[N], local-cluster[executors,cores,MiB], spark://host:port, yarn, k8s://...; default local[*]")
  @Nullable String master;
}
