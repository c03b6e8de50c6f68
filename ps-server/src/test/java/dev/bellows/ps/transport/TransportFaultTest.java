package dev.bellows.ps.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ShardServer;
import dev.bellows.ps.transport.FaultProxy.Faults;
import java.time.Duration;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Rows 13 to 19 of the fault matrix over real sockets: whatever the proxy does to the frames
 * between two tasks and the shard, both end with the bits of an undisturbed run. What happens to
 * which frame is a function of the seed; resends depend on time, the result does not.
 */
class TransportFaultTest {

  private static final Secret SECRET = Secret.of("a secret of the test");
  private static final Loopback WORK = new Loopback(70_000, 4, 12);

  @Test
  void anUndisturbedRunOverTcpHasTheBitsOfTheRunInOneProcess() throws Exception {
    run(Faults.NONE, 0, (proxy, host) -> {});
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void fault_13_droppedFramesAreResentAndAppliedOnce(long seed) throws Exception {
    run(
        Faults.drop(0.1),
        seed,
        (proxy, host) -> assertThat(proxy.dropped.get()).as("dropped frames").isPositive());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void fault_14_duplicatedFramesAreAppliedOnce(long seed) throws Exception {
    run(
        Faults.duplicate(0.5),
        seed,
        (proxy, host) -> assertThat(proxy.duplicated.get()).as("duplicates").isPositive());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void fault_15_reorderedAndDelayedFramesGiveTheSameBytes(long seed) throws Exception {
    run(
        Faults.reorderAndDelay(0.25, 200),
        seed,
        (proxy, host) -> {
          assertThat(proxy.delayed.get()).as("delayed frames").isPositive();
          assertThat(proxy.reordered.get()).as("reordered frames").isPositive();
        });
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void fault_16_aFlippedBitClosesTheConnectionAndIsNeverApplied(long seed) throws Exception {
    run(
        Faults.flip(0.1),
        seed,
        (proxy, host) -> {
          assertThat(proxy.flipped.get()).as("flipped frames").isPositive();
          assertThat(host.counter(TransportCounter.HANDSHAKES_ACCEPTED))
              .as("connections opened again")
              .isGreaterThan(3);
        });
  }

  @Test
  void fault_19_framesInTinyWrites() throws Exception {
    run(new Loopback(3_000, 4, 6), Faults.splitting(), 1, (proxy, host) -> {});
  }

  private static void run(Faults faults, long seed, BiConsumer<FaultProxy, ShardHost> check)
      throws Exception {
    run(WORK, faults, seed, check);
  }

  private static void run(
      Loopback work, Faults faults, long seed, BiConsumer<FaultProxy, ShardHost> check)
      throws Exception {
    ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    try (ShardHost host = ShardHost.start(HostOptions.of("127.0.0.1", 0, SECRET), server);
        NettyConnector direct = new NettyConnector(ConnectorOptions.of(SECRET, "run-1"));
        FaultProxy proxy = new FaultProxy(host.address(), faults, seed);
        NettyConnector connector = new NettyConnector(ConnectorOptions.of(SECRET, "run-1"))) {
      work.create(direct, new ShardAddress("127.0.0.1", host.port()));
      List<float[]> results =
          work.train(
              connector, new ShardAddress("127.0.0.1", proxy.port()), 2, Duration.ofMillis(100));
      float[] truth = work.truth();
      for (float[] result : results) {
        assertThat(result).as("seed %d", seed).isEqualTo(truth);
      }
      check.accept(proxy, host);
    }
  }
}
