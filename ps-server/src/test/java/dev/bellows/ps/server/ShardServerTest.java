package dev.bellows.ps.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.ps.protocol.Consistency;
import dev.bellows.ps.protocol.Floats;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.Message.State;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.Target;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The state machine, one request at a time: plain SGD with rate 1 on four elements, so that values
 * can be read off.
 */
class ShardServerTest {
  private static final Target TARGET = new Target("run", 0, 1);
  private static final int CONNECTION = 5;

  private long now = 1;
  private final List<Sent> sent = new ArrayList<>();
  private final Effects out =
      (connection, request, answer) -> sent.add(new Sent(connection, request, copied(answer)));
  private ShardServer server =
      new ShardServer(new ServerOptions(1 << 20, 4, 6, 3, 1_000_000_000L), () -> now);
  private long nextRequest = 100;

  private record Sent(long connection, long request, Message answer) {}

  private static Message copied(Message answer) {
    return answer instanceof Message.Values v
        ? new Message.Values(v.version(), v.slot(), v.from(), Floats.of(values(v)))
        : answer;
  }

  private static float[] values(Message answer) {
    Floats f = ((Message.Values) answer).values();
    return java.util.Arrays.copyOfRange(f.array(), f.offset(), f.offset() + f.length());
  }

  private static UpdateSpec spec(int length, double clipNorm, NanPolicy policy) {
    return new UpdateSpec(
        OptimizerSpec.of(OptimizerSpec.Kind.SGD, 1),
        ScheduleSpec.constant(),
        0,
        0,
        0,
        clipNorm,
        policy,
        List.of(UpdateSpec.Range.trainable(0, length, false)));
  }

  private static Message.Create create(Target target, UpdateSpec spec, int slices) {
    return new Message.Create(
        target, 0, spec.length(), slices, 10, 100, 8, 0, Consistency.BSP, spec.encode());
  }

  /** The answer to a request, or null while it is deferred. */
  private Message ask(Message request) {
    return ask(CONNECTION, nextRequest++, request);
  }

  private Message ask(long connection, long id, Message request) {
    int before = sent.size();
    server.handle(connection, id, request, out);
    for (int i = before; i < sent.size(); i++) {
      if (sent.get(i).connection == connection && sent.get(i).request == id) {
        return sent.get(i).answer;
      }
    }
    return null;
  }

  private void running(int slices, double clipNorm, NanPolicy policy) {
    assertDone(ask(create(TARGET, spec(4, clipNorm, policy), slices)));
    assertDone(ask(new Message.Put(TARGET, 0, 0, Floats.of(new float[] {10, 20, 30, 40}))));
    assertDone(ask(new Message.Seal(TARGET, 0)));
  }

  private static Message.Push push(
      long step, int level, int index, boolean pull, int bad, float... values) {
    return new Message.Push(
        TARGET, 1, step, level, index, 0, pull, bad, 1, 2, 3, 4, Floats.of(values));
  }

  private static void assertDone(Message answer) {
    assertThat(answer).isInstanceOf(Message.Done.class);
  }

  private static Message.Failure refused(Message answer, PsErrorCode code) {
    assertThat(answer).isInstanceOf(Message.Failure.class);
    assertThat(((Message.Failure) answer).code())
        .as(((Message.Failure) answer).detail())
        .isEqualTo(code);
    return (Message.Failure) answer;
  }

  private Message.StatusReply status() {
    return (Message.StatusReply) ask(new Message.Status(TARGET));
  }

  private long counter(Counter counter) {
    return counter.in(status().counters());
  }

  @Test
  void aStepIsAppliedWhenTheLastSliceArrivesAndDeferredPullsAreAnswered() {
    running(2, 0, NanPolicy.STOP);
    assertThat(ask(new Message.Pull(TARGET, 1, 1, 0))).as("not yet").isNull();
    assertThat(ask(push(0, 0, 0, true, -1, 1, 1, 1, 1))).isNull();
    assertThat(status().missing()).containsExactly(0b10);
    Message answer = ask(push(0, 0, 1, true, -1, 3, 1, 1, 5));
    assertThat(values(answer)).containsExactly(8, 19, 29, 37); // minus the mean over weight 2
    assertThat(sent.stream().filter(s -> s.answer instanceof Message.Values)).hasSize(3);
    assertThat(status().version()).isEqualTo(1);
    assertThat(values(ask(new Message.Pull(TARGET, 1, 0, 0))))
        .as("one version back")
        .containsExactly(10, 20, 30, 40);
    assertThat(counter(Counter.WAITING)).isZero();
    Message.LedgerReply ledger = (Message.LedgerReply) ask(new Message.Ledger(TARGET, 0, 10));
    assertThat(ledger.entries())
        .containsExactly(new Message.LedgerEntry(0, 2, 4, 6, 8, true, false, 0));
  }

