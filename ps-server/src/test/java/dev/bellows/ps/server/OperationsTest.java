package dev.bellows.ps.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.ps.protocol.Consistency;
import dev.bellows.ps.protocol.Floats;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.Operation;
import dev.bellows.ps.protocol.Peer;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.Target;
import dev.bellows.ps.sim.Seeds;
import dev.bellows.ps.sim.SimRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Named operations at one server: what they do, once, and what is refused. */
class OperationsTest {
  private static final Target TARGET = new Target("run", 0, 1);
  private static final double[] NONE = {};
  private static final long[] NO = {};

  private final List<Message> sent = new ArrayList<>();
  private final Effects out =
      new Effects() {
        @Override
        public void send(long connection, long request, Message answer) {
          sent.add(answer);
        }

        @Override
        public void forward(Peer to, long request, Message.Request forwarded) {}

        @Override
        public boolean canForward() {
          return true;
        }
      };

  private Message ask(ShardServer server, Message request) {
    sent.clear();
    server.handle(1, 1, request, out);
    return sent.get(0);
  }

  private ShardServer running(float... values) {
    ShardServer server = new ShardServer(new ServerOptions(1 << 16, 4, 6, 3, 0), () -> 1);
    UpdateSpec spec =
        new UpdateSpec(
            OptimizerSpec.of(OptimizerSpec.Kind.SGD, 1),
            ScheduleSpec.constant(),
            0,
            0,
            0,
            0,
            NanPolicy.STOP,
            List.of(UpdateSpec.Range.trainable(0, values.length, false)));
    ask(
        server,
        new Message.Create(
            TARGET, 0, values.length, 2, 10, 100, 8, 0, Consistency.BSP, spec.encode()));
    ask(server, new Message.Put(TARGET, 0, 0, Floats.of(values)));
    assertThat(ask(server, new Message.Seal(TARGET, 0))).isInstanceOf(Message.Done.class);
    return server;
  }

  private static Message.Operate operate(
      long id, Operation operation, int from, int to, double[] reals, long[] wholes) {
    return new Message.Operate(TARGET, id, operation, 0, 0, from, to, reals, wholes);
  }

  private static Message.Operate scale(long id, double factor) {
    return operate(id, Operation.SCALE, 0, 4, new double[] {factor}, NO);
  }

  private float[] values(ShardServer server) {
    Message.Values values = (Message.Values) ask(server, new Message.Pull(TARGET, 1, 0, 0));
    Floats f = values.values();
    return Arrays.copyOfRange(f.array(), f.offset(), f.offset() + f.length());
  }

  private void refused(ShardServer server, Message request, PsErrorCode code, String why) {
    float[] before = values(server);
    assertThat(ask(server, request))
        .isInstanceOfSatisfying(
            Message.Failure.class,
            failure -> {
              assertThat(failure.code()).as(failure.detail()).isEqualTo(code);
              assertThat(failure.detail()).contains(why);
            });
    assertThat(values(server)).isEqualTo(before);
  }

  @Test
  void changesHappenOnTheRangeAndOncePerId() {
    ShardServer server = running(1, -2, 3, 4);
    Message first = ask(server, operate(1, Operation.SCALE, 1, 3, new double[] {2}, NO));
    assertThat(values(server)).containsExactly(1, -4, 6, 4);
    assertThat(ask(server, operate(1, Operation.SCALE, 1, 3, new double[] {2}, NO)))
        .isSameAs(first);
    assertThat(values(server)).containsExactly(1, -4, 6, 4);
    Message clipped = ask(server, operate(2, Operation.CLIP, 0, 9, new double[] {-3, 5}, NO));
    assertThat(((Message.OperateReply) clipped).wholes()).containsExactly(2);
    assertThat(values(server)).containsExactly(1, -3, 5, 4);
    refused(server, scale(1, 2), PsErrorCode.STALE_STEP, "ids must grow");
    refused(server, scale(2, 2), PsErrorCode.CONFLICT, "was another one");
  }

