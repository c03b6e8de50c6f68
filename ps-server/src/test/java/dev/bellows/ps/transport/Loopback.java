package dev.bellows.ps.transport;

import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.engine.sample.Mix64;
import dev.bellows.ps.client.ClientOptions;
import dev.bellows.ps.client.Connector;
import dev.bellows.ps.client.InProcessConnector;
import dev.bellows.ps.client.PsClient;
import dev.bellows.ps.client.PsControl;
import dev.bellows.ps.client.RunPlan;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ShardServer;
import dev.bellows.ps.shard.ShardMap;
import dev.bellows.ps.shard.TreeSum;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A small training over some connector; its result has the same bits for any number of tasks and
 * for any transport that neither loses nor doubles a contribution.
 */
record Loopback(int length, int slices, int steps, String run) {

  Loopback(int length, int slices, int steps) {
    this(length, slices, steps, "run-1");
  }

  /** The truth: one task in this process. */
  float[] truth() throws Exception {
    ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    try (InProcessConnector connector = new InProcessConnector(server)) {
      create(connector, ShardAddress.LOCAL);
      return train(connector, ShardAddress.LOCAL, 1, Duration.ofSeconds(5)).get(0);
    }
  }

  void create(Connector connector, ShardAddress address) {
    UpdateSpec spec =
        new UpdateSpec(
            OptimizerSpec.of(OptimizerSpec.Kind.ADAM, 0.01),
            ScheduleSpec.constant(),
            0,
            1e-4,
            0,
            0,
            NanPolicy.STOP,
            List.of(UpdateSpec.Range.trainable(0, length, true)));
    float[] initial = new float[length];
    for (int i = 0; i < length; i++) {
      initial[i] = (i % 97 - 48) * 0.01f;
    }
    try (PsControl control = PsControl.open(options(address, Duration.ofSeconds(5)), connector)) {
      control.create(new RunPlan(spec.encode(), slices, steps, steps, 100, 0));
      control.put(0, initial);
      control.seal(0);
    }
  }

  /** Trains with some tasks over one connector and returns what each ends with. */
  List<float[]> train(Connector connector, ShardAddress address, int tasks, Duration resend)
      throws Exception {
    return train(connector, options(address, resend), tasks);
  }

  /** The same with other options: an incarnation, a cancellation. */
  List<float[]> train(Connector connector, ClientOptions run, int tasks) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(tasks);
    try {
      List<Future<float[]>> running = new ArrayList<>();
      for (int t = 0; t < tasks; t++) {
        int from = t * slices / tasks;
        int to = (t + 1) * slices / tasks;
        ClientOptions options = run.task(t + 1, "task " + t, from, to);
        running.add(threads.submit(() -> task(connector, options, from, to)));
      }
      List<float[]> results = new ArrayList<>();
      for (Future<float[]> result : running) {
        try {
          results.add(result.get());
        } catch (ExecutionException e) {
          throw e.getCause() instanceof Exception cause ? cause : e;
        }
      }
      return results;
    } finally {
      threads.shutdownNow();
    }
  }

  private float[] task(Connector connector, ClientOptions options, int from, int to) {
    float[] parameters = new float[length];
    float[] gradient = new float[length];
    TreeSum sums = new TreeSum(slices, length);
    try (PsClient client = PsClient.open(options, connector)) {
      client.pull(parameters);
      while (client.version() < steps) {
        for (int slice = from; slice < to; slice++) {
          double[] scalars = gradient(client.version(), slice, parameters, gradient);
          sums.add(slice, gradient, scalars, true);
        }
        client.pushPull(sums, parameters);
        sums.clear();
      }
    }
    return parameters;
  }

  private static double[] gradient(long step, int slice, float[] parameters, float[] gradient) {
    long key = Mix64.mix(step * 4099 + slice);
    float scale = (float) Math.pow(10, (key & 0xff) / 255.0 * 6 - 3);
    for (int i = 0; i < gradient.length; i++) {
      long bits = (key + i) * 0x9E3779B97F4A7C15L;
      bits ^= bits >>> 29;
      gradient[i] = scale * ((bits & 0xffff) - 32768) * 0x1p-15f + 0.01f * parameters[i];
    }
    return new double[] {1 + (key >>> 8 & 7) / 3.0, scale, key >>> 16 & 31, 1 + (key >>> 8 & 7)};
  }

  ClientOptions options(ShardAddress address, Duration resend) {
    return options(address, resend, 1);
  }

  ClientOptions options(ShardAddress address, Duration resend, long incarnation) {
    return ClientOptions.of(run, incarnation, ShardMap.of(length, 1), List.of(address))
        .deadlines(Duration.ofSeconds(60), resend);
  }
}