  @Test
  void fault_14_aRepeatedPushIsAcknowledgedWithTheCurrentStepAndNotApplied() {
    running(2, 0, NanPolicy.STOP);
    assertThat(ask(push(0, 0, 0, false, -1, 1, 1, 1, 1))).isEqualTo(new Message.Done(0));
    assertThat(ask(push(0, 0, 0, false, -1, 1, 1, 1, 1))).isEqualTo(new Message.Done(0));
    ask(push(0, 0, 1, false, -1, 1, 1, 1, 1));
    assertThat(ask(push(0, 0, 1, false, -1, 1, 1, 1, 1)))
        .as("of the finished step")
        .isEqualTo(new Message.Done(1));
    assertThat(values(ask(push(0, 0, 0, true, -1, 1, 1, 1, 1)))).containsExactly(9, 19, 29, 39);
    assertThat(counter(Counter.PUSHES_ACCEPTED)).isEqualTo(2);
    assertThat(counter(Counter.PUSHES_DUPLICATE)).isEqualTo(3);
  }

  @Test
  void aDuplicatedFrameGetsOneWaitingAnswer() {
    running(2, 0, NanPolicy.STOP);
    Message.Push first = push(0, 0, 0, true, -1, 1, 1, 1, 1);
    assertThat(ask(CONNECTION, 7, first)).isNull();
    assertThat(ask(CONNECTION, 7, first)).isNull();
    assertThat(counter(Counter.WAITING)).isEqualTo(1);
  }

  @Test
  void oldAndFutureStepsAreRefused() {
    running(1, 0, NanPolicy.STOP);
    for (int step = 0; step < 3; step++) {
      ask(push(step, 0, 0, false, -1, 0, 0, 0, 0));
    }
    Message.Failure stale =
        refused(ask(push(1, 0, 0, true, -1, 0, 0, 0, 0)), PsErrorCode.STALE_STEP);
    assertThat(stale.step()).as("the current step").isEqualTo(3);
    refused(ask(push(4, 0, 0, true, -1, 0, 0, 0, 0)), PsErrorCode.STEP_AHEAD);
    refused(ask(new Message.Pull(TARGET, 1, 1, 0)), PsErrorCode.STALE_STEP);
    refused(ask(new Message.Pull(TARGET, 1, 5, 0)), PsErrorCode.STEP_AHEAD);
    assertThat(counter(Counter.REQUESTS_STALE)).isEqualTo(2);
    assertThat(counter(Counter.REQUESTS_REFUSED)).isEqualTo(2);
  }

  @Test
  void fault_20_wrongShardsChunksNodesSlotsAndLengthsAreTypedErrors() {
    running(2, 0, NanPolicy.STOP);
    refused(ask(new Message.Status(new Target("run", 1, 1))), PsErrorCode.NO_SUCH_NAMESPACE);
    refused(ask(new Message.Status(new Target("nur", 0, 1))), PsErrorCode.NO_SUCH_NAMESPACE);
    refused(ask(new Message.Status(new Target("run", 0, 2))), PsErrorCode.NO_SUCH_NAMESPACE);
    refused(ask(new Message.Status(new Target("run", 0, 0))), PsErrorCode.STALE_INCARNATION);
    refused(ask(new Message.Pull(TARGET, 1, 0, 1)), PsErrorCode.OUT_OF_RANGE);
    refused(ask(new Message.Pull(TARGET, 1, 0, Integer.MIN_VALUE)), PsErrorCode.OUT_OF_RANGE);
    refused(ask(push(0, 0, 2, true, -1, 0, 0, 0, 0)), PsErrorCode.OUT_OF_RANGE);
    refused(ask(push(0, 31, 0, true, -1, 0, 0, 0, 0)), PsErrorCode.OUT_OF_RANGE);
    refused(ask(push(0, 0, 0, true, 9, 0, 0, 0, 0)), PsErrorCode.OUT_OF_RANGE);
    refused(ask(push(0, 0, 0, true, -1, 0, 0, 0)), PsErrorCode.OUT_OF_RANGE);
    refused(ask(new Message.Get(TARGET, 0, 0, 0)), PsErrorCode.NO_SUCH_SNAPSHOT);
    refused(ask(new Message.Get(TARGET, 0, 1, 0)), PsErrorCode.OUT_OF_RANGE);
    refused(ask(new Message.Norm(TARGET, 0)), PsErrorCode.WRONG_STATE);
    refused(ask(new Message.Commit(TARGET, 0, true, 1)), PsErrorCode.WRONG_STATE);
    refused(ask(new Message.Put(TARGET, 0, 0, Floats.of(new float[4]))), PsErrorCode.WRONG_STATE);
    refused(ask(new Message.Join(TARGET, 1, "t", 0, 3)), PsErrorCode.OUT_OF_RANGE);
    refused(ask(new Message.Done(1)), PsErrorCode.BAD_REQUEST);
    assertDone(ask(new Message.Ping()));
    assertThat(values(ask(new Message.Pull(TARGET, 1, 0, 0))))
        .as("others are unaffected")
        .containsExactly(10, 20, 30, 40);
  }

