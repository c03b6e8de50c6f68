package dev.bellows.ps.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.ps.protocol.Floats;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.RowMessage;
import dev.bellows.ps.protocol.TableSpec;
import dev.bellows.ps.protocol.Target;
import dev.bellows.ps.shard.RowSet;
import dev.bellows.ps.shard.RowStart;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Sparse tables at one server: steps, versions, what waits, what is refused, and memory. */
class TableTest {
  private static final Target TARGET = new Target("run", 0, 1);
  private static final int WIDTH = 2;

  private final Map<Long, Message> sent = new HashMap<>();
  private final ShardServer server =
      new ShardServer(new ServerOptions(1 << 20, 4, 6, 3, 0), () -> 1);
  private long request;

  private static UpdateSpec sgd(NanPolicy policy, double clipNorm) {
    return new UpdateSpec(
        OptimizerSpec.of(OptimizerSpec.Kind.SGD, 1),
        ScheduleSpec.constant(),
        0,
        0,
        0,
        clipNorm,
        policy,
        List.of(UpdateSpec.Range.trainable(0, WIDTH, false)));
  }

  private static TableSpec spec(long maxRows) {
    return new TableSpec(
        WIDTH,
        4,
        2,
        10,
        100,
        maxRows,
        RowStart.Kind.ZERO.wire(),
        0,
        0,
        sgd(NanPolicy.STOP, 0).encode());
  }

  /** The answer, or null when it is deferred. */
  private Message ask(Message message) {
    long id = ++request;
    server.handle(1, id, message, (connection, to, answer) -> sent.put(to, kept(answer)));
    return sent.get(id);
  }

  private static Message kept(Message answer) {
    if (answer instanceof Message.Values v) {
      Floats f = v.values();
      float[] own = Arrays.copyOfRange(f.array(), f.offset(), f.offset() + f.length());
      return new Message.Values(v.version(), v.slot(), v.from(), Floats.of(own));
    }
    return answer instanceof Message.RowPage page ? page.copied() : answer;
  }

  private void running(long maxRows) {
    done(ask(new RowMessage.CreateTable(TARGET, 0, 0, 4, spec(maxRows))), -1);
    done(ask(new RowMessage.Control(TARGET, 0, RowMessage.Action.SEAL, 0)), 0);
  }

  private static RowMessage.PushRows push(long step, int level, int index, float g, long... keys) {
    float[] values = new float[keys.length * WIDTH];
    Arrays.fill(values, g);
    return new RowMessage.PushRows(
        TARGET, 0, step, level, index, 0, 4, -1, 1, RowSet.of(keys).keys(), Floats.of(values));
  }

  private static RowMessage.PullRows pull(long version, long... keys) {
    return new RowMessage.PullRows(TARGET, 0, version, keys);
  }

  private static void done(Message answer, long step) {
    assertThat(answer).isEqualTo(new Message.Done(step));
  }

  private static float[] values(Message answer) {
    return ((Message.Values) answer).values().array();
  }

  private static void refused(Message answer, PsErrorCode code, String why) {
    assertThat(answer)
        .isInstanceOfSatisfying(
            Message.Failure.class,
            failure -> {
              assertThat(failure.code()).as(failure.detail()).isEqualTo(code);
              assertThat(failure.detail()).contains(why);
            });
  }

