package dev.bellows.ps.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ShardServer;
import dev.bellows.ps.shard.ShardMap;
import dev.bellows.ps.shard.TreeSum;
import dev.bellows.ps.sim.Workload;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Waits, deadlines, cancellation, replacement and reconnection of the blocking clients. */
class PsClientTest {
  private static final int LENGTH = 3000;
  private static final int SLICES = 8;
  private static final Duration RESEND = Duration.ofSeconds(5);

  private final ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
  private final InProcessConnector connector = new InProcessConnector(server);
  private final ShardMap map = ShardMap.of(LENGTH, 2);
  private final Workload work =
      Workload.of(5, LENGTH, SLICES, LocalTrainingTest.spec(LENGTH, 0, NanPolicy.STOP), 100);
  private final float[] parameters = new float[LENGTH];
  private PsControl control;

  @BeforeEach
  void createRun() {
    control = PsControl.open(LocalTrainingTest.options(map), connector);
    control.create(new RunPlan(work.spec.encode(), SLICES, work.stepsPerEpoch, 100, 100, 1));
    control.put(0, work.initial());
    control.seal(0);
  }

  @AfterEach
  void close() {
    control.close();
  }

  private ClientOptions task(long id, String name, int from, int to, Duration deadline) {
    return LocalTrainingTest.options(map).task(id, name, from, to).deadlines(deadline, RESEND);
  }

  @Test
  void aWaitThatPassesItsDeadlineNamesStepSlicesTaskAndShard() {
    try (PsClient late =
            PsClient.open(
                task(2, "task 1 on executor 3 (host h)", 4, 8, Duration.ofSeconds(60)), connector);
        PsClient client =
            PsClient.open(task(1, "task 0", 0, 4, Duration.ofMillis(200)), connector)) {
      assertThat(late.version()).isZero();
      client.pull(parameters);
      assertThatThrownBy(
              () ->
                  LocalTrainingTest.step(
                      work, client, new TreeSum(SLICES, LENGTH), 0, 4, parameters))
          .isInstanceOfSatisfying(
              PsTimeoutException.class,
              e -> {
                assertThat(e.step()).isZero();
                assertThat(e.code().remedy()).isEqualTo(PsErrorCode.Remedy.ROLL_BACK);
              })
          .hasMessageStartingWith(
              "step 0 waited 0.2 s for slices 4-7: task 1 on executor 3 (host h), joined, no push yet, silent for ")
          .hasMessageContaining("shard 0 at this process")
          .hasMessageContaining("shard 1 at this process");
      assertThat(control.diagnosis())
          .startsWith("step 0 waits for slices 4-7: task 1 on executor 3");
    }
  }

  @Test
  void lastSeenStepAndMissingOwnersAreNamed() {
    try (PsClient first =
            PsClient.open(task(1, "task 0", 0, 4, Duration.ofSeconds(60)), connector);
        PsClient second =
            PsClient.open(task(2, "task 1", 4, 6, Duration.ofSeconds(60)), connector);
        PsClient third =
            PsClient.open(task(3, "task 2", 6, 8, Duration.ofMillis(200)), connector)) {
      TreeSum sums = new TreeSum(SLICES, LENGTH);
      CountDownLatch done = new CountDownLatch(2);
      for (PsClient client : new PsClient[] {first, second}) {
        new Thread(
                () -> {
                  float[] mine = new float[LENGTH];
                  client.pull(mine);
                  int from = client == first ? 0 : 4;
                  LocalTrainingTest.step(
                      work,
                      client,
                      new TreeSum(SLICES, LENGTH),
                      from,
                      client == first ? 4 : 6,
                      mine);
                  done.countDown();
                })
            .start();
      }
      third.pull(parameters);
      LocalTrainingTest.step(work, third, sums, 6, 8, parameters);
      assertThatThrownBy(() -> LocalTrainingTest.step(work, third, sums, 6, 8, parameters))
          .isInstanceOf(PsTimeoutException.class)
          .hasMessageContaining(
              "step 1 waited 0.2 s for slices 0-3: task 0, last seen step 0, silent for")
          .hasMessageContaining("slices 4-5: task 1, last seen step 0");
    }
  }

  @Test
  void slicesThatNobodyJoinedForAreNamed() {
    try (PsClient client =
        PsClient.open(task(1, "task 0", 0, 7, Duration.ofMillis(100)), connector)) {
      client.pull(parameters);
      assertThatThrownBy(
              () ->
                  LocalTrainingTest.step(
                      work, client, new TreeSum(SLICES, LENGTH), 0, 7, parameters))
          .hasMessageContaining("slice 7: no task has joined for them");
    }
  }