  @Test
  void fault_20_createIsCheckedBeforeMemoryIsTaken() {
    UpdateSpec spec = spec(4000, 0, NanPolicy.STOP);
    byte[] bytes = spec.encode();
    refused(
        ask(new Message.Create(TARGET, 5, 4000, 1, 1, 1, 1, 0, Consistency.BSP, bytes)),
        PsErrorCode.OUT_OF_RANGE);
    refused(
        ask(new Message.Create(TARGET, 1024, 1024, 1, 1, 1, 1, 0, Consistency.BSP, bytes)),
        PsErrorCode.OUT_OF_RANGE);
    refused(
        ask(new Message.Create(TARGET, 0, 4001, 1, 1, 1, 1, 0, Consistency.BSP, bytes)),
        PsErrorCode.OUT_OF_RANGE);
    refused(
        ask(new Message.Create(TARGET, 0, 4000, 0, 1, 1, 1, 0, Consistency.BSP, bytes)),
        PsErrorCode.OUT_OF_RANGE);
    refused(
        ask(
            new Message.Create(
                TARGET, 0, 4000, 1, 1, 1, Integer.MAX_VALUE, 0, Consistency.BSP, bytes)),
        PsErrorCode.OUT_OF_RANGE);
    refused(
        ask(new Message.Create(TARGET, 0, 4000, 1, 1, 1, 1, 0, Consistency.BSP, new byte[] {1})),
        PsErrorCode.BAD_REQUEST);
    UpdateSpec huge = spec(Integer.MAX_VALUE, 0, NanPolicy.STOP);
    Message.Failure quota = refused(ask(create(TARGET, huge, 1)), PsErrorCode.QUOTA);
    assertThat(quota.detail()).contains("limit 1048576").contains("more shards");
    assertThat(server.allocatedBytes()).isZero();
    assertThat(server.namespaces()).isZero();
  }

  /** Many runs at once: the one that asks for too much is refused, not whoever comes after it. */
  @Test
  void aRunTakesNoMoreThanItsQuotaAndGivesItBack() {
    int length = 10_000;
    UpdateSpec spec = spec(length, 0, NanPolicy.STOP);
    server =
        new ShardServer(new ServerOptions(1 << 20, 9, 6, 3, 0).withRunBytes(1 << 18), () -> now);
    assertDone(ask(create(new Target("heavy", 0, 1), spec, 1)));
    long one = server.allocatedBytes();
    assertThat(one).isBetween(2L * length * Float.BYTES, 1L << 18);
    int fitting = (int) ((1 << 18) / one);
    for (int shard = 1; shard < fitting; shard++) {
      assertDone(ask(create(new Target("heavy", shard, 1), spec, 1)));
    }
    Target over = new Target("heavy", fitting, 1);
    assertThat(refused(ask(create(over, spec, 1)), PsErrorCode.QUOTA).detail())
        .matches(
            "run heavy holds \\d+ bytes and would need \\d+ more, the quota of a run 262144.*");
    assertThat(server.allocatedBytes()).as("nothing of it stays").isEqualTo(fitting * one);
    assertDone(ask(create(new Target("light", 0, 1), spec, 1)));
    assertDone(ask(new Message.Drop(new Target("heavy", 0, 1))));
    assertDone(ask(create(over, spec, 1)));
  }

