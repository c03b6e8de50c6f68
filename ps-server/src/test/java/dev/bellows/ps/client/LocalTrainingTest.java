package dev.bellows.ps.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ShardServer;
import dev.bellows.ps.shard.Crc32c;
import dev.bellows.ps.shard.ShardMap;
import dev.bellows.ps.shard.TreeSum;
import dev.bellows.ps.sim.Workload;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real threads over the in-process connector, compared with the sequential truth. */
class LocalTrainingTest {
  private static final int STEPS = 12;

  static UpdateSpec spec(int length, double clipNorm, NanPolicy policy) {
    return new UpdateSpec(
        OptimizerSpec.of(OptimizerSpec.Kind.ADAM, 0.01),
        ScheduleSpec.cosine(0.0001).withWarmup(3),
        1e-5,
        1e-4,
        0,
        clipNorm,
        policy,
        length < 10
            ? List.of(UpdateSpec.Range.trainable(0, length, true))
            : List.of(
                UpdateSpec.Range.trainable(0, length / 2, true),
                UpdateSpec.Range.state(length / 2, length / 2 + 3, 0.9f),
                UpdateSpec.Range.trainable(length / 2 + 3, length, false)));
  }

  @ParameterizedTest(name = "length {0}, {1} slices, {2} shards, {3} tasks, clip {4}, skip {5}")
  @CsvSource({
    "1, 1, 1, 1, 0, false",
    "5, 8, 3, 2, 0, false",
    "3000, 8, 1, 1, 0, false",
    "3000, 8, 2, 3, 0, false",
    "3000, 7, 3, 4, 0.5, false",
    "3000, 7, 3, 4, 0, true",
    "3000, 64, 2, 5, 0.5, true",
    "140000, 5, 1, 2, 0, false",
    "140000, 5, 2, 3, 0.5, false",
    "140000, 8, 3, 2, 0, true"
  })
  void anyNumberOfShardsAndTasksGivesTheBitsOfTheSequentialTruth(
      int length, int slices, int shards, int tasks, double clip, boolean skip) throws Exception {
    UpdateSpec spec = spec(length, clip, skip ? NanPolicy.SKIP : NanPolicy.STOP);
    Workload work =
        new Workload(7, length, slices, spec, STEPS, step -> skip && step % 4 == 2, slices / 2);
    ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    ShardMap map = ShardMap.of(length, shards);
    try (InProcessConnector connector = new InProcessConnector(server);
        PsControl control = PsControl.open(options(map), connector)) {
      control.create(new RunPlan(spec.encode(), slices, work.stepsPerEpoch, STEPS, 100, 3));
      control.put(0, work.initial());
      control.seal(0);
      List<float[]> results = train(work, map, connector, tasks);
      for (float[] result : results) {
        assertThat(result).isEqualTo(work.version(STEPS));
      }
      List<Message.LedgerEntry> ledger = control.ledger(0, 100);
      assertThat(ledger).hasSize(STEPS);
      for (Message.LedgerEntry entry : ledger) {
        double[] totals = work.totals(entry.step());
        assertThat(new double[] {entry.weight(), entry.loss(), entry.metric(), entry.rows()})
            .isEqualTo(totals);
        assertThat(entry.applied()).isEqualTo(!work.badStep.test(entry.step()));
        assertThat(entry.hasCrc()).isEqualTo((entry.step() + 1) % 3 == 0);
        if (entry.hasCrc()) {
          assertThat(entry.crc())
              .isEqualTo(new Crc32c().of(work.version(entry.step() + 1), 0, length));
        }
      }
      control.snapshot(STEPS);
      float[] copy = new float[length];
      control.read(STEPS, 0, copy);
      assertThat(copy).isEqualTo(work.version(STEPS));
      control.release(STEPS);
      assertThat(control.status())
          .allMatch(s -> s.version() == STEPS && s.newestVersion() == STEPS);
      control.drop();
      assertThat(server.allocatedBytes()).isZero();
    }
  }

