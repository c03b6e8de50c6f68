package dev.bellows.ps.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.ps.codec.Compression;
import dev.bellows.ps.codec.Compression.Kind;
import dev.bellows.ps.protocol.Bytes;
import dev.bellows.ps.protocol.Consistency;
import dev.bellows.ps.protocol.Floats;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.protocol.Target;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ShardServer;
import dev.bellows.ps.shard.ShardMap;
import dev.bellows.ps.shard.TreeSum;
import dev.bellows.ps.sim.SimRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compressed steps over the in-process connector: each slice pulls the vector to its own point. */
class CodedTrainingTest {
  private static final int LENGTH = 70_000; // crosses a chunk

  /** All that a run needs to go on: values, optimiser slots and view of the shards, residuals. */
  private record State(long step, float[][] onShards, float[][] residuals, long payload) {
    static State initial(int slots, int units) {
      float[][] onShards = new float[2 + slots][LENGTH];
      for (int i = 0; i < LENGTH; i++) {
        onShards[0][i] = 0.001f * (i % 97);
      }
      onShards[1 + slots] = onShards[0];
      return new State(0, onShards, new float[units][LENGTH], 0);
    }
  }

  private static UpdateSpec spec(boolean clipped) {
    return LocalTrainingTest.spec(LENGTH, clipped ? 0.5 : 0, NanPolicy.STOP);
  }

  private static State train(
      Compression compression, int slices, int shards, int tasks, State from, int steps)
      throws Exception {
    return train(compression, slices, shards, tasks, from, steps, spec(false));
  }

  private static State train(
      Compression compression,
      int slices,
      int shards,
      int tasks,
      State from,
      int steps,
      UpdateSpec spec)
      throws Exception {
    ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    ShardMap map = ShardMap.of(LENGTH, shards);
    int slots = from.onShards.length - 2;
    int units = compression.usedUnits(slices);
    long payload = 0;
    float[][] residuals = new float[units][];
    ExecutorService threads = Executors.newFixedThreadPool(tasks);
    try (InProcessConnector connector = new InProcessConnector(server);
        PsControl control = PsControl.open(options(map), connector)) {
      control.create(
          new RunPlan(spec.encode(), slices, 10, 100, 100, 0, Consistency.BSP, compression));
      for (int slot = 0; slot < from.onShards.length; slot++) {
        control.put(slot, from.onShards[slot]);
      }
      control.seal(from.step);
      List<Future<Long>> running = new ArrayList<>();
      for (int task = 0; task < tasks; task++) {
        int unitFrom = units * task / tasks;
        int unitTo = units * (task + 1) / tasks;
        int id = task + 1;
        running.add(
            threads.submit(
                () ->
                    work(
                        options(map)
                            .task(
                                id,
                                "task " + id,
                                unitFrom << compression.level(slices),
                                Math.min(slices, unitTo << compression.level(slices)))
                            .coded(compression, slices),
                        connector,
                        from,
                        steps,
                        residuals,
                        unitFrom,
                        unitTo)));
      }
      for (Future<Long> one : running) {
        payload += one.get();
      }
      control.snapshot(from.step + steps);
      float[][] onShards = new float[2 + slots][LENGTH];
      for (int slot = 0; slot < onShards.length; slot++) {
        control.read(from.step + steps, slot, onShards[slot]);
      }
      control.drop();
      assertThat(server.allocatedBytes()).isZero();
      return new State(from.step + steps, onShards, residuals, payload);
    } finally {
      threads.shutdownNow();
    }
  }

  private static ClientOptions options(ShardMap map) {
    List<ShardAddress> placement = new ArrayList<>();
    for (int shard = 0; shard < map.shards(); shard++) {
      placement.add(ShardAddress.local(0));
    }
    return ClientOptions.of("coded", 1, map, placement);
  }

