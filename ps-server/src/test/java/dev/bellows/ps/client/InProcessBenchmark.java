package dev.bellows.ps.client;

import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ShardServer;
import dev.bellows.ps.shard.Crc32c;
import dev.bellows.ps.shard.ShardMap;
import dev.bellows.ps.shard.TreeSum;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.Locale;

/**
 * Time per step of the in-process parameter server without any training: {@code main(parameters,
 * tasks, steps)}. Prints microseconds per step of push, Adam update and pull, and the checksum of
 * the result, which does not depend on the tasks.
 */
final class InProcessBenchmark {
  private InProcessBenchmark() {}

  public static void main(String[] args) throws Exception {
    int length = Integer.parseInt(args[0]);
    int tasks = Integer.parseInt(args[1]);
    int steps = Integer.parseInt(args[2]);
    int slices = 8;
    for (int round = 0; round < 5; round++) {
      UpdateSpec spec = LocalTrainingTest.spec(length, 0, NanPolicy.STOP);
      ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
      ShardMap map = ShardMap.of(length, 1);
      try (InProcessConnector connector = new InProcessConnector(server);
          PsControl control = PsControl.open(LocalTrainingTest.options(map), connector)) {
        control.create(new RunPlan(spec.encode(), slices, 100, steps, 100, 0));
        control.put(0, new float[length]);
        control.seal(0);
        Thread[] threads = new Thread[tasks];
        long[] cpu = new long[tasks];
        int[] crc = new int[tasks];
        long start = System.nanoTime();
        for (int t = 0; t < tasks; t++) {
          int task = t;
          threads[t] = new Thread(() -> work(map, connector, task, tasks, slices, steps, cpu, crc));
          threads[t].start();
        }
        for (Thread thread : threads) {
          thread.join();
        }
        double micros = (System.nanoTime() - start) / 1e3 / steps;
        System.err.printf(
            Locale.ROOT,
            "%d parameters, %d tasks: %.1f us/step, %.1f us of processor time, crc %08x%n",
            length,
            tasks,
            micros,
            Arrays.stream(cpu).sum() / 1e3 / steps,
            crc[0]);
      }
    }
  }

  private static void work(
      ShardMap map,
      Connector connector,
      int task,
      int tasks,
      int slices,
      int steps,
      long[] cpu,
      int[] crc) {
    int from = task * slices / tasks;
    int to = (task + 1) * slices / tasks;
    float[] parameters = new float[map.length()];
    float[] gradient = new float[map.length()];
    TreeSum sums = new TreeSum(slices, map.length());
    double[] scalars = {1, 1, 1, 1};
    for (int slice = from; slice < to; slice++) {
      Arrays.fill(gradient, 0.001f * (slice + 1));
      sums.add(slice, gradient, scalars, true);
    }
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    try (PsClient client =
        PsClient.open(
            LocalTrainingTest.options(map).task(task, "task " + task, from, to), connector)) {
      client.pull(parameters);
      long start = threads.getCurrentThreadCpuTime();
      while (client.version() < steps) {
        client.pushPull(sums, parameters);
      }
      cpu[task] = threads.getCurrentThreadCpuTime() - start;
    }
    crc[task] = new Crc32c().of(parameters, 0, parameters.length);
  }
}
