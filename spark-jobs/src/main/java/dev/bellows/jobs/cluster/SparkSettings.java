package dev.bellows.jobs.cluster;

import org.apache.spark.SparkConf;

/**
 * The Spark settings that Bellows relies on, set only where the user has not set them.
 *
 * <p>Spark's settings stay Spark's: anything given by {@code --conf} or a properties file wins.
 */
public final class SparkSettings {
  private SparkSettings() {}

  /**
   * Fills in what is missing.
   *
   * @param conf the configuration of a session that is about to be made
   * @return the same object
   */
  public static SparkConf apply(SparkConf conf) {
    String plugin = BellowsPlugin.class.getName();
    String plugins = conf.get("spark.plugins", "");
    if (!plugins.contains(plugin)) {
      conf.set("spark.plugins", plugins.isEmpty() ? plugin : plugins + "," + plugin);
    }
    conf.setIfMissing("spark.serializer", "org.apache.spark.serializer.KryoSerializer");
    if (!conf.contains("spark.kryo.registrator")) {
      conf.set(
          "spark.kryo.registrator",
          "dev.bellows.jobs.block.BellowsKryoRegistrator,"
              + "dev.bellows.jobs.train.TrainKryoRegistrator");
    }
    conf.setIfMissing("spark.kryoserializer.buffer.max", "512m");
    conf.setIfMissing("spark.sql.shuffle.partitions", "4");
    conf.setIfMissing("spark.ui.showConsoleProgress", "false");
    // Executors heartbeat often enough that a paused one is found in a minute, not in two.
    conf.setIfMissing("spark.executor.heartbeatInterval", "5s");
    conf.setIfMissing("spark.network.timeout", "60s");
    // The driver retries training by itself; Spark's retries only cover short hiccups.
    conf.setIfMissing("spark.task.maxFailures", "4");
    // The whole of a segment is one long task per slot: a speculative copy would only take slots.
    conf.setIfMissing("spark.speculation", "false");
    // Trainings side by side: none waits for all the others' jobs.
    conf.setIfMissing("spark.scheduler.mode", "FAIR");
    // An executor that is taken back says so before it goes: its shards move while it is there.
    conf.setIfMissing("spark.decommission.enabled", "true");
    // All tasks of a segment wait for each other: one that waits for a better place stops them all.
    conf.setIfMissing("spark.locality.wait", "0s");
    return conf;
  }
}