  private static long work(
      ClientOptions options,
      Connector connector,
      State from,
      int steps,
      float[][] residuals,
      int unitFrom,
      int unitTo) {
    int slices = options.slices();
    TreeSum sums = TreeSum.ofUnits(slices, LENGTH, options.compression().units());
    float[] parameters = new float[LENGTH];
    float[] gradient = new float[LENGTH];
    try (PsClient ps = PsClient.open(options, connector)) {
      ps.pull(parameters);
      ps.loadResiduals(unitFrom, unitTo, unit -> from.residuals[unit]);
      long before = ps.payloadBytes();
      for (int step = 0; step < steps; step++) {
        sums.clear();
        for (int slice = options.sliceFrom(); slice < options.sliceTo(); slice++) {
          SimRandom random = new SimRandom(31 * ps.version() + slice);
          for (int i = 0; i < LENGTH; i++) {
            float point = (float) Math.sin(i * 0.37 + slice);
            gradient[i] = parameters[i] - point + 0.1f * (float) (random.unit() - 0.5);
          }
          sums.add(slice, gradient, new double[] {1, gradient[0], 0, 1}, true);
        }
        ps.pushPull(sums, parameters);
        assertThat(ps.hasResiduals()).isTrue();
      }
      for (int unit = unitFrom; unit < unitTo; unit++) {
        residuals[unit] = ps.residual(unit).clone();
      }
      return ps.payloadBytes() - before;
    }
  }

  private static Compression compression(Kind kind, int units) {
    return kind.sparse() ? new Compression(kind, units, 0.01, 0.03) : Compression.of(kind, units);
  }

  @ParameterizedTest(name = "{0}, {1} slices in {2} units")
  @CsvSource({"BF16, 8, 4", "INT8, 5, 4", "TOPK, 8, 2", "THRESHOLD, 4, 4", "FP32, 7, 2"})
  void anyShardsTasksAndPauseGiveTheSameBits(Kind kind, int slices, int units) throws Exception {
    Compression compression = compression(kind, units);
    State initial = State.initial(spec(false).slots(), compression.usedUnits(slices));
    State alone = train(compression, slices, 1, 1, initial, 6);
    State many = train(compression, slices, 3, compression.usedUnits(slices), initial, 6);
    assertSame(many, alone);
    State paused = train(compression, slices, 2, 2, initial, 2);
    assertSame(train(compression, slices, 5, 1, paused, 4), alone);
    if (kind != Kind.FP32) {
      assertThat(alone.residuals[0]).isNotEqualTo(new float[LENGTH]);
      assertThat(alone.onShards[0]).isNotEqualTo(alone.onShards[alone.onShards.length - 1]);
    }
  }

  @Test
  void clippingByNormWorksOnDecodedSums() throws Exception {
    Compression compression = compression(Kind.BF16, 2);
    UpdateSpec clipped = spec(true);
    State initial = State.initial(clipped.slots(), 2);
    assertSame(
        train(compression, 4, 3, 2, initial, 3, clipped),
        train(compression, 4, 1, 1, initial, 3, clipped));
  }

  private static void assertSame(State state, State other) {
    for (int slot = 0; slot < other.onShards.length; slot++) {
      assertThat(Arrays.equals(state.onShards[slot], other.onShards[slot]))
          .as("slot " + slot)
          .isTrue();
    }
    for (int unit = 0; unit < other.residuals.length; unit++) {
      assertThat(Arrays.equals(state.residuals[unit], other.residuals[unit]))
          .as("unit " + unit)
          .isTrue();
    }
  }

  /** A unit per task: bytes of both directions beside those of raw float32. */
  @ParameterizedTest
  @CsvSource({"BF16, 0.5", "INT8, 0.255", "TOPK, 0.018", "THRESHOLD, 0.018"})
  void bytesOfAStep(Kind kind, double most) throws Exception {
    Compression compression = compression(kind, 2);
    State initial = State.initial(spec(false).slots(), 2);
    State end = train(compression, 8, 2, 2, initial, 3);
    double raw = 3 * 2 * 2 * 4.0 * LENGTH;
    assertThat(end.payload / raw).isBetween(0.2 * most, most);
  }