  @Test
  void incarnationsFenceAndRepeatedRequestsAreHarmless() {
    running(1, 0, NanPolicy.STOP);
    assertDone(ask(create(TARGET, spec(4, 0, NanPolicy.STOP), 1)));
    assertThat(status().state()).as("a repeated CREATE changes nothing").isEqualTo(State.RUNNING);
    refused(ask(create(TARGET, spec(4, 0, NanPolicy.STOP), 2)), PsErrorCode.CONFLICT);
    assertThat(ask(push(0, 0, 0, false, -1, 0, 0, 0, 0))).isEqualTo(new Message.Done(1));
    assertThat(ask(new Message.Seal(TARGET, 0)))
        .as("a late copy of SEAL")
        .isEqualTo(new Message.Done(1));
    ask(CONNECTION, 9, new Message.Pull(TARGET, 1, 2, 0));
    Target second = new Target("run", 0, 2);
    assertDone(ask(create(second, spec(4, 0, NanPolicy.STOP), 1)));
    assertThat(sent.get(sent.size() - 2).request).as("the waiting pull").isEqualTo(9);
    refused(sent.get(sent.size() - 2).answer, PsErrorCode.STALE_INCARNATION);
    refused(ask(push(1, 0, 0, true, -1, 0, 0, 0, 0)), PsErrorCode.STALE_INCARNATION);
    refused(ask(create(TARGET, spec(4, 0, NanPolicy.STOP), 1)), PsErrorCode.STALE_INCARNATION);
    refused(ask(new Message.Seal(second, 3)), PsErrorCode.WRONG_STATE);
    assertDone(ask(new Message.Put(second, 0, 0, Floats.of(new float[4]))));
    assertThat(ask(new Message.Seal(second, 3))).isEqualTo(new Message.Done(3));
    assertDone(ask(new Message.Drop(second)));
    assertDone(ask(new Message.Drop(second)));
    refused(ask(create(second, spec(4, 0, NanPolicy.STOP), 1)), PsErrorCode.STALE_INCARNATION);
    assertThat(server.allocatedBytes()).isZero();
  }

  @Test
  void snapshotIsTakenAtItsStepWhileStepsGoOn() {
    running(1, 0, NanPolicy.STOP);
    assertThat(ask(CONNECTION, 50, new Message.Snapshot(TARGET, 2))).isNull();
    assertThat(ask(CONNECTION, 50, new Message.Snapshot(TARGET, 2))).as("sent again").isNull();
    for (int step = 0; step < 4; step++) {
      ask(push(step, 0, 0, false, -1, 1, 1, 1, 1));
    }
    assertThat(sent.stream().filter(s -> s.request == 50).toList()).hasSize(1);
    assertThat(values(ask(new Message.Get(TARGET, 2, 0, 0)))).containsExactly(8, 18, 28, 38);
    refused(ask(new Message.Snapshot(TARGET, 3)), PsErrorCode.STALE_STEP);
    assertThat(values(ask(new Message.Get(TARGET, 2, 0, 0))))
        .as("still held")
        .containsExactly(8, 18, 28, 38);
    long held = server.allocatedBytes();
    assertDone(ask(new Message.Snapshot(TARGET, 4)));
    assertThat(server.allocatedBytes()).as("one snapshot at a time").isEqualTo(held);
    refused(ask(new Message.Get(TARGET, 2, 0, 0)), PsErrorCode.NO_SUCH_SNAPSHOT);
    assertThat(ask(CONNECTION, 51, new Message.Snapshot(TARGET, 5))).isNull();
    refused(ask(new Message.Snapshot(TARGET, 4)), PsErrorCode.STALE_STEP);
    assertThat(sent)
        .as("a late copy of the request for 4 does not push 5 out")
        .noneMatch(s -> s.request == 51);
    assertDone(ask(new Message.Release(TARGET, 5)));
    assertThat(sent).anyMatch(s -> s.request == 51 && s.answer instanceof Message.Failure);
    assertThat(server.allocatedBytes()).isEqualTo(held - 16);
    assertThat(counter(Counter.SNAPSHOTS)).isEqualTo(2);
  }

