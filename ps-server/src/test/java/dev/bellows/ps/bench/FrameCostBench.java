package dev.bellows.ps.bench;

import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.ps.client.ClientOptions;
import dev.bellows.ps.client.Connector;
import dev.bellows.ps.client.PsClient;
import dev.bellows.ps.client.PsControl;
import dev.bellows.ps.client.RunPlan;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ShardServer;
import dev.bellows.ps.shard.ShardMap;
import dev.bellows.ps.shard.TreeSum;
import dev.bellows.ps.transport.ConnectorOptions;
import dev.bellows.ps.transport.HostOptions;
import dev.bellows.ps.transport.NettyConnector;
import dev.bellows.ps.transport.Secret;
import dev.bellows.ps.transport.ShardHost;
import java.time.Duration;
import java.util.Collections;

/**
 * What one more frame of an exchange costs: one client over loopback pushes to 1, 16, 64 and 256
 * shards of 1,024 elements each; the difference per shard is a push and its answer at both ends.
 */
public final class FrameCostBench {
  private static final int STEPS = 400;
  private static final int ROUNDS = 5;
  private static final int SHARD = 1024;

  private FrameCostBench() {}

  /** Runs the benchmark; no arguments. */
  public static void main(String[] args) throws Exception {
    String secret = "0123456789abcdef0123456789abcdef";
    ServerOptions options = new ServerOptions(1L << 29, 1000, 65_536, 64, 0);
    try (ShardHost host =
            ShardHost.start(
                HostOptions.of("127.0.0.1", 0, Secret.of(secret)),
                new ShardServer(options, System::nanoTime));
        Connector connector = new NettyConnector(ConnectorOptions.of(Secret.of(secret), "bench"))) {
      ShardAddress address = new ShardAddress("127.0.0.1", host.port());
      double one = 0;
      for (int shards : new int[] {1, 16, 64, 256}) {
        double best = Double.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
          best = Math.min(best, step(connector, address, shards, "r" + shards + "-" + round));
        }
        one = shards == 1 ? best : one;
        System.out.printf(
            "shards %d  step %.4f ms  per frame pair beside its bytes %.2f us%n",
            shards, 1e3 * best, shards == 1 ? 0 : 1e6 * (best - one) / (shards - 1));
      }
    }
  }

  /** Seconds of a step. */
  private static double step(Connector connector, ShardAddress at, int shards, String run) {
    int length = shards * SHARD;
    ClientOptions options =
        ClientOptions.of(run, 1, ShardMap.of(length, shards), Collections.nCopies(shards, at))
            .deadlines(Duration.ofSeconds(60), Duration.ofSeconds(5));
    UpdateSpec update = UpdateSpec.plain(OptimizerSpec.of(OptimizerSpec.Kind.SGD, 1), length);
    try (PsControl control = PsControl.open(options, connector)) {
      control.create(new RunPlan(update.encode(), 1, 1 << 20, 1 << 20, 16, 0));
      control.put(0, new float[length]);
      control.seal(0);
      TreeSum sums = new TreeSum(1, length);
      sums.add(0, new float[length], new double[] {1, 1, 0, 1}, true);
      float[] values = new float[length];
      try (PsClient client = PsClient.open(options.task(1, "bench", 0, 1), connector)) {
        client.pull(values);
        for (int i = 0; i < STEPS / 4; i++) {
          client.pushPull(sums, values);
        }
        long before = System.nanoTime();
        for (int i = 0; i < STEPS; i++) {
          client.pushPull(sums, values);
        }
        return (System.nanoTime() - before) / 1e9 / STEPS;
      } finally {
        control.drop();
      }
    }
  }
}
