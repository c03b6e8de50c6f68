package dev.bellows.ps.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.ps.protocol.Consistency;
import dev.bellows.ps.protocol.Floats;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.Peer;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.Target;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A primary and its replica, one request at a time: what is forwarded, what is hidden meanwhile,
 * who is fenced. Plain SGD with rate 1 and two slices, so that values can be read off.
 */
class ReplicationTest {
  private static final Target OLD = new Target("run", 0, 1);
  private static final Target NEW = new Target("run", 0, 2);
  private static final Peer HERE = new Peer("second", 7000);
  private static final Peer ELSEWHERE = new Peer("third", 7000);
  private static final long CONNECTION = 5;

  private long now = 1;
  private long nextRequest = 100;
  private final List<Message> answers = new ArrayList<>();
  private final List<Forwarded> forwarded = new ArrayList<>();
  private final ShardServer primary = server();
  private final ShardServer replica = server();
  private final Effects atPrimary =
      new Effects() {
        @Override
        public void send(long connection, long requestId, Message answer) {
          answers.add(copied(answer));
        }

        @Override
        public void forward(Peer to, long requestId, Message.Request request) {
          forwarded.add(new Forwarded(to, requestId, (Message.Request) copied(request)));
        }

        @Override
        public boolean canForward() {
          return true;
        }
      };

  private record Forwarded(Peer to, long id, Message.Request request) {}

  private ShardServer server() {
    return new ShardServer(new ServerOptions(1 << 20, 4, 6, 3, 0), () -> now);
  }

  private static Message copied(Message m) {
    if (m instanceof Message.Values v) {
      return new Message.Values(v.version(), v.slot(), v.from(), Floats.of(values(v.values())));
    }
    if (m instanceof Message.Push p) {
      return new Message.Push(
          p.target(),
          p.client(),
          p.step(),
          p.level(),
          p.index(),
          p.chunk(),
          p.pull(),
          p.badSlice(),
          p.weight(),
          p.loss(),
          p.metric(),
          p.rows(),
          Floats.of(values(p.values())));
    }
    return m;
  }

  private static float[] values(Floats f) {
    return java.util.Arrays.copyOfRange(f.array(), f.offset(), f.offset() + f.length());
  }

  /** Asks the primary; null while the answer is deferred. */
  private Message ask(Message request) {
    answers.clear();
    primary.handle(CONNECTION, nextRequest++, request, atPrimary);
    return answers.isEmpty() ? null : answers.get(answers.size() - 1);
  }

  private Message askReplica(Message request) {
    Message[] answer = new Message[1];
    replica.handle(CONNECTION, nextRequest++, request, (c, id, m) -> answer[0] = copied(m));
    return answer[0];
  }

  private void load(boolean atReplica, double clipNorm) {
    UpdateSpec spec =
        new UpdateSpec(
            OptimizerSpec.of(OptimizerSpec.Kind.SGD, 1),
            ScheduleSpec.constant(),
            0,
            0,
            0,
            clipNorm,
            NanPolicy.STOP,
            List.of(UpdateSpec.Range.trainable(0, 2, false)));
    List<Message> requests =
        List.of(
            new Message.Create(OLD, 0, 2, 2, 10, 100, 8, 0, Consistency.BSP, spec.encode()),
            new Message.Put(OLD, 0, 0, Floats.of(new float[] {10, 20})),
            new Message.Seal(OLD, 0));
    for (Message request : requests) {
      assertThat(atReplica ? askReplica(request) : ask(request)).isInstanceOf(Message.Done.class);
    }
  }

  private static Message.Push push(Target target, long step, int slice, float gradient) {
    return new Message.Push(
        target, 1, step, 0, slice, 0, true, -1, 0.5, 1, 2, 3, Floats.of(new float[] {gradient, 0}));
  }

  /** Lets the replica handle what was forwarded and the primary take its answers. */
  private void deliver() {
    List<Forwarded> now = List.copyOf(forwarded);
    forwarded.clear();
    for (Forwarded f : now) {
      Message answer = askReplica(f.request());
      answers.clear();
      primary.answered(f.id(), answer, atPrimary);
    }
  }

  private static PsErrorCode code(Message answer) {
    return answer instanceof Message.Failure f ? f.code() : null;
  }

  private void attached() {
    load(false, 0);
    load(true, 0);
    assertThat(ask(new Message.Attach(OLD, HERE, 0))).isEqualTo(new Message.Done(0));
  }