  @Test
  void aStepIsTakenWhenAllSlicesAreThereAndTheVersionBeforeStays() {
    running(100);
    done(ask(push(0, 0, 0, 2, 5, 6)), 0);
    done(ask(push(0, 0, 0, 2, 5, 6)), 0); // repeated
    assertThat(ask(pull(1, 6, 5, 7))).isNull(); // waits
    long waits = request;
    done(ask(push(0, 0, 1, 4, 6, 7)), 1);
    // mean over weight 2, rate 1; answered in the order that was asked for
    assertThat(values(sent.get(waits))).containsExactly(-3, -3, -1, -1, -2, -2);
    assertThat(values(ask(pull(0, 6, 5, 7)))).containsOnly(0f);
    done(ask(push(0, 1, 0, 9, 6)), 1); // somebody's late repetition: not counted
    done(ask(push(1, 1, 0, 2, 5)), 2);
    assertThat(values(ask(pull(2, 5, 6)))).containsExactly(-3, -3, -3, -3); // weight 1 now
    assertThat(values(ask(pull(1, 5, 6)))).containsExactly(-1, -1, -3, -3);
    refused(ask(pull(0, 5)), PsErrorCode.STALE_STEP, "another task took over");
    refused(ask(push(0, 0, 0, 1, 5)), PsErrorCode.STALE_STEP, "is over");
    refused(ask(push(3, 0, 0, 1, 5)), PsErrorCode.STEP_AHEAD, "roll back");
    refused(ask(pull(4, 5)), PsErrorCode.STEP_AHEAD, "roll back");
    Message.StatusReply status =
        (Message.StatusReply) ask(new RowMessage.Control(TARGET, 0, RowMessage.Action.STATUS, -1));
    assertThat(status.version()).isEqualTo(2);
    assertThat(Counter.STEPS_APPLIED.in(status.counters())).isEqualTo(2);
  }

  @Test
  void aSnapshotIsOfItsStepWhileStepsGoOnAndLoadsAgain() {
    running(100);
    assertThat(ask(new RowMessage.Control(TARGET, 0, RowMessage.Action.SNAPSHOT, 1))).isNull();
    long waits = request;
    done(ask(push(0, 1, 0, 2, 5, 6, 7)), 1);
    done(sent.get(waits), 1);
    done(ask(push(1, 1, 0, 2, 5)), 2);
    int rows = 0;
    for (int bucket = 0; bucket < 4; bucket++) {
      Message.RowPage page =
          (Message.RowPage) ask(new RowMessage.GetRows(TARGET, 0, 1, bucket, 0, 10));
      for (int i = 0; i < page.keys().length; i++) {
        assertThat(page.updates()[i]).isEqualTo(1);
        assertThat(page.rows().array()[i * WIDTH]).isEqualTo(-2);
        rows++;
      }
    }
    assertThat(rows).isEqualTo(3);
    refused(
        ask(new RowMessage.Control(TARGET, 0, RowMessage.Action.SNAPSHOT, 0)),
        PsErrorCode.STALE_STEP,
        "has passed it");
    done(ask(new RowMessage.Control(TARGET, 0, RowMessage.Action.RELEASE, 1)), 1);
    refused(
        ask(new RowMessage.GetRows(TARGET, 0, 1, 0, 0, 10)),
        PsErrorCode.NO_SUCH_SNAPSHOT,
        "step 1");
  }

  @Test
  void aFullTableAndAStepThatIsNotFiniteEndTheRunAndSayWhy() {
    running(1);
    long[] many = new long[40];
    Arrays.setAll(many, i -> i);
    refused(ask(push(0, 1, 0, 1, many)), PsErrorCode.QUOTA, "raise max_rows");
    refused(ask(pull(0, 1)), PsErrorCode.QUOTA, "raise max_rows");

    done(ask(new Message.Drop(TARGET)), -1);
    assertThat(server.allocatedBytes()).isZero();
    refused(
        ask(new RowMessage.CreateTable(TARGET, 0, 0, 4, spec(100))),
        PsErrorCode.STALE_INCARNATION,
        "use an incarnation above 1");
    Target next = new Target("run", 0, 2);
    done(ask(new RowMessage.CreateTable(next, 0, 0, 4, spec(100))), -1);
    done(ask(new RowMessage.Control(next, 0, RowMessage.Action.SEAL, 7)), 7);
    refused(
        ask(
            new RowMessage.PushRows(
                next, 0, 7, 1, 0, 0, 4, 1, 1, new long[] {3}, Floats.of(new float[WIDTH]))),
        PsErrorCode.DIVERGED,
        "slice 1 is not finite");
    refused(ask(pull(7, 1)), PsErrorCode.STALE_INCARNATION, "stop this task");
  }