  @Test
  void rawAndCodedPushesDoNotMix() {
    ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    ShardMap map = ShardMap.of(LENGTH, 1);
    Compression compression = compression(Kind.BF16, 2);
    try (InProcessConnector connector = new InProcessConnector(server);
        PsControl control = PsControl.open(options(map), connector)) {
      control.create(
          new RunPlan(spec(false).encode(), 4, 10, 100, 100, 0, Consistency.BSP, compression));
      control.put(0, new float[LENGTH]);
      control.seal(0);
      ClientOptions task = options(map).task(1, "task", 0, 4);
      try (PsClient raw = PsClient.open(task, connector)) {
        TreeSum sums = new TreeSum(4, LENGTH);
        for (int slice = 0; slice < 4; slice++) {
          sums.add(slice, new float[LENGTH], new double[] {1, 1, 1, 1}, true);
        }
        assertThatThrownBy(() -> raw.pushPull(sums, new float[LENGTH]))
            .hasMessageContaining("was made with compression: send CODED_PUSH");
      }
      try (PsClient other = PsClient.open(task.coded(compression(Kind.BF16, 4), 4), connector)) {
        other.pull(new float[LENGTH]);
        other.loadResiduals(0, 4, unit -> null);
        TreeSum sums = TreeSum.ofUnits(4, LENGTH, 4);
        for (int slice = 0; slice < 4; slice++) {
          sums.add(slice, new float[LENGTH], new double[] {1, 1, 1, 1}, true);
        }
        assertThatThrownBy(() -> other.pushPull(sums, new float[LENGTH]))
            .hasMessageContaining("coded gradients are those of node (level 1");
        assertThat(other.hasResiduals()).as("after a step that failed").isFalse();
        assertThatThrownBy(() -> other.pushPull(sums, new float[LENGTH]))
            .hasMessageContaining("residuals must be those of version 0");
      }
    }
  }

  @Test
  void overlappingStepsAreRefused() {
    ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    ShardMap map = ShardMap.of(LENGTH, 1);
    try (InProcessConnector connector = new InProcessConnector(server);
        PsControl control = PsControl.open(options(map), connector)) {
      RunPlan plan =
          new RunPlan(
              spec(false).encode(),
              4,
              10,
              100,
              100,
              0,
              Consistency.ssp(2),
              compression(Kind.BF16, 2));
      assertThatThrownBy(() -> control.create(plan))
          .isInstanceOfSatisfying(
              PsException.class, e -> assertThat(e.code()).isEqualTo(PsErrorCode.BAD_REQUEST))
          .hasMessageContaining("compression needs consistency bsp");
    }
  }

  /** A unit that is not finite: nothing of it is sent, and its residual stays. */
  @Test
  void notFiniteIsNamedAndNeverKept() {
    ShardMap map = ShardMap.of(LENGTH, 1);
    CodedUnits units = new CodedUnits(compression(Kind.TOPK, 2), 4, map);
    float[] kept = new float[LENGTH];
    kept[5] = 7;
    units.load(3, 0, 2, unit -> kept);
    units.begin();
    float[] bad = new float[LENGTH];
    bad[9] = Float.POSITIVE_INFINITY;
    assertThat(units.add(1, 1, bad, -1)).isEqualTo(2);
    Message.Push head =
        new Message.Push(new Target("run", 0, 1), 1, 3, 1, 1, 0, true, 2, 1, 1, 1, 1, Floats.EMPTY);
    Message.CodedPush push = units.push(head, 0, 0);
    assertThat(push.coded().length()).as("64 empty blocks").isEqualTo(64);
    assertThat(push.wanted()).isZero();
    assertThat(push.left()).isZero();
    assertThat(units.residual(1)).isEqualTo(kept);
    assertThat(units.residualsAt()).isEqualTo(-1);
  }

  /** What a repeated or late coded push meets. */
  @Test
  void repeatedPushesAreAnsweredWithTheChange() {
    ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    Target target = new Target("run", 0, 1);
    Compression compression = Compression.of(Kind.FP32, 1);
    List<Message> answers = new ArrayList<>();
    server.handle(
        1,
        1,
        new Message.Create(
            target,
            0,
            1000,
            1,
            10,
            10,
            10,
            0,
            Consistency.BSP,
            compression,
            UpdateSpec.plain(OptimizerSpec.of(OptimizerSpec.Kind.SGD, 1), 1000).encode()),
        (c, r, m) -> answers.add(m));
    server.handle(
        1,
        2,
        new Message.Put(target, 0, 0, Floats.of(new float[1000])),
        (c, r, m) -> answers.add(m));
    server.handle(1, 3, new Message.Seal(target, 0), (c, r, m) -> answers.add(m));
    server.handle(1, 4, new Message.Join(target, 1, "t", 0, 1), (c, r, m) -> answers.add(m));
    byte[] code = new byte[4000];
    float[] ones = new float[1000];
    Arrays.fill(ones, 1f);
    compression.up().encode(ones, 0, 1000, code, 0);
    Message.CodedPush push =
        new Message.CodedPush(
            new Message.Push(target, 1, 0, 0, 0, 0, true, -1, 1, 1, 1, 1, Floats.EMPTY),
            1000,
            0,
            new Bytes(code, 0, code.length));
    answers.clear();
    server.handle(1, 5, push, (c, r, m) -> answers.add(m));
    server.handle(1, 6, push, (c, r, m) -> answers.add(m));
    server.handle(1, 7, new Message.Pull(target, 1, 1, 0), (c, r, m) -> answers.add(m));
    assertThat(answers).hasSize(3);
    assertThat(answers.get(0)).isInstanceOf(Message.CodedValues.class);
    assertThat(answers.get(1)).isEqualTo(answers.get(0));
    Message.CodedValues change = (Message.CodedValues) answers.get(0);
    float[] view = new float[1000];
    compression.down().add(change.coded().array(), 0, change.coded().length(), view, 0, 1000);
    Message.Values whole = (Message.Values) answers.get(2);
    assertThat(Arrays.copyOf(whole.values().array(), 1000)).isEqualTo(view);
    assertThat(view[0]).isNotZero();
  }

