package dev.bellows.ps.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ShardServer;
import dev.bellows.ps.shard.PartSums;
import dev.bellows.ps.shard.ShardMap;
import dev.bellows.ps.shard.TreeSum;
import dev.bellows.ps.sim.Workload;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Steps pushed part by part, the last part first, by tasks that read a part when it has come; some
 * tasks push everything at once. The bits are the sequential truth.
 */
class PartsTrainingTest {
  private static final int STEPS = 12;

  @ParameterizedTest(name = "length {0}, {1} slices, {2} shards, {3} tasks, clip {4}, skip {5}")
  @CsvSource({
    "1, 1, 1, 1, 0, false",
    "5, 8, 3, 2, 0, false",
    "3000, 7, 3, 9, 0, false",
    "3000, 7, 3, 4, 0.5, false",
    "3000, 8, 2, 3, 0, true",
    "140000, 5, 1, 2, 0, false",
    "140000, 5, 2, 3, 0.5, false",
    "140000, 8, 3, 2, 0.5, true"
  })
  void haveTheBitsOfTheSequentialTruth(
      int length, int slices, int shards, int tasks, double clip, boolean skip) throws Exception {
    UpdateSpec spec = LocalTrainingTest.spec(length, clip, skip ? NanPolicy.SKIP : NanPolicy.STOP);
    Workload work =
        new Workload(7, length, slices, spec, STEPS, step -> skip && step % 4 == 2, slices / 2);
    ShardMap map = ShardMap.of(length, shards);
    ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    try (InProcessConnector connector = new InProcessConnector(server);
        PsControl control = PsControl.open(LocalTrainingTest.options(map), connector)) {
      control.create(new RunPlan(spec.encode(), slices, work.stepsPerEpoch, STEPS, 100, 3));
      control.put(0, work.initial());
      control.seal(0);
      for (float[] result : train(work, map, connector, tasks)) {
        assertThat(result).isEqualTo(work.version(STEPS));
      }
      List<Message.LedgerEntry> ledger = control.ledger(0, 100);
      assertThat(ledger).hasSize(STEPS);
      for (Message.LedgerEntry entry : ledger) {
        assertThat(new double[] {entry.weight(), entry.loss(), entry.metric(), entry.rows()})
            .isEqualTo(work.totals(entry.step()));
        assertThat(entry.applied()).isEqualTo(!work.badStep.test(entry.step()));
      }
    }
  }

  @Test
  void aSliceFoundBadAfterOthersPartsHaveLeftEndsTheRunByItsName() throws Exception {
    int length = 140_000;
    UpdateSpec spec = LocalTrainingTest.spec(length, 0, NanPolicy.STOP);
    Workload work = new Workload(7, length, 4, spec, STEPS, step -> step == 3, 2);
    ShardMap map = ShardMap.of(length, 2);
    ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    try (InProcessConnector connector = new InProcessConnector(server);
        PsControl control = PsControl.open(LocalTrainingTest.options(map), connector)) {
      control.create(new RunPlan(spec.encode(), 4, work.stepsPerEpoch, STEPS, 100, 0));
      control.put(0, work.initial());
      control.seal(0);
      assertThatThrownBy(() -> train(work, map, connector, 2))
          .hasRootCauseInstanceOf(DivergedException.class)
          .hasStackTraceContaining("slice 2 is not finite");
      assertThat(control.status()).anyMatch(s -> s.state() == Message.State.DIVERGED);
      assertThat(control.status()).allMatch(s -> s.version() <= 4);
    }
  }

  private static List<float[]> train(
      Workload work, ShardMap map, InProcessConnector connector, int tasks) throws Exception {
    work.version(work.totalSteps); // made by one thread
    ExecutorService threads = Executors.newFixedThreadPool(tasks);
    try {
      List<Future<float[]>> futures = new ArrayList<>();
      for (int t = 0; t < tasks; t++) {
        int task = t;
        futures.add(threads.submit(() -> task(work, map, connector, task, tasks)));
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

  private static float[] task(
      Workload work, ShardMap map, InProcessConnector connector, int task, int tasks) {
    int from = task * work.slices / tasks;
    int to = (task + 1) * work.slices / tasks;
    float[] parameters = new float[work.length];
    PartSums parts = new PartSums(work.slices, map);
    TreeSum whole = new TreeSum(work.slices, work.length);
    long vector = Memory.allocate(4L * work.length);
    try (PsClient client =
        PsClient.open(
            LocalTrainingTest.options(map).task(task, "task " + task, from, to), connector)) {
      client.pull(parameters);
      for (long step = 0; step < work.totalSteps; step++) {
        assertThat(client.version()).isEqualTo(step);
        if (task % 3 == 2) {
          LocalTrainingTest.step(work, client, whole, from, to, parameters);
        } else {
          step(work, client, parts, from, to, parameters, vector);
        }
      }
      return parameters;
    } finally {
      Memory.free(vector);
    }
  }

  private static void step(
      Workload work,
      PsClient client,
      PartSums sums,
      int from,
      int to,
      float[] parameters,
      long vector) {
    float[] gradient = new float[work.length];
    double[] scalars = new double[4];
    long step = client.version();
    sums.clear();
    for (int slice = from; slice < to - 1; slice++) {
      work.gradient(step, slice, parameters, gradient, scalars);
      Memory.copyIn(gradient, 0, vector, gradient.length);
      assertThat(sums.add(0, slice, vector, scalars)).isEqualTo(work.isFinite(step, slice));
    }
    if (from < to) {
      work.gradient(step, to - 1, parameters, gradient, scalars);
      Memory.copyIn(gradient, 0, vector, gradient.length);
    }
    client.begin(sums, Destination.of(parameters));
    for (int part = sums.parts() - 1; part >= 0; part--) {
      if (from < to) {
        sums.add(part, 0, to - 1, vector, scalars);
      }
      client.push(part);
    }
    client.pushed();
    for (int part = 0; part < sums.parts(); part++) {
      client.await(part);
      boolean last = step + 1 == work.totalSteps;
      if (!work.badStep.test(step) || last) {
        int at = sums.from(part);
        assertThat(parameters[at]).isEqualTo(work.version(step + 1)[at]);
      }
    }
    client.finish();
  }
}
