package dev.bellows.ps.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.protocol.FrameHeader;
import dev.bellows.ps.protocol.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Rows 17, 23, 24, 27 and 28 of the fault matrix against a host in a process of its own: of 64 MB,
 * of 64 files, without a free port, or reached by a name that means something else there.
 */
class ScarceResourcesFaultTest {
  private static final List<String> SMALL = List.of("-Xmx64m");
  private static final long SLACK_BYTES = 6L << 20;

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path temp;

  private HostProcess smallHost() throws IOException {
    return HostProcess.start(temp.resolve("host.log"), "", SMALL, "host", "127.0.0.1");
  }

  private static void assertServes(int port) throws IOException {
    try (RawClient client = new RawClient(port).authenticate(HostProcess.SECRET)) {
      assertAnswers(client);
    }
  }

  private static void assertAnswers(RawClient client) throws IOException {
    client.send(FrameReaderTest.frame(1, new Message.Ping()));
    byte[] done = client.read(FrameHeader.BYTES + Long.BYTES);
    assertThat(done[FrameHeader.OPCODE_OFFSET]).isEqualTo((byte) 64);
  }

  private static long grown(Map<String, Long> before, Map<String, Long> after, Object name) {
    return after.get(name.toString()) - before.get(name.toString());
  }

  private static void assertFlat(Map<String, Long> before, Map<String, Long> after) {
    assertThat(grown(before, after, "heap")).as("heap in use").isLessThan(SLACK_BYTES);
    assertThat(after.get("direct")).as("pooled direct memory").isLessThanOrEqualTo(32L << 20);
    assertThat(grown(before, after, "threads")).as("threads").isLessThanOrEqualTo(1);
  }

  private static long warnings(HostProcess host) {
    return host.log().lines().filter(line -> line.contains("WARN")).count();
  }

  @Test
  void fault_17_aThousandLiesAboutLengthsInSixtyFourMegabytes() throws Exception {
    try (HostProcess host = smallHost()) {
      int port = host.port();
      assertServes(port);
      Map<String, Long> before = host.state();
      int[] lies = {Integer.MAX_VALUE, -1, Integer.MIN_VALUE, 5 << 20};
      for (int i = 0; i < 1000; i++) {
        try (RawClient client = new RawClient(port).authenticate(HostProcess.SECRET)) {
          client.send(FrameReaderTest.headerOfLength(lies[i % lies.length]));
          assertThat(client.readToEnd()).as("closed without an answer").isEmpty();
        }
      }
      Map<String, Long> after = host.state();
      assertThat(grown(before, after, TransportCounter.BAD_FRAMES)).isEqualTo(1000);
      assertFlat(before, after);
      assertServes(port);
    }
  }

  /** A training goes on while strangers knock; memory and threads stay flat and the log quiet. */
  @Test
  void fault_23_portScansDisturbNobody() throws Exception {
    Loopback work = new Loopback(3_000, 4, 500);
    byte[] noise = new byte[64 << 10];
    for (int i = 0; i < noise.length; i++) {
      noise[i] = (byte) (i * 31 + (i >> 8));
    }
    byte[] tls = HexFormat.of().parseHex("160301020001000001fc0303");
    byte[] http =
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    ExecutorService training = Executors.newSingleThreadExecutor();
    try (HostProcess host = smallHost();
        NettyConnector connector =
            new NettyConnector(ConnectorOptions.of(HostProcess.SECRET, "run-1"))) {
      ShardAddress address = new ShardAddress("127.0.0.1", host.port());
      work.create(connector, address);
      assertServes(address.port());
      Map<String, Long> before = host.state();
      long start = System.nanoTime();
      Future<List<float[]>> running =
          training.submit(() -> work.train(connector, address, 2, Duration.ofSeconds(5)));
      for (int i = 0; i < 5000; i++) {
        try (RawClient client = new RawClient(address.port())) {
          switch (i % 50) {
            case 0 -> assertRefused(client.send(http));
            case 1 -> assertRefused(client.send(tls));
            case 2 -> sendNoise(client, noise);
            default -> {}
          }
        }
      }
      Map<String, Long> during = host.state();
      float[] truth = work.truth();
      for (float[] result : running.get()) {
        assertThat(result).isEqualTo(truth);
      }
      long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
      assertThat(warnings(host)).as("log lines in %d s", seconds).isBetween(1L, seconds + 2);
      assertThat(grown(before, during, TransportCounter.CONNECTIONS_OPENED))
          .isGreaterThanOrEqualTo(4_500L); // the last ones may still wait in the backlog
      assertThat(grown(before, during, TransportCounter.NOT_OUR_PROTOCOL))
          .isGreaterThanOrEqualTo(200L);
      assertFlat(before, during);
    } finally {
      training.shutdownNow();
    }
  }

  private static void assertRefused(RawClient client) throws IOException {
    assertThat(client.readToEnd()).as("nothing is told to a stranger").isEmpty();
  }

  private static void sendNoise(RawClient client, byte[] noise) throws IOException {
    try {
      client.send(noise);
    } catch (java.net.SocketException e) {
      // closed while we were still talking
    }
    assertRefused(client);
  }

