package dev.bellows.jobs.cluster;

import java.io.IOException;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorAdded;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.storage.BlockManagerId;
import org.jspecify.annotations.Nullable;

/**
 * Hosts parameter shards inside Spark's executors ({@code
 * spark.plugins=dev.bellows.jobs.cluster.BellowsPlugin}).
 *
 * <p>Every executor starts a shard server when it starts and tells the driver where it listens. The
 * driver remembers members and losses in {@link ShardRegistry}. In local mode there are no executor
 * processes and the shards live in the driver's own memory, so the executor side does nothing.
 *
 * <p>Facts about Spark 4.1 that shape this class: {@code PluginContext.hostname()} throws on real
 * executors, so the address is the block manager's; an exception from {@code init} kills the
 * executor, which the cluster manager then restarts for ever, so none may escape; in local mode the
 * block manager is not there yet when plugins start.
 */
public final class BellowsPlugin implements SparkPlugin {
  /** Key of the run secret in the map that Spark hands from the driver to every executor. */
  static final String SECRET = "bellows.secret";

  private static final int BEAT_MS = 1000;

  @Override
  public DriverPlugin driverPlugin() {
    return new Driver();
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new Executor();
  }

  private static final class Driver implements DriverPlugin {
    @Override
    public Map<String, String> init(SparkContext context, PluginContext plugin) {
      ShardRegistry registry = ShardRegistry.current();
      registry.reset(true);
      context.addSparkListener(new Losses(registry));
      String secret = ClusterSecret.renew();
      // With spark.authenticate every executor has Spark's own secret: nothing needs to travel.
      return ClusterSecret.fromSpark() == null ? Map.of(SECRET, secret) : Map.of();
    }

    @Override
    public void registerMetrics(String applicationId, PluginContext plugin) {
      Meters.register(plugin.metricRegistry());
    }

    @Override
    public @Nullable Object receive(Object message) {
      if (message instanceof ShardRegistry.Member member) {
        ShardRegistry.current().register(member);
        return "registered";
      }
      if (message instanceof Beat beat) {
        ShardRegistry.current().heard(beat.executorId(), System.nanoTime());
        return null;
      }
      if (message instanceof TaskPace pace) {
        Paces.note(pace);
        return null;
      }
      if (message instanceof HostFailure failure) {
        ShardRegistry.current().failed(failure.executorId(), failure.why());
        return "noted";
      }
      return null;
    }

    @Override
    public void shutdown() {
      ShardRegistry.current().reset(false);
    }
  }

  private static final class Executor implements ExecutorPlugin {
    private @Nullable Thread heart;

    @Override
    public void init(PluginContext context, Map<String, String> fromDriver) {
      String executorId = context.executorID();
      if (executorId.equals("driver")) {
        return; // local mode: the shards are in this very process
      }
      Meters.register(context.metricRegistry());
      try {
        BlockManagerId id = SparkEnv.get().blockManager().blockManagerId();
        String host = id == null ? "127.0.0.1" : id.host();
        String sparks = ClusterSecret.fromSpark();
        String secret = sparks == null ? fromDriver.get(SECRET) : sparks;
        if (secret == null) {
          throw new IllegalStateException("the driver sent no secret for the shard server");
        }
        if (sparks == null) {
          ClusterSecret.keep(secret);
        }
        int port = ExecutorHost.start(host, secret);
        context.ask(
            new ShardRegistry.Member(executorId, host, port, ProcessHandle.current().pid()));
        Paces.via(context);
        beat(context, executorId);
      } catch (Exception | LinkageError e) {
        report(context, executorId, e);
      }
    }

    /** Tells the driver every second that this process is not standing still. */
    private void beat(PluginContext context, String executorId) {
      Thread thread =
          new Thread(
              () -> {
                try {
                  while (true) {
                    Thread.sleep(BEAT_MS);
                    try {
                      context.send(new Beat(executorId));
                    } catch (IOException | RuntimeException e) {
                      context.metricRegistry().counter("bellows.beats_unsent").inc();
                    }
                  }
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt(); // the executor shuts down
                }
              },
              "bellows-heartbeat");
      thread.setDaemon(true);
      thread.start();
      heart = thread;
    }

    private static void report(PluginContext context, String executorId, Throwable why) {
      try {
        context.ask(new HostFailure(executorId, why.toString()));
      } catch (Exception unreachable) {
        context.metricRegistry().counter("bellows.shard_host_failures").inc();
      }
    }

    @Override
    public void shutdown() {
      Thread thread = heart;
      if (thread != null) {
        thread.interrupt();
      }
      ExecutorCleanup.run();
      ExecutorHost.stop();
    }
  }

  /** An executor could not start its shard server; sent instead of a registration. */
  record HostFailure(String executorId, String why) implements java.io.Serializable {}

  /** A sign of life of an executor. */
  record Beat(String executorId) implements java.io.Serializable {}

  private static final class Losses extends SparkListener {
    private final ShardRegistry registry;

    Losses(ShardRegistry registry) {
      this.registry = registry;
    }

    @Override
    public void onExecutorAdded(SparkListenerExecutorAdded added) {
      registry.cores(added.executorId(), added.executorInfo().totalCores());
    }

    @Override
    public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
      registry.removed(removed.executorId(), removed.reason());
    }
  }
}
