package dev.bellows.ps.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.ps.protocol.Consistency;
import dev.bellows.ps.protocol.Floats;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.Target;
import dev.bellows.ps.sim.Seeds;
import dev.bellows.ps.sim.SimRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Steps that overlap, against a trace of what was finished when parameters were handed out. Plain
 * SGD with rate 1 and a mean gradient of 1: every step takes 1 off each value, so that a lost or
 * doubled contribution shows.
 */
class RelaxedStepsTest {
  private static final Target TARGET = new Target("run", 0, 1);
  private static final int LENGTH = 4;
  private static final int STEPS = 12;

  private static UpdateSpec spec(double clipNorm) {
    return new UpdateSpec(
        OptimizerSpec.of(OptimizerSpec.Kind.SGD, 1),
        ScheduleSpec.constant(),
        0,
        0,
        0,
        clipNorm,
        NanPolicy.STOP,
        List.of(UpdateSpec.Range.trainable(0, LENGTH, false)));
  }

  @Test
  void nobodyIsFurtherAheadThanAskedAndEveryContributionCountsOnce() {
    Seeds.forEach(
        "RelaxedStepsTest#nobodyIs*",
        600,
        seed -> {
          SimRandom random = new SimRandom(seed);
          Consistency consistency = Consistency.ssp(random.between(0, 4));
          Trace trace = new Trace(random, consistency, random.between(1, 9), random.between(1, 4));
          trace.run();
          assertThat(trace.worstLead).isLessThanOrEqualTo(consistency.staleness());
          float[] all = new float[LENGTH];
          Arrays.fill(all, -STEPS);
          assertThat(trace.values()).containsExactly(all, within(1e-4f));
          Message.StatusReply status = trace.status();
          assertThat(status.version()).isEqualTo(STEPS);
          assertThat(Counter.LEAD_MAX.in(status.counters()))
              .isLessThanOrEqualTo(consistency.staleness());
          assertThat(Counter.WAITING.in(status.counters())).isZero();
        });
  }

  @Test
  void asyncWaitsForNobodyAndCountsLateContributionsLess() {
    Trace trace = new Trace(new SimRandom(3), Consistency.ASYNC, 2, 2);
    trace.start();
    for (int step = 0; step < STEPS; step++) {
      assertThat(trace.tasks.get(0).ready).isTrue();
      trace.push(trace.tasks.get(0));
    }
    assertThat(trace.values()[0]).isCloseTo(-STEPS / 2f, within(1e-5f));
    // worked on values that are STEPS half steps old
    trace.push(trace.tasks.get(1));
    assertThat(trace.values()[0]).isCloseTo(-STEPS / 2f - 0.5f / (STEPS / 2f), within(1e-5f));
    assertThat(Counter.LEAD_MAX.in(trace.status().counters())).isEqualTo(STEPS);
  }

  @Test
  void theLedgerHasTheSumsOfStepsThatAllFinished() {
    Trace trace = new Trace(new SimRandom(5), Consistency.ssp(3), 4, 2);
    trace.run();
    Message.LedgerReply ledger =
        (Message.LedgerReply) trace.ask(new Message.Ledger(TARGET, 0, 100));
    assertThat(ledger.entries()).hasSize(STEPS);
    for (Message.LedgerEntry entry : ledger.entries()) {
      assertThat(entry.weight()).isEqualTo(4);
      assertThat(entry.loss()).isEqualTo(8);
    }
  }

  @Test
  void aContributionThatIsNotFiniteEndsTheRunForAll() {
    Trace trace = new Trace(new SimRandom(5), Consistency.ssp(0), 2, 2);
    trace.start();
    trace.push(trace.tasks.get(0)); // waits for the other one
    Message answer =
        trace.ask(
            new Message.Push(
                TARGET, 1, 0, 0, 1, 0, true, 1, 1, Double.NaN, 3, 4, Floats.of(new float[LENGTH])));
    assertThat(((Message.Failure) answer).code()).isEqualTo(PsErrorCode.DIVERGED);
    assertThat(trace.failures).containsExactly(PsErrorCode.DIVERGED, PsErrorCode.DIVERGED);
  }

  @Test
  void whatNeedsTheWholeStepIsRefused() {
    ShardServer server = new ShardServer(ServerOptions.defaults(), () -> 1);
    List<Message> answers = new ArrayList<>();
    Effects out = (connection, request, answer) -> answers.add(answer);
    server.handle(1, 1, Trace.create(Consistency.ASYNC, 2, spec(1.0)), out);
    assertThat(((Message.Failure) answers.get(0)).detail())
        .contains("clipping by the global norm")
        .contains("use consistency bsp");
  }