  @Test
  void aVersionIsShownWhenTheReplicaHasIt() {
    attached();
    assertThat(ask(push(OLD, 0, 0, 1))).isNull();
    assertThat(forwarded).isEmpty();
    assertThat(ask(push(OLD, 0, 1, 2))).isNull();
    assertThat(forwarded).hasSize(1);
    Message.Push sum = (Message.Push) forwarded.get(0).request();
    assertThat(sum.level()).isEqualTo(1);
    assertThat(values(sum.values())).containsExactly(3, 0);
    assertThat(sum.rows()).isEqualTo(6);

    assertThat(ask(new Message.Pull(OLD, 1, 1, 0))).as("still hidden").isNull();
    assertThat(values(((Message.Values) ask(new Message.Pull(OLD, 1, 0, 0))).values()))
        .as("the version before is shown")
        .containsExactly(10, 20);
    Message.StatusReply status = (Message.StatusReply) ask(new Message.Status(OLD));
    assertThat(Counter.HIDDEN.in(status.counters())).isEqualTo(1);

    deliver();
    assertThat(answers).hasSize(3).allMatch(m -> ((Message.Values) m).version() == 1);
    assertThat(values(((Message.Values) answers.get(0)).values())).containsExactly(7, 20);
    assertThat(values(((Message.Values) askReplica(new Message.Pull(OLD, 1, 1, 0))).values()))
        .containsExactly(7, 20);
    Message.LedgerReply ledger = (Message.LedgerReply) askReplica(new Message.Ledger(OLD, 0, 10));
    assertThat(ledger.entries())
        .isEqualTo(((Message.LedgerReply) ask(new Message.Ledger(OLD, 0, 10))).entries());
  }

  @Test
  void promotedReplicaTakesTheStepAgainAndFencesThePrimary() {
    attached();
    ask(push(OLD, 0, 0, 1));
    ask(push(OLD, 0, 1, 2));
    assertThat(forwarded).hasSize(1); // and lost
    assertThat(askReplica(new Message.Advance(NEW))).isEqualTo(new Message.Done(0));
    assertThat(askReplica(new Message.Advance(NEW))).isEqualTo(new Message.Done(0));
    deliver(); // the primary lives on and repeats itself
    assertThat(answers).isEmpty();
    assertThat(ask(new Message.Pull(OLD, 1, 1, 0))).as("hidden for good").isNull();

    assertThat(code(askReplica(push(OLD, 0, 0, 9)))).isEqualTo(PsErrorCode.STALE_INCARNATION);
    assertThat(askReplica(push(NEW, 0, 0, 1))).isNull();
    Message after = askReplica(push(NEW, 0, 1, 2));
    assertThat(values(((Message.Values) after).values())).containsExactly(7, 20);
    assertThat(code(askReplica(new Message.Advance(OLD)))).isEqualTo(PsErrorCode.STALE_INCARNATION);
  }

  @Test
  void advancedPrimaryForwardsAgainUnderTheNewIncarnation() {
    attached();
    ask(push(OLD, 0, 0, 1));
    assertThat(ask(push(OLD, 0, 1, 2))).isNull();
    forwarded.clear(); // lost
    askReplica(new Message.Advance(NEW));
    answers.clear();
    primary.handle(CONNECTION, 9, new Message.Advance(NEW), atPrimary);
    assertThat(answers.get(0))
        .as("who waited")
        .matches(m -> code(m) == PsErrorCode.STALE_INCARNATION);
    deliver();
    assertThat(values(((Message.Values) ask(new Message.Pull(NEW, 1, 1, 0))).values()))
        .containsExactly(7, 20);
    assertThat(code(ask(new Message.Pull(OLD, 1, 1, 0)))).isEqualTo(PsErrorCode.STALE_INCARNATION);
  }

  @Test
  void detachedPrimaryGoesOnAlone() {
    attached();
    ask(push(OLD, 0, 0, 1));
    ask(push(OLD, 0, 1, 2));
    ask(new Message.Detach(OLD));
    assertThat(answers).as("two waited, one asked").hasSize(3);
    assertThat(ask(push(OLD, 1, 0, 1))).isNull();
    forwarded.clear();
    assertThat(ask(push(OLD, 1, 1, 1))).isInstanceOf(Message.Values.class);
    assertThat(forwarded).isEmpty();
  }

  @Test
  void anotherReplicaCountsOnlyItsOwnAnswers() {
    attached();
    ask(push(OLD, 0, 0, 1));
    ask(push(OLD, 0, 1, 2));
    long late = forwarded.get(0).id();
    deliver();
    ask(new Message.Attach(OLD, ELSEWHERE, 1));
    ask(push(OLD, 1, 0, 1));
    assertThat(ask(push(OLD, 1, 1, 2))).isNull();
    assertThat(forwarded).hasSize(1).allMatch(f -> f.to().equals(ELSEWHERE) && f.id() != late);
    answers.clear();
    primary.answered(late, new Message.Done(99), atPrimary);
    assertThat(answers).as("an answer of the replica before").isEmpty();
    primary.answered(forwarded.get(0).id(), new Message.Done(1), atPrimary);
    assertThat(answers).as("not applied yet").isEmpty();
    primary.answered(
        forwarded.get(0).id(),
        Refusal.failure(PsErrorCode.NO_SUCH_NAMESPACE, -1, -1, "being loaded"),
        atPrimary);
    assertThat(answers).as("a refusal").isEmpty();
    primary.answered(forwarded.get(0).id(), new Message.Done(2), atPrimary);
    assertThat(answers).hasSize(2);
  }