  @Test
  void fault_54_nonFiniteGradientDivergesAndNamesStepAndSlice() {
    running(4, 0, NanPolicy.STOP);
    ask(push(0, 0, 3, false, 3, Float.NaN, 0, 0, 0));
    ask(push(0, 0, 1, false, 1, 0, Float.NaN, 0, 0));
    assertThat(ask(CONNECTION, 33, push(0, 0, 0, true, -1, 0, 0, 0, 0))).isNull();
    Message.Failure failure =
        refused(ask(push(0, 0, 2, true, -1, 0, 0, 0, 0)), PsErrorCode.DIVERGED);
    assertThat(failure.step()).isZero();
    assertThat(failure.slice()).as("the smallest, whatever came first").isEqualTo(1);
    assertThat(failure.detail()).contains("step 0").contains("slice 1");
    assertThat(sent.stream().filter(s -> s.request == 33).findFirst().orElseThrow().answer)
        .isInstanceOf(Message.Failure.class);
    assertThat(status().state()).isEqualTo(State.DIVERGED);
    refused(ask(push(0, 0, 2, true, -1, 0, 0, 0, 0)), PsErrorCode.DIVERGED);
    refused(ask(new Message.Pull(TARGET, 1, 0, 0)), PsErrorCode.DIVERGED);
  }

  @Test
  void fault_54_anOverflowOfTheSumIsFoundWithoutASliceToBlame() {
    running(2, 0, NanPolicy.STOP);
    ask(push(0, 0, 0, false, -1, Float.MAX_VALUE, 0, 0, 0));
    Message.Failure failure =
        refused(ask(push(0, 0, 1, true, -1, Float.MAX_VALUE, 0, 0, 0)), PsErrorCode.DIVERGED);
    assertThat(failure.slice()).isEqualTo(-1);
    assertThat(failure.detail()).contains("sum of the gradients");
  }

  @Test
  void fault_54_skipPolicyGoesOnWithUnchangedValues() {
    running(1, 0, NanPolicy.SKIP);
    assertThat(ask(CONNECTION, 60, push(0, 0, 0, true, 0, Float.NaN, 0, 0, 0))).isNull();
    Message.NormReply norm = (Message.NormReply) ask(new Message.Norm(TARGET, 0));
    assertThat(norm.finite()).isFalse();
    assertThat(norm.badSlice()).isZero();
    refused(ask(new Message.Commit(TARGET, 0, true, 1)), PsErrorCode.CONFLICT);
    assertThat(ask(new Message.Commit(TARGET, 0, false, 1))).isEqualTo(new Message.Done(1));
    assertThat(values(ask(new Message.Pull(TARGET, 1, 1, 0)))).containsExactly(10, 20, 30, 40);
    assertThat(counter(Counter.STEPS_SKIPPED)).isEqualTo(1);
    Message.LedgerReply ledger = (Message.LedgerReply) ask(new Message.Ledger(TARGET, 0, 10));
    assertThat(ledger.entries().get(0).applied()).isFalse();
  }

  @Test
  void twoPhaseStepIsAppliedOnceWithTheFirstCommit() {
    running(2, 0.5, NanPolicy.STOP);
    refused(ask(new Message.Commit(TARGET, 0, true, 1)), PsErrorCode.WRONG_STATE);
    assertThat(ask(CONNECTION, 70, new Message.Norm(TARGET, 0))).as("deferred").isNull();
    ask(push(0, 0, 0, false, -1, 3, 0, 0, 0));
    ask(push(0, 0, 1, false, -1, 3, 8, 0, 0));
    Message.NormReply norm =
        (Message.NormReply)
            sent.stream().filter(s -> s.request == 70).findFirst().orElseThrow().answer;
    assertThat(norm.squares()).containsExactly(100);
    assertThat(norm.weight()).isEqualTo(2);
    for (float bad : new float[] {0, -1, 1.5f, Float.NaN}) {
      refused(ask(new Message.Commit(TARGET, 0, true, bad)), PsErrorCode.BAD_REQUEST);
    }
    assertThat(ask(new Message.Commit(TARGET, 0, true, 0.5f))).isEqualTo(new Message.Done(1));
    assertThat(ask(new Message.Commit(TARGET, 0, true, 0.5f))).isEqualTo(new Message.Done(1));
    refused(ask(new Message.Commit(TARGET, 0, true, 0.25f)), PsErrorCode.CONFLICT);
    assertThat(values(ask(new Message.Pull(TARGET, 1, 1, 0)))).containsExactly(8.5f, 18, 30, 40);
    assertThat(ask(new Message.Norm(TARGET, 0)))
        .as("a late client learns the same")
        .isEqualTo(norm);
  }