  /** Tasks that push and wait in random order, restart, and send things twice. */
  private static final class Trace {
    private final SimRandom random;
    private final Consistency consistency;
    private final ShardServer server = new ShardServer(ServerOptions.defaults(), () -> 1);
    private final List<Task> tasks = new ArrayList<>();
    private final List<PsErrorCode> failures = new ArrayList<>();
    private final int slices;
    private final long[] finished;
    private final Effects out = this::deliver;
    private long worstLead;
    private long nextId = 1000;
    private Message last = new Message.Done(-1);
    private long lastId;

    private static final class Task {
      private final int from;
      private final int to;
      private long client;
      private long step;
      private long waitingFor;
      private boolean ready;

      Task(long client, int from, int to) {
        this.client = client;
        this.from = from;
        this.to = to;
      }
    }

    Trace(SimRandom random, Consistency consistency, int slices, int tasks) {
      this.random = random;
      this.consistency = consistency;
      this.slices = slices;
      this.finished = new long[slices];
      int count = Math.min(tasks, slices);
      for (int t = 0; t < count; t++) {
        this.tasks.add(new Task(t, t * slices / count, (t + 1) * slices / count));
      }
    }

    static Message.Create create(Consistency consistency, int slices, UpdateSpec spec) {
      return new Message.Create(
          TARGET, 0, LENGTH, slices, STEPS, STEPS, 100, 0, consistency, spec.encode());
    }

    void start() {
      ask(create(consistency, slices, spec(0)));
      ask(new Message.Put(TARGET, 0, 0, Floats.of(new float[LENGTH])));
      ask(new Message.Seal(TARGET, 0));
      tasks.forEach(this::begin);
    }

    void run() {
      start();
      while (tasks.stream().anyMatch(task -> task.step < STEPS)) {
        Task task = random.pick(tasks);
        if (random.chance(0.05)) {
          task.client += 100; // a new attempt
          begin(task);
        } else if (task.ready && task.step < STEPS) {
          push(task);
        }
      }
    }

    private void begin(Task task) {
      task.ready = false;
      Message.StatusReply joined =
          (Message.StatusReply)
              ask(new Message.Join(TARGET, task.client, "task", task.from, task.to));
      task.step = joined.version();
      task.waitingFor = nextId++;
      server.handle(
          task.client, task.waitingFor, new Message.Pull(TARGET, task.client, task.step, 0), out);
    }

    void push(Task task) {
      task.ready = false;
      task.waitingFor = nextId++;
      List<Message.Push> pushes = new ArrayList<>();
      for (int slice = task.from; slice < task.to; ) { // maximal subtrees
        int level = 0;
        while (slice % (2 << level) == 0 && slice + (2 << level) <= task.to) {
          level++;
        }
        int count = 1 << level;
        float[] gradient = new float[LENGTH];
        Arrays.fill(gradient, count);
        boolean pull = slice + count == task.to;
        pushes.add(
            new Message.Push(
                TARGET,
                task.client,
                task.step,
                level,
                slice >> level,
                0,
                pull,
                -1,
                count,
                2.0 * count,
                0,
                count,
                Floats.of(gradient)));
        slice += count;
      }
      for (int slice = task.from; slice < task.to; slice++) {
        finished[slice] = task.step + 1; // before the answer, which may come at once
      }
      for (Message.Push push : pushes) {
        long id = push.pull() ? task.waitingFor : nextId++;
        server.handle(task.client, id, push, out);
        if (random.chance(0.2)) {
          server.handle(task.client, id, push, out);
        }
      }
    }

    private void deliver(long connection, long request, Message answer) {
      if (request == lastId) {
        last = answer;
      }
      if (answer instanceof Message.Failure failure) {
        failures.add(failure.code());
      }
      for (Task task : tasks) {
        if (task.client == connection
            && task.waitingFor == request
            && !task.ready
            && answer instanceof Message.Values values) {
          long slowest = Arrays.stream(finished).min().orElseThrow();
          worstLead = Math.max(worstLead, values.version() - slowest);
          task.step = values.version();
          task.ready = true;
        }
      }
    }

    Message ask(Message request) {
      lastId = nextId++;
      server.handle(7_000, lastId, request, out);
      return last;
    }

    Message.StatusReply status() {
      return (Message.StatusReply) ask(new Message.Status(TARGET));
    }

    float[] values() {
      Message answer = ask(new Message.Pull(TARGET, 7_000, status().version(), 0));
      Floats values = ((Message.Values) answer).values();
      return Arrays.copyOfRange(values.array(), values.offset(), values.offset() + LENGTH);
    }
  }
}
