package dev.bellows.ps.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.ps.client.ClientOptions;
import dev.bellows.ps.client.PsControl;
import dev.bellows.ps.client.PsTimeoutException;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ShardServer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Primary and replica over real sockets. */
class ReplicaLoopbackTest {
  private static final Secret SECRET = Secret.of("a-secret-of-this-test-only-123456");
  private static final Duration RESEND = Duration.ofSeconds(2);

  /** Five chunks, the last one short; as many steps as the ledger keeps. */
  private final Loopback run = new Loopback(270_000, 4, 60);

  private final NettyConnector connector = new NettyConnector(ConnectorOptions.of(SECRET, "run-1"));
  private ShardHost primary;
  private ShardHost replica;

  @BeforeEach
  void start() throws Exception {
    primary = host(SECRET);
    replica = host(SECRET);
    run.create(connector, at(primary));
    run.create(connector, at(replica));
  }

  @AfterEach
  void stop() {
    connector.close();
    primary.close();
    replica.close();
  }

  private static ShardHost host(Secret secret) throws Exception {
    return ShardHost.start(
        HostOptions.of("127.0.0.1", 0, secret),
        new ShardServer(ServerOptions.defaults(), System::nanoTime));
  }

  private static ShardAddress at(ShardHost host) {
    return new ShardAddress("127.0.0.1", host.port());
  }

  private void attach(ShardHost to) {
    try (PsControl control = PsControl.open(run.options(at(primary), RESEND), connector)) {
      control.attach(List.of(at(to)), 0);
    }
  }

  private long version(ShardHost host, long incarnation) {
    try (PsControl control =
        PsControl.open(run.options(at(host), RESEND, incarnation), connector)) {
      return control.status().get(0).version();
    }
  }

  private float[] read(ShardHost host, int slot) {
    float[] values = new float[run.length()];
    try (PsControl control = PsControl.open(run.options(at(host), RESEND), connector)) {
      control.snapshot(run.steps());
      control.read(run.steps(), slot, values);
    }
    return values;
  }

  @Test
  void replicaEndsWithTheSameBits() throws Exception {
    attach(replica);
    for (float[] result : run.train(connector, at(primary), 2, RESEND)) {
      assertThat(result).isEqualTo(run.truth());
    }
    for (int slot = 0; slot <= 2; slot++) {
      assertThat(read(replica, slot)).as("slot %d", slot).isEqualTo(read(primary, slot));
    }
    assertThat(version(replica, 1)).isEqualTo(run.steps());
  }

  @Test
  void fault_03_promotedReplicaGoesOnWhereThePrimaryDied() throws Exception {
    attach(replica);
    AtomicBoolean dead = new AtomicBoolean();
    ClientOptions first = run.options(at(primary), RESEND).cancelledWhen(dead::get);
    CompletableFuture<List<float[]>> running =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return run.train(connector, first, 2);
              } catch (Exception e) {
                throw new CompletionException(e);
              }
            });
    while (version(replica, 1) < run.steps() / 3) {
      Thread.sleep(1);
    }
    primary.close();
    dead.set(true);
    assertThatThrownBy(running::join).hasCauseInstanceOf(PsException.class);

    ClientOptions second = run.options(at(replica), RESEND, 2);
    try (PsControl control = PsControl.open(second, connector)) {
      control.advance();
      assertThat(control.status().get(0).version())
          .isGreaterThanOrEqualTo(run.steps() / 3)
          .isLessThan(run.steps());
      for (float[] result : run.train(connector, second, 2)) {
        assertThat(result).isEqualTo(run.truth());
      }
      assertThat(control.ledger(0, 100)).as("of all steps").hasSize(run.steps());
    }
  }

  @Test
  void stepThatWaitsForItsReplicaNamesItAndGoesOnWhenDetached() throws Exception {
    try (ShardHost stranger = host(Secret.of("another-secret-that-nobody-else-has"))) {
      attach(stranger); // it refuses the primary, as a dead one would
      ClientOptions impatient =
          run.options(at(primary), RESEND)
              .deadlines(Duration.ofMillis(700), Duration.ofMillis(300));
      assertThatThrownBy(() -> run.train(connector, impatient, 1))
          .isInstanceOf(PsTimeoutException.class)
          .hasMessageContaining("step 0 waited 0.7 s for the replica of shard 0");
    }
    ClientOptions patient = run.options(at(primary), RESEND);
    try (PsControl control = PsControl.open(patient, connector)) {
      control.detach();
    }
    assertThat(run.train(connector, patient, 1).get(0)).isEqualTo(run.truth());
  }
}