  @Test
  void aTableThatDoesNotFitIsRefusedAndLeavesNothing() {
    ShardServer small = new ShardServer(new ServerOptions(12_000, 4, 6, 3, 0), () -> 1);
    small.handle(
        1,
        1,
        new RowMessage.CreateTable(TARGET, 0, 0, 4, spec(100)),
        (connection, to, answer) -> sent.put(to, answer));
    small.handle(
        1,
        2,
        new RowMessage.Control(TARGET, 0, RowMessage.Action.SEAL, 0),
        (connection, to, answer) -> sent.put(to, answer));
    done(sent.get(2L), 0);
    small.handle(
        1, 3, push(0, 1, 0, 1, 1, 2, 3, 4, 5), (connection, to, answer) -> sent.put(to, answer));
    refused(sent.get(3L), PsErrorCode.QUOTA, "more shards or more memory");
    small.handle(1, 4, new Message.Drop(TARGET), (connection, to, answer) -> sent.put(to, answer));
    assertThat(small.allocatedBytes()).isZero();
  }

  @Test
  void whatIsMalformedIsRefusedAndChangesNothing() {
    running(100);
    long[] keys = RowSet.of(new long[] {1, 2, 3}).keys();
    long[] wrong = {keys[1], keys[0]};
    Floats four = Floats.of(new float[4]);
    refused(
        ask(new RowMessage.PushRows(TARGET, 0, 0, 0, 0, 0, 4, -1, 1, wrong, four)),
        PsErrorCode.BAD_REQUEST,
        "hash order");
    refused(
        ask(new RowMessage.PushRows(TARGET, 0, 0, 0, 0, 0, 4, -1, 1, keys, four)),
        PsErrorCode.OUT_OF_RANGE,
        "3 rows with 4 elements");
    refused(
        ask(new RowMessage.PushRows(TARGET, 0, 0, 0, 0, 0, 5, -1, 1, new long[2], four)),
        PsErrorCode.OUT_OF_RANGE,
        "buckets [0, 5)");
    refused(ask(push(0, 0, 2, 1, 1)), PsErrorCode.OUT_OF_RANGE, "over 2 slices");
    refused(
        ask(new RowMessage.PutRows(TARGET, 0, new long[1], new long[1], four)),
        PsErrorCode.WRONG_STATE,
        "is RUNNING");
    refused(
        ask(new RowMessage.PullRows(TARGET, 3, 0, keys)), PsErrorCode.NO_SUCH_NAMESPACE, "table 3");
    refused(
        ask(new RowMessage.PullRows(new Target("run", 0, 2), 0, 0, keys)),
        PsErrorCode.NO_SUCH_NAMESPACE,
        "roll back");
    refused(
        ask(new RowMessage.CreateTable(TARGET, 0, 0, 3, spec(100))),
        PsErrorCode.CONFLICT,
        "other contents");
    for (UpdateSpec update : List.of(sgd(NanPolicy.SKIP, 0), sgd(NanPolicy.STOP, 1))) {
      TableSpec spec = new TableSpec(WIDTH, 4, 2, 10, 100, 10, 0, 0, 0, update.encode());
      refused(
          ask(new RowMessage.CreateTable(TARGET, 1, 0, 4, spec)),
          PsErrorCode.BAD_REQUEST,
          "clip by value and stop");
    }
    TableSpec spec = spec(100);
    refused(
        ask(
            new RowMessage.CreateTable(
                TARGET, 1, 0, 4, new TableSpec(3, 4, 2, 10, 100, 10, 0, 0, 0, spec.updateSpec()))),
        PsErrorCode.BAD_REQUEST,
        "a row has 3");
    assertThat(values(ask(pull(0, keys)))).containsOnly(0f);
  }
}