  @Test
  void connectionsThatGoAreForgottenAndWaitingIsBounded() {
    running(1, 0, NanPolicy.STOP);
    for (int i = 0; i < 6; i++) {
      assertThat(ask(8, i, new Message.Pull(TARGET, 1, 1, 0))).isNull();
    }
    refused(ask(9, 1, new Message.Pull(TARGET, 1, 1, 0)), PsErrorCode.QUOTA);
    server.closed(8);
    assertThat(counter(Counter.WAITING)).isZero();
    assertThat(ask(9, 2, new Message.Pull(TARGET, 1, 1, 0))).isNull();
    ask(push(0, 0, 0, false, -1, 0, 0, 0, 0));
    assertThat(sent.stream().filter(s -> s.connection == 8)).isEmpty();
    assertThat(sent.stream().filter(s -> s.connection == 9 && s.request == 2)).hasSize(1);
  }

  @Test
  void namespacesAreBoundedAndIdleOnesGo() {
    for (int i = 0; i < 4; i++) {
      assertDone(ask(create(new Target("run" + i, 0, 1), spec(4, 0, NanPolicy.STOP), 1)));
    }
    refused(
        ask(create(new Target("run9", 0, 1), spec(4, 0, NanPolicy.STOP), 1)), PsErrorCode.QUOTA);
    now += 600_000_000L;
    assertThat(ask(new Message.Status(new Target("run2", 0, 1))))
        .isInstanceOf(Message.StatusReply.class);
    server.tick(out);
    assertThat(server.namespaces()).isEqualTo(4);
    now += 600_000_000L;
    server.tick(out);
    assertThat(server.namespaces()).isEqualTo(1);
    refused(ask(new Message.Status(new Target("run1", 0, 1))), PsErrorCode.NO_SUCH_NAMESPACE);
    assertThat(ask(new Message.Status(new Target("run2", 0, 1))))
        .isInstanceOf(Message.StatusReply.class);
  }

  @Test
  void twoRunsDoNotSeeEachOther() {
    running(1, 0, NanPolicy.STOP);
    Target other = new Target("other", 0, 1);
    ask(create(other, spec(4, 0, NanPolicy.STOP), 1));
    ask(new Message.Put(other, 0, 0, Floats.of(new float[] {1, 1, 1, 1})));
    ask(new Message.Seal(other, 7));
    ask(push(0, 0, 0, false, -1, 1, 1, 1, 1));
    assertThat(values(ask(new Message.Pull(other, 1, 7, 0)))).containsExactly(1, 1, 1, 1);
    assertThat(values(ask(new Message.Pull(TARGET, 1, 1, 0)))).containsExactly(9, 19, 29, 39);
  }

  @Test
  void clientsAreBoundedAndTheLateOnesAreListedFirst() {
    running(4, 0, NanPolicy.STOP);
    for (int c = 1; c <= 4; c++) {
      now += 1_000_000_000L;
      ask(new Message.Join(TARGET, c, "task " + c, c - 1, c));
    }
    ask(push(0, 0, 3, false, -1, 0, 0, 0, 0)); // client 1 is forgotten: no trace
    ask(new Message.Push(TARGET, 4, 0, 0, 3, 0, false, -1, 1, 1, 1, 1, Floats.of(new float[4])));
    List<Message.ClientInfo> clients = status().clients();
    assertThat(clients)
        .extracting(Message.ClientInfo::name)
        .containsExactly("task 2", "task 3", "task 4");
    assertThat(clients).extracting(Message.ClientInfo::lastStep).containsExactly(-1L, -1L, 0L);
    assertThat(clients).extracting(Message.ClientInfo::silentMs).containsExactly(2000L, 1000L, 0L);
  }

  @Test
  void aWeightOfZeroChangesNothing() {
    running(1, 0, NanPolicy.STOP);
    Message answer =
        ask(new Message.Push(TARGET, 1, 0, 0, 0, 0, true, -1, 0, 0, 0, 5, Floats.of(new float[4])));
    assertThat(values(answer)).containsExactly(10, 20, 30, 40);
  }

  @Test
  void countersHaveStableIds() {
    for (Counter counter : Counter.values()) {
      assertThat(counter.id()).isEqualTo(counter.ordinal());
    }
    assertThat(Counter.BYTES.in(new long[0])).isZero();
  }
}