  @Test
  void stepsStandStillUntilALateReplicaIsLoadedAndAreRepeatedOnRequest() {
    load(false, 0);
    assertThat(ask(new Message.Attach(OLD, HERE, 1))).isEqualTo(new Message.Done(0));
    ask(push(OLD, 0, 0, 1));
    assertThat(ask(push(OLD, 0, 1, 2)))
        .as("before the replica's first")
        .isInstanceOf(Message.Values.class);
    assertThat(forwarded).isEmpty();
    ask(push(OLD, 1, 0, 1));
    assertThat(ask(push(OLD, 1, 1, 2))).isNull();
    deliver();
    assertThat(answers).as("not loaded").isEmpty();
    ask(new Message.Attach(OLD, HERE, 1));
    assertThat(forwarded).hasSize(1);
    now += 3_000_000_000L;
    primary.tick(atPrimary);
    assertThat(forwarded).as("after long silence").hasSize(2);
    primary.connected(HERE, atPrimary);
    primary.connected(ELSEWHERE, atPrimary);
    assertThat(forwarded).as("after a lost connection").hasSize(3);
    assertThat(code(ask(new Message.Attach(OLD, HERE, 0)))).isEqualTo(PsErrorCode.STALE_STEP);
  }

  @Test
  void twoPhasesForwardTheCommitToo() {
    load(false, 1.0);
    load(true, 1.0);
    ask(new Message.Attach(OLD, HERE, 0));
    ask(push(OLD, 0, 0, 1));
    ask(push(OLD, 0, 1, 2));
    assertThat(forwarded).isEmpty();
    assertThat(ask(new Message.Norm(OLD, 0))).isInstanceOf(Message.NormReply.class);
    assertThat(ask(new Message.Commit(OLD, 0, true, 0.5f))).isEqualTo(new Message.Done(1));
    assertThat(forwarded)
        .extracting(f -> f.request().opcode().name())
        .containsExactly("PUSH", "COMMIT");
    forwarded.add(0, forwarded.remove(1)); // overtaken: refused, and not an acknowledgement
    List<Forwarded> both = List.copyOf(forwarded);
    deliver();
    assertThat(answers).isEmpty();
    forwarded.add(both.get(0));
    deliver();
    assertThat(answers).hasSize(2);
    assertThat(values(((Message.Values) askReplica(new Message.Pull(OLD, 1, 1, 0))).values()))
        .isEqualTo(values(((Message.Values) ask(new Message.Pull(OLD, 1, 1, 0))).values()));
    assertThat(askReplica(new Message.Norm(OLD, 0)))
        .as("a task that redoes the step after promotion gets the same norm")
        .usingRecursiveComparison()
        .isEqualTo(ask(new Message.Norm(OLD, 0)));
  }

  @Test
  void whatCantBeAttachedOrAdvancedIsRefused() {
    assertThat(code(ask(new Message.Advance(OLD)))).isEqualTo(PsErrorCode.NO_SUCH_NAMESPACE);
    load(false, 0);
    assertThat(code(askReplica(new Message.Attach(OLD, HERE, 0))))
        .isEqualTo(PsErrorCode.NO_SUCH_NAMESPACE);
    load(true, 0);
    assertThat(askReplica(new Message.Attach(OLD, HERE, 0)))
        .as("a server without a way to others")
        .matches(m -> code(m) == PsErrorCode.BAD_REQUEST)
        .matches(m -> ((Message.Failure) m).detail().contains("can't forward to second:7000"));
    Target other = new Target("other", 0, 1);
    UpdateSpec spec = UpdateSpec.plain(OptimizerSpec.of(OptimizerSpec.Kind.SGD, 1), 2);
    ask(new Message.Create(other, 0, 2, 2, 10, 100, 8, 0, Consistency.BSP, spec.encode()));
    assertThat(code(ask(new Message.Advance(new Target("other", 0, 2)))))
        .as("not sealed: not whole")
        .isEqualTo(PsErrorCode.WRONG_STATE);
    assertThat(code(ask(new Message.Attach(other, HERE, 0)))).isEqualTo(PsErrorCode.WRONG_STATE);
  }
}