  @Test
  void whatIsNotAllowedIsRefusedAndChangesNothing() {
    ShardServer server = running(1, 2, 3, Float.MAX_VALUE);
    refused(server, scale(1, 2), PsErrorCode.OUT_OF_RANGE, "element 3 of run/shard-0@1 infinite");
    refused(server, scale(1, Double.NaN), PsErrorCode.BAD_REQUEST, "must be finite");
    refused(
        server,
        operate(1, Operation.CLIP, 0, 4, new double[] {2, 1}, NO),
        PsErrorCode.BAD_REQUEST,
        "above high");
    refused(
        server,
        operate(1, Operation.SCALE, 3, 2, new double[] {1}, NO),
        PsErrorCode.OUT_OF_RANGE,
        "[3, 2)");
    refused(
        server,
        operate(0, Operation.TOP_K, 0, 4, NONE, new long[] {1 << 20}),
        PsErrorCode.OUT_OF_RANGE,
        "k must be in 1..65536");
    refused(
        server,
        new Message.Operate(TARGET, 1, Operation.SCALE, 1, 0, 0, 4, new double[] {1}, NO),
        PsErrorCode.STEP_AHEAD,
        "is at step 0");
    refused(
        server,
        new Message.Operate(TARGET, 1, Operation.SCALE, 0, 7, 0, 4, new double[] {1}, NO),
        PsErrorCode.OUT_OF_RANGE,
        "slot must be in");
  }

  @Test
  void valuesThatSomethingWasMadeOfAreNotChanged() {
    ShardServer pushed = running(1, 2, 3, 4);
    ask(
        pushed,
        new Message.Push(
            TARGET, 1, 0, 0, 0, 0, false, -1, 1, 0, 0, 1, Floats.of(new float[] {1, 1, 1, 1})));
    refused(pushed, scale(1, 2), PsErrorCode.CONFLICT, "gradients of these values have arrived");
    ShardServer copied = running(1, 2, 3, 4);
    ask(copied, new Message.Snapshot(TARGET, 0));
    refused(copied, scale(1, 2), PsErrorCode.CONFLICT, "RELEASE it first");
    ask(copied, new Message.Release(TARGET, 0));
    assertThat(ask(copied, scale(1, 2))).isInstanceOf(Message.OperateReply.class);
    ShardServer replicated = running(1, 2, 3, 4);
    ask(replicated, new Message.Attach(TARGET, new Peer("host", 1), 0));
    refused(replicated, scale(1, 2), PsErrorCode.CONFLICT, "DETACH it first");
  }

  @Test
  void histogramsCountEachSliceOnceAndGiveTheBestSplit() {
    ShardServer server = running(1, 2, 3, 4);
    // two features of three bins: (gradient, hessian) each; the second one separates
    long[] first = {9, 0, 4, 2, 3, 1, 1, 0, 1, 1, 1, -8, 2, 0, 1, 9, 2};
    long[] second = {9, 1, 4, 2, 3, 0, 1, 1, 1, 0, 1, -8, 2, 0, 1, 9, 2};
    Message best = operate(0, Operation.BEST_SPLIT, 0, 0, new double[] {1, 1}, new long[] {9, 1});
    refused(server, best, PsErrorCode.CONFLICT, "0 of 2 slices");
    ask(server, operate(0, Operation.ADD_HISTOGRAM, 0, 0, NONE, first));
    ask(server, operate(0, Operation.ADD_HISTOGRAM, 0, 0, NONE, first));
    refused(server, best, PsErrorCode.CONFLICT, "1 of 2 slices");
    ask(server, operate(0, Operation.ADD_HISTOGRAM, 0, 0, NONE, second));
    long held = server.allocatedBytes();
    Message.OperateReply split = (Message.OperateReply) ask(server, best);
    assertThat(split.wholes()).containsExactly(5, 1, -16, 6, 2, 10);
    // 16^2/7 + 18^2/5 - 2^2/11, more than 16^2/5 + 18^2/7 - 2^2/11 of the first bin
    assertThat(split.reals()[0]).isEqualTo(256 / 7.0 + 324 / 5.0 - 4 / 11.0);
    assertThat(held - server.allocatedBytes()).isEqualTo(12 * Long.BYTES);
  }