  /** Whatever is wrong with a coded push, the step stands as it stood and the right push counts. */
  @Test
  void fault_18_wrongCodesChangeNothing() {
    ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    Target target = new Target("run", 0, 1);
    Compression compression = new Compression(Kind.TOPK, 1, 0.01, 1);
    List<Message> answers = new ArrayList<>();
    byte[] update = UpdateSpec.plain(OptimizerSpec.of(OptimizerSpec.Kind.SGD, 1), 1000).encode();
    server.handle(
        1,
        1,
        new Message.Create(target, 0, 1000, 1, 10, 10, 10, 0, Consistency.BSP, compression, update),
        (c, r, m) -> answers.add(m));
    server.handle(
        1,
        2,
        new Message.Put(target, 0, 0, Floats.of(new float[1000])),
        (c, r, m) -> answers.add(m));
    server.handle(1, 3, new Message.Seal(target, 0), (c, r, m) -> answers.add(m));
    long held = server.allocatedBytes();
    byte[] code = new byte[100];
    float[] gradient = new float[1000];
    gradient[40] = 2;
    int bytes = compression.up().encode(gradient, 0, 1000, code, 0);
    byte[] last = {1, 0, 0, 0}; // an entry ends too early
    byte[] far = {2, (byte) 0xe7, 7, 0, 0, 0, 0, 0}; // positions 999 and 1000
    byte[] notANumber = {1, 0, (byte) 0xc0, 0x7f};
    for (Message.CodedPush wrong :
        List.of(
            push(target, 4, 0, new Bytes(code, 0, bytes - 1)),
            push(target, 4, 0, new Bytes(code, 0, bytes + 9)),
            push(target, 4, 0, new Bytes(last, 0, 3)),
            push(target, 4, 0, new Bytes(far, 0, far.length)),
            push(target, 4, 0, new Bytes(notANumber, 0, 4)),
            push(target, Double.NaN, 0, new Bytes(code, 0, bytes)),
            push(target, 4, -1, new Bytes(code, 0, bytes)))) {
      answers.clear();
      server.handle(1, 4, wrong, (c, r, m) -> answers.add(m));
      assertThat(answers).hasSize(1);
      assertThat(((Message.Failure) answers.get(0)).code()).isEqualTo(PsErrorCode.BAD_REQUEST);
    }
    assertThat(server.allocatedBytes()).isEqualTo(held);
    answers.clear();
    server.handle(1, 5, push(target, 4, 0, new Bytes(code, 0, bytes)), (c, r, m) -> answers.add(m));
    assertThat(answers.get(0)).isInstanceOf(Message.CodedValues.class);
    server.handle(1, 6, new Message.Ledger(target, 0, 10), (c, r, m) -> answers.add(m));
    Message.LedgerReply ledger = (Message.LedgerReply) answers.get(1);
    assertThat(ledger.entries().get(0).coded())
        .isEqualTo(new Message.CodedStep(bytes, bytes, 4, 0));
  }

  private static Message.CodedPush push(Target target, double wanted, double left, Bytes code) {
    return new Message.CodedPush(
        new Message.Push(target, 1, 0, 0, 0, 0, true, -1, 1, 1, 1, 1, Floats.EMPTY),
        wanted,
        left,
        code);
  }
}