  /** 500 connections that send a byte of the handshake per second and never end it. */
  @Test
  void fault_24_slowStrangersAreDroppedAfterTheDeadlineAndCapped() throws Exception {
    byte[] hello =
        new Handshake.Client(HostProcess.SECRET, WireMode.CLEAR, 1, "run-1", RawClient.nonce(1))
            .hello();
    List<RawClient> slow = new ArrayList<>();
    try (HostProcess host = smallHost()) {
      int port = host.port();
      assertServes(port);
      Map<String, Long> before = host.state();
      long start = System.nanoTime();
      for (int i = 0; i < 500; i++) {
        slow.add(new RawClient(port));
      }
      for (int second = 0; second < 6; second++) {
        for (RawClient client : slow) {
          drip(client, hello[second]);
        }
        assertServes(port); // there is room for honest ones all the time
        long next = start + TimeUnit.SECONDS.toNanos(second + 1) - System.nanoTime();
        TimeUnit.NANOSECONDS.sleep(Math.max(0, next));
      }
      for (RawClient client : slow) {
        assertRefused(client);
      }
      Map<String, Long> after = host.state();
      assertThat(grown(before, after, TransportCounter.UNAUTHENTICATED_EVICTED))
          .as("beyond the cap of 256")
          .isGreaterThanOrEqualTo(244L);
      assertThat(grown(before, after, TransportCounter.HANDSHAKE_TIMEOUTS))
          .isGreaterThanOrEqualTo(240L);
      assertFlat(before, after);
    } finally {
      for (RawClient client : slow) {
        client.close();
      }
    }
  }

  private static void drip(RawClient client, byte next) {
    try {
      client.send(next);
    } catch (IOException dropped) {
      // the host had enough
    }
  }

  @Test
  void fault_27_withTooManyOpenFilesWhatIsOpenGoesOnAndTheRestComesBack() throws Exception {
    List<RawClient> strangers = new ArrayList<>();
    try (HostProcess host =
        HostProcess.start(
            temp.resolve("host.log"), "ulimit -n 64 &&", SMALL, "host", "127.0.0.1")) {
      int port = host.port();
      long start = System.nanoTime();
      try (RawClient honest = new RawClient(port).authenticate(HostProcess.SECRET)) {
        assertAnswers(honest); // what answering needs is loaded while there are files for it
        for (int i = 0; i < 100; i++) {
          strangers.add(new RawClient(port)); // the backlog takes those that are not accepted
        }
        for (int i = 0; i < 200 && !host.log().contains("cannot accept"); i++) {
          Thread.sleep(10);
        }
        assertThat(host.log()).contains("Too many open files").contains("ulimit -n");
        assertAnswers(honest);
        for (RawClient stranger : strangers) {
          stranger.close();
        }
        // The host frees what strangers hold at their deadlines; a peer that says nothing is
        // closed.
        ExecutorService next = Executors.newSingleThreadExecutor();
        try {
          Future<Boolean> served =
              next.submit(
                  () -> {
                    assertServes(port);
                    return true;
                  });
          while (!served.isDone()) {
            assertAnswers(honest);
            Thread.sleep(100);
          }
          served.get();
        } finally {
          next.shutdownNow();
        }
        assertAnswers(honest);
      }
      long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
      assertThat(warnings(host)).as("log lines in %d s", seconds).isBetween(1L, seconds + 2);
      assertThat(host.state().get(TransportCounter.ACCEPT_FAILURES.toString())).isPositive();
    } finally {
      for (RawClient stranger : strangers) {
        stranger.close();
      }
    }
  }

  @Test
  void fault_27_withoutAFreePortBothEndsSaySo() throws Exception {
    String inside =
        "unshare -rn bash -c 'ip link set lo up && echo 50000 50003 >"
            + " /proc/sys/net/ipv4/ip_local_port_range && exec \"$@\"' bash";
    assumeTrue(
        new ProcessBuilder("bash", "-c", inside + " true").start().waitFor() == 0,
        "no network name spaces for this user");
    try (HostProcess ports =
        HostProcess.start(temp.resolve("ports.log"), inside + " \"$@\"; exit;", SMALL, "ports")) {
      assertThat(ports.answer())
          .startsWith("CONNECTION_LOST cannot connect to 127.0.0.1:")
          .contains("no free port left (net.ipv4.ip_local_port_range)");
      assertThat(ports.answer())
          .startsWith("PORT_IN_USE the system has no free port left on 127.0.0.1: give a port");
      assertThat(ports.answer()).isEqualTo("connected");
    }
  }

  @Test
  void fault_28_aNameThatLeadsToTheWrongAddressIsNamedWithTheAddress() throws Exception {
    Path there = Files.writeString(temp.resolve("there"), "127.0.0.2 worker.test\n");
    Path here = Files.writeString(temp.resolve("here"), "127.0.0.3 worker.test\n");
    List<String> right = List.of("-Xmx64m", "-Djdk.net.hosts.file=" + there);
    List<String> wrong = List.of("-Xmx64m", "-Djdk.net.hosts.file=" + here);
    try (HostProcess host =
        HostProcess.start(temp.resolve("host.log"), "", right, "host", "worker.test")) {
      String port = Integer.toString(host.port());
      try (HostProcess client =
          HostProcess.start(temp.resolve("a.log"), "", right, "connect", "worker.test", port)) {
        assertThat(client.answer()).isEqualTo("connected");
      }
      try (HostProcess client =
          HostProcess.start(temp.resolve("b.log"), "", wrong, "connect", "worker.test", port)) {
        assertThat(client.answer())
            .startsWith("CONNECTION_LOST cannot connect to worker.test:" + port)
            .contains("the name worker.test leads to 127.0.0.3 here")
            .contains("SPARK_LOCAL_IP");
      }
    }
    Path nowhere = Files.writeString(temp.resolve("nowhere"), "192.0.2.1 worker.test\n");
    List<String> foreign = List.of("-Xmx64m", "-Djdk.net.hosts.file=" + nowhere);
    try (HostProcess host =
        HostProcess.start(temp.resolve("c.log"), "", foreign, "host", "worker.test")) {
      assertThat(host.failure()).contains("cannot listen on worker.test (192.0.2.1):0");
    }
  }
}