  @Test
  void clientsPayloadIsOneVectorEachWayPerStepForAlignedOwnership() throws Exception {
    UpdateSpec spec = spec(3000, 0, NanPolicy.STOP);
    Workload work = Workload.of(1, 3000, 8, spec, 2);
    ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    ShardMap map = ShardMap.of(3000, 2);
    try (InProcessConnector connector = new InProcessConnector(server);
        PsControl control = PsControl.open(options(map), connector)) {
      control.create(new RunPlan(spec.encode(), 8, 1, 2, 100, 0));
      control.put(0, work.initial());
      control.seal(0);
      try (PsClient client = PsClient.open(options(map).task(1, "task 0", 0, 8), connector)) {
        float[] parameters = new float[3000];
        client.pull(parameters);
        assertThat(client.payloadBytes()).isEqualTo(4 * 3000);
        step(work, client, new TreeSum(8, 3000), 0, 8, parameters);
        assertThat(client.payloadBytes()).isEqualTo(3 * 4 * 3000);
      }
    }
  }

  @Test
  void aStepAllocatesNoVectorsAfterWarmUp() {
    int length = 70_000;
    UpdateSpec spec = spec(length, 0, NanPolicy.STOP);
    ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    ShardMap map = ShardMap.of(length, 1);
    try (InProcessConnector connector = new InProcessConnector(server);
        PsControl control = PsControl.open(options(map), connector)) {
      control.create(new RunPlan(spec.encode(), 4, 100, 100, 100, 0));
      control.put(0, new float[length]);
      control.seal(0);
      com.sun.management.ThreadMXBean threads =
          (com.sun.management.ThreadMXBean)
              java.lang.management.ManagementFactory.getThreadMXBean();
      try (PsClient client = PsClient.open(options(map).task(1, "task 0", 0, 4), connector)) {
        float[] parameters = new float[length];
        float[] gradient = new float[length];
        TreeSum sums = new TreeSum(4, length);
        client.pull(parameters);
        long before = 0;
        int warmUp = 20;
        int measured = 60;
        for (int step = 0; step < warmUp + measured; step++) {
          if (step == warmUp) {
            before = threads.getCurrentThreadAllocatedBytes();
          }
          for (int slice = 0; slice < 4; slice++) {
            sums.add(slice, gradient, new double[] {1, 1, 1, 1}, true);
          }
          client.pushPull(sums, parameters);
          sums.clear();
        }
        long perStep = (threads.getCurrentThreadAllocatedBytes() - before) / measured;
        assertThat(perStep).as("bytes per step; a vector has 280,000").isLessThan(8_000);
        assertThat(server.allocatedBytes()).isLessThan(4L * length * 6);
      }
    }
  }

  static ClientOptions options(ShardMap map) {
    return ClientOptions.of("run-1", 1, map, Collections.nCopies(map.shards(), ShardAddress.LOCAL));
  }

  static List<float[]> train(Workload work, ShardMap map, Connector connector, int tasks)
      throws Exception {
    return train(work, map, connector, tasks, work.totalSteps);
  }

  static List<float[]> train(
      Workload work, ShardMap map, Connector connector, int tasks, long lastStep) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(tasks);
    try {
      List<Future<float[]>> futures = new ArrayList<>();
      for (int t = 0; t < tasks; t++) {
        int task = t;
        futures.add(
            threads.submit(
                () -> {
                  int from = task * work.slices / tasks;
                  int to = (task + 1) * work.slices / tasks;
                  TreeSum sums = new TreeSum(work.slices, work.length);
                  float[] parameters = new float[work.length];
                  try (PsClient client =
                      PsClient.open(options(map).task(task, "task " + task, from, to), connector)) {
                    client.pull(parameters);
                    while (client.version() < lastStep) {
                      step(work, client, sums, from, to, parameters);
                    }
                  }
                  return parameters;
                }));
      }
      List<float[]> results = new ArrayList<>();
      for (Future<float[]> future : futures) {
        results.add(future.get());
      }
      return results;
    } finally {
      threads.shutdownNow();
    }
  }

  static void step(
      Workload work, PsClient client, TreeSum sums, int from, int to, float[] parameters) {
    float[] gradient = new float[work.length];
    double[] scalars = new double[4];
    long step = client.version();
    for (int slice = from; slice < to; slice++) {
      work.gradient(step, slice, parameters, gradient, scalars);
      sums.add(slice, gradient, scalars, work.isFinite(step, slice));
    }
    client.pushPull(sums, parameters);
    sums.clear();
  }
}