  @Test
  void aShardThatCannotBeReachedIsNamedWithTheReason() {
    Connector dead =
        (address, receiver) -> {
          throw new PsException(PsErrorCode.CONNECTION_LOST, "connection refused by " + address);
        };
    assertThatThrownBy(() -> PsClient.open(task(1, "task 0", 0, 4, Duration.ofMillis(100)), dead))
        .isInstanceOf(PsTimeoutException.class)
        .hasMessageContaining("joining the shards waited 0.1 s for")
        .hasMessageContaining(
            "shard 0 at this process does not answer (connection refused by this process)");
    try (PsControl lost =
        PsControl.open(
            LocalTrainingTest.options(map).deadlines(Duration.ofMillis(100), RESEND), dead)) {
      assertThatThrownBy(lost::status)
          .isInstanceOf(PsTimeoutException.class)
          .hasMessageContaining("shard 1 at this process (connection refused");
    }
  }

  @Test
  void aWrongSecretIsNotTriedAgain() {
    AtomicInteger attempts = new AtomicInteger();
    Connector refusing =
        (address, receiver) -> {
          attempts.incrementAndGet();
          throw new PsException(PsErrorCode.NOT_AUTHENTICATED, "wrong secret");
        };
    assertThatThrownBy(
            () -> PsClient.open(task(1, "task 0", 0, 4, Duration.ofSeconds(60)), refusing))
        .isInstanceOfSatisfying(
            PsException.class, e -> assertThat(e.code()).isEqualTo(PsErrorCode.NOT_AUTHENTICATED));
    assertThat(attempts).hasValue(1);
  }

  @Test
  void cancellationAndInterruptionEndAWait() throws Exception {
    for (boolean interrupt : new boolean[] {false, true}) {
      AtomicBoolean cancelled = new AtomicBoolean();
      AtomicReference<Throwable> thrown = new AtomicReference<>();
      AtomicBoolean flag = new AtomicBoolean();
      CountDownLatch waiting = new CountDownLatch(1);
      Thread thread =
          new Thread(
              () -> {
                float[] mine = new float[LENGTH];
                try (PsClient client =
                    PsClient.open(
                        task(interrupt ? 11 : 10, "task 0", 0, 4, Duration.ofSeconds(60))
                            .cancelledWhen(cancelled::get),
                        connector)) {
                  client.pull(mine);
                  waiting.countDown();
                  LocalTrainingTest.step(work, client, new TreeSum(SLICES, LENGTH), 0, 4, mine);
                } catch (PsException e) {
                  thrown.set(e);
                  flag.set(Thread.currentThread().isInterrupted());
                }
              });
      thread.start();
      waiting.await();
      if (interrupt) {
        thread.interrupt();
      } else {
        cancelled.set(true);
      }
      thread.join();
      assertThat(thrown.get())
          .isInstanceOfSatisfying(
              PsException.class, e -> assertThat(e.code()).isEqualTo(PsErrorCode.CANCELLED));
      assertThat(flag.get()).as("the interrupt flag is left for the caller").isEqualTo(interrupt);
    }
  }

  @Test
  void fault_08_aNewerTaskForTheSameSlicesMakesTheOlderOneStale() {
    try (PsClient zombie =
        PsClient.open(task(1, "attempt 0", 0, 4, Duration.ofSeconds(60)), connector)) {
      zombie.pull(parameters);
      try (PsClient next =
          PsClient.open(task(2, "attempt 1", 2, 6, Duration.ofSeconds(60)), connector)) {
        assertThat(next.version()).isZero();
        assertThatThrownBy(
                () ->
                    LocalTrainingTest.step(
                        work, zombie, new TreeSum(SLICES, LENGTH), 0, 4, parameters))
            .isInstanceOf(StaleException.class)
            .hasMessageContaining("attempt 0 was replaced by attempt 1");
        assertThatThrownBy(
                () -> PsClient.open(task(1, "attempt 0", 0, 4, Duration.ofSeconds(60)), connector))
            .isInstanceOf(StaleException.class)
            .hasMessageContaining("attempt 1 took over");
      }
    }
  }