  @Test
  void fault_18_histogramsOfAnotherSizeThanTheySayOrTooLargeAreRefused() {
    ShardServer server = running(1, 2, 3, 4);
    for (long[] wrong :
        new long[][] {
          {1, 0, 0},
          {1, 0, 0, 1, 2, 5},
          {1, 0, 0, Long.MAX_VALUE, 4, 1, 1, 1, 1},
          {1, 0, 0, -1, -2, 1, 1, 1, 1},
          {1, 0, 0, 2, 1, 1, 1, 1, 1}
        }) {
      assertThat(ask(server, operate(0, Operation.ADD_HISTOGRAM, 0, 0, NONE, wrong)))
          .isInstanceOfSatisfying(
              Message.Failure.class, f -> assertThat(f.code()).isEqualTo(PsErrorCode.BAD_REQUEST));
    }
    refused(
        server,
        operate(0, Operation.ADD_HISTOGRAM, 0, 0, NONE, new long[] {1, 2, 0, 1, 2, 1, 1, 1, 1}),
        PsErrorCode.OUT_OF_RANGE,
        "slice must be in 0..1");
    long[] large = Arrays.copyOf(new long[] {1, 0, 0, 1, 5000}, 5 + 10_000);
    refused(
        server,
        operate(0, Operation.ADD_HISTOGRAM, 0, 0, NONE, large),
        PsErrorCode.QUOTA,
        "limit 65536");
    long[] full = {1, 0, 0, 1, 2, Long.MAX_VALUE, 1, 1, 1};
    ask(server, operate(0, Operation.ADD_HISTOGRAM, 0, 0, NONE, full));
    long[] more = full.clone();
    more[1] = 1;
    refused(
        server,
        operate(0, Operation.ADD_HISTOGRAM, 0, 0, NONE, more),
        PsErrorCode.OUT_OF_RANGE,
        "overflows");
  }

  /** Requests that are doubled, late and repeated change what each asked for once. */
  @Test
  void fault_14_duplicatesAtAnyTimeChangeNothingTwice() {
    Seeds.forEach(
        "OperationsTest#fault_14*",
        300,
        seed -> {
          SimRandom random = new SimRandom(seed);
          ShardServer server = running(1, -2, 3, -4);
          ShardServer once = running(1, -2, 3, -4);
          List<Message.Operate> done = new ArrayList<>();
          for (int id = 1; id <= 12; id++) {
            Message.Operate next = random(random, id);
            Message expected = ask(once, next);
            Message got = ask(server, next);
            assertThat(got).usingRecursiveComparison().isEqualTo(expected);
            done.add(next);
            for (int again = random.below(4); again > 0; again--) {
              Message.Operate late = random.pick(done);
              Message answer = ask(server, late);
              if (late == next) {
                assertThat(answer).as("seed %d", seed).isSameAs(got);
              } else {
                assertThat(((Message.Failure) answer).code()).isEqualTo(PsErrorCode.STALE_STEP);
              }
            }
            assertThat(values(server)).as("seed %d", seed).isEqualTo(values(once));
          }
        });
  }

  private static Message.Operate random(SimRandom random, long id) {
    return switch (random.below(3)) {
      case 0 -> scale(id, random.between(-3, 3) / 2.0);
      case 1 ->
          operate(id, Operation.CLIP, 0, 4, new double[] {-random.below(5), random.below(5)}, NO);
      default ->
          operate(id, Operation.ADD_NOISE, 0, 4, new double[] {0.5}, new long[] {random.below(9)});
    };
  }
}
