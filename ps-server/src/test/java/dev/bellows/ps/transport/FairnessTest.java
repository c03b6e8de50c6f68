package dev.bellows.ps.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ShardServer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Several runs at one server: connections are read in turn, a few frames each. */
class FairnessTest {
  private static final Secret SECRET = Secret.of("a secret of the test");

  /**
   * A run of three tasks with 4 MB each in flight all the time, and one with a thousand numbers:
   * the light one takes its steps several times as often, and both end with their bits.
   */
  @Test
  void aHeavyRunDoesNotStarveALightOne() throws Exception {
    Loopback heavy = new Loopback(1 << 20, 3, 40, "heavy");
    Loopback light = new Loopback(1_000, 1, 200, "light");
    ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    ExecutorService runs = Executors.newFixedThreadPool(2);
    try (ShardHost host = ShardHost.start(HostOptions.of("127.0.0.1", 0, SECRET), server);
        NettyConnector of1 = new NettyConnector(ConnectorOptions.of(SECRET, "heavy"));
        NettyConnector of2 = new NettyConnector(ConnectorOptions.of(SECRET, "light"))) {
      ShardAddress address = new ShardAddress("127.0.0.1", host.port());
      heavy.create(of1, address);
      light.create(of2, address);
      Future<List<float[]>> slow =
          runs.submit(() -> heavy.train(of1, address, 3, Duration.ofSeconds(20)));
      Future<List<float[]>> fast =
          runs.submit(() -> light.train(of2, address, 1, Duration.ofSeconds(20)));
      float[] result = fast.get().get(0);
      assertThat(slow.isDone()).as("40 heavy steps before 200 light ones").isFalse();
      assertThat(result).isEqualTo(light.truth());
      float[] truth = heavy.truth();
      assertThat(slow.get()).allSatisfy(end -> assertThat(end).isEqualTo(truth));
    } finally {
      runs.shutdownNow();
    }
  }
}