  @Test
  void aLostConnectionIsReopenedAndNothingCountsTwice() throws Exception {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    CountDownLatch waiting = new CountDownLatch(1);
    float[] others = new float[LENGTH];
    Thread other =
        new Thread(
            () -> {
              try (PsClient client =
                  PsClient.open(task(1, "task 0", 0, 4, Duration.ofSeconds(60)), connector)) {
                client.pull(others);
                waiting.countDown();
                LocalTrainingTest.step(work, client, new TreeSum(SLICES, LENGTH), 0, 4, others);
              } catch (RuntimeException e) {
                thrown.set(e);
              }
            });
    other.start();
    waiting.await();
    try (PsClient client =
        PsClient.open(task(2, "task 1", 4, 8, Duration.ofSeconds(60)), connector)) {
      client.pull(parameters);
      connector.cutAll("test cut");
      LocalTrainingTest.step(work, client, new TreeSum(SLICES, LENGTH), 4, 8, parameters);
    }
    other.join();
    assertThat(thrown.get()).isNull();
    assertThat(parameters).isEqualTo(work.version(1)).isEqualTo(others);
  }

  @Test
  void aDroppedRunEndsWaitingTasksWithRollBack() throws Exception {
    AtomicReference<PsException> thrown = new AtomicReference<>();
    CountDownLatch waiting = new CountDownLatch(1);
    Thread thread =
        new Thread(
            () -> {
              try (PsClient client =
                  PsClient.open(task(1, "task 0", 0, 4, Duration.ofSeconds(60)), connector)) {
                client.pull(parameters);
                waiting.countDown();
                LocalTrainingTest.step(work, client, new TreeSum(SLICES, LENGTH), 0, 4, parameters);
              } catch (PsException e) {
                thrown.set(e);
              }
            });
    thread.start();
    waiting.await();
    control.drop();
    thread.join();
    assertThat(thrown.get().code()).isEqualTo(PsErrorCode.NO_SUCH_NAMESPACE);
    assertThat(thrown.get().code().remedy()).isEqualTo(PsErrorCode.Remedy.ROLL_BACK);
    assertThat(server.allocatedBytes()).isZero();
  }

  @Test
  void rollBackFencesTheOldIncarnationAndRunsOnToTheSameBits() throws Exception {
    LocalTrainingTest.train(work, map, connector, 2, 6);
    control.snapshot(6);
    float[][] saved = new float[3][LENGTH];
    for (int slot = 0; slot < 3; slot++) {
      control.read(6, slot, saved[slot]);
    }
    try (PsClient zombie =
        PsClient.open(task(99, "zombie", 0, 8, Duration.ofSeconds(60)), connector)) {
      zombie.pull(parameters);
      ClientOptions next =
          ClientOptions.of("run-1", 2, map, LocalTrainingTest.options(map).placement());
      try (PsControl second = PsControl.open(next, connector)) {
        second.create(new RunPlan(work.spec.encode(), SLICES, work.stepsPerEpoch, 100, 100, 1));
        for (int slot = 0; slot < 3; slot++) {
          second.put(slot, saved[slot]);
        }
        second.seal(6);
        assertThatThrownBy(
                () ->
                    LocalTrainingTest.step(
                        work, zombie, new TreeSum(SLICES, LENGTH), 0, 8, parameters))
            .isInstanceOf(StaleException.class)
            .hasMessageContaining("incarnation 2");
        assertThatThrownBy(control::status).isInstanceOf(StaleException.class);
        try (PsClient client = PsClient.open(next.task(100, "task 0", 0, 8), connector)) {
          assertThat(client.version()).isEqualTo(6);
          client.pull(parameters);
          TreeSum sums = new TreeSum(SLICES, LENGTH);
          while (client.version() < 9) {
            LocalTrainingTest.step(work, client, sums, 0, 8, parameters);
          }
        }
        assertThat(parameters).isEqualTo(work.version(9));
        assertThat(second.ledger(0, 100))
            .extracting(Message.LedgerEntry::step)
            .containsExactly(6L, 7L, 8L);
      }
    }
  }

  @Test
  void wrongLengthsAreRefusedHere() {
    try (PsClient client =
        PsClient.open(task(1, "task 0", 0, 8, Duration.ofSeconds(60)), connector)) {
      assertThatThrownBy(() -> client.pull(new float[5]))
          .hasMessageContaining("3000 elements, found 5");
      client.pull(parameters);
      assertThatThrownBy(() -> client.pushPull(new TreeSum(SLICES, 7), parameters))
          .hasMessageContaining("3000 elements, found 7");
    }
    assertThatThrownBy(() -> control.put(0, new float[2]))
        .hasMessageContaining("3000 elements, found 2");
  }
}
