package dev.bellows.ps.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.ps.client.Connection;
import dev.bellows.ps.client.PsControl;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.protocol.Floats;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.protocol.Target;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ShardServer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Life and death of hosts and connections. */
class ShardHostTest {

  private static final Secret SECRET = Secret.of("a secret of the test");

  private static ShardHost start(HostOptions options) throws ShardHostException {
    return ShardHost.start(options, new ShardServer(ServerOptions.defaults(), System::nanoTime));
  }

  private static ShardHost start() throws ShardHostException {
    return start(HostOptions.of("127.0.0.1", 0, SECRET));
  }

  private static NettyConnector connector() {
    return new NettyConnector(ConnectorOptions.of(SECRET, "run-1"));
  }

  private static ShardAddress addressOf(ShardHost host) {
    return new ShardAddress("127.0.0.1", host.port());
  }

  @Test
  void answersCarryTheirRequestsId() throws Exception {
    try (ShardHost host = start();
        NettyConnector connector = connector()) {
      Mailbox mailbox = new Mailbox();
      Connection connection = connector.connect(addressOf(host), mailbox);
      for (long id = 1; id <= 3; id++) {
        connection.send(id, new Message.Ping());
        assertThat(mailbox.next()).isEqualTo(id + " DONE");
      }
      connection.close();
      assertThat(connection.isOpen()).isFalse();
      assertThatThrownBy(() -> connection.send(4, new Message.Ping()))
          .isInstanceOf(PsException.class)
          .extracting(e -> ((PsException) e).code())
          .isEqualTo(PsErrorCode.CONNECTION_LOST);
      assertThat(mailbox.isEmpty()).as("closing it ourselves is no news").isTrue();
    }
  }

  @Test
  void aDeadHostIsNoticedAtOnce() throws Exception {
    try (NettyConnector connector = connector()) {
      ShardHost host = start();
      Mailbox mailbox = new Mailbox();
      Connection connection = connector.connect(addressOf(host), mailbox);
      host.close();
      assertThat(mailbox.next()).startsWith("closed: connection to 127.0.0.1:");
      assertThat(connection.isOpen()).isFalse();
    }
  }

  @Test
  void nobodyThere() throws Exception {
    int port;
    try (ShardHost host = start()) {
      port = host.port();
    }
    try (NettyConnector connector = connector()) {
      assertThatThrownBy(
              () -> connector.connect(new ShardAddress("127.0.0.1", port), new Mailbox()))
          .isInstanceOf(PsException.class)
          .hasMessageContaining("127.0.0.1:" + port)
          .extracting(e -> ((PsException) e).code())
          .isEqualTo(PsErrorCode.CONNECTION_LOST);
    }
  }

  @Test
  void somethingElseThereIsNotWaitedForForEver() throws Exception {
    try (ServerSocket mute = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        NettyConnector connector =
            new NettyConnector(ConnectorOptions.of(SECRET, "run-1").withTimeouts(300, 1000, 500))) {
      assertThatThrownBy(
              () ->
                  connector.connect(
                      new ShardAddress("127.0.0.1", mute.getLocalPort()), new Mailbox()))
          .isInstanceOf(PsException.class)
          .hasMessageContaining("within 300 ms");
    }
  }

  @Test
  void fault_25_halfOpenPeersAreClosedByHeartbeatOnBothSides() throws Exception {
    try (ShardHost host = start(HostOptions.of("127.0.0.1", 0, SECRET).withHeartbeatMs(100));
        FaultProxy proxy = new FaultProxy(host.address(), FaultProxy.Faults.NONE, 1);
        NettyConnector connector =
            new NettyConnector(
                ConnectorOptions.of(SECRET, "run-1").withTimeouts(5000, 1000, 100))) {
      Mailbox mailbox = new Mailbox();
      Connection connection =
          connector.connect(new ShardAddress("127.0.0.1", proxy.port()), mailbox);
      Thread.sleep(600);
      assertThat(connection.isOpen()).as("heartbeats keep an idle connection").isTrue();
      assertThat(mailbox.isEmpty()).as("heartbeats are not delivered").isTrue();
      proxy.goHalfOpen();
      assertThat(mailbox.next()).contains("nothing heard from");
      SecurityFaultTest.await(() -> host.counter(TransportCounter.SILENT_PEERS) == 1);
    }
  }

  /**
   * A peer that asks and never reads: the host stops taking its requests, its memory is bounded.
   */
  @Test
  void fault_26_aReaderThatDoesNotReadIsPausedAndBounded() throws Exception {
    ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    Loopback work = new Loopback(1 << 16, 1, 1);
    HostOptions options = HostOptions.of("127.0.0.1", 0, SECRET).withHeartbeatMs(200);
    try (ShardHost host = ShardHost.start(options, server);
        NettyConnector connector = connector()) {
      work.create(connector, addressOf(host));
      byte[] pull =
          FrameReaderTest.frame(
              5, new Message.Pull(new Target("run-1", 0, 1), 9, 0, 0)); // answered by 256 KiB
      byte[] thousand = new byte[pull.length * 1000];
      for (int i = 0; i < 1000; i++) {
        System.arraycopy(pull, 0, thousand, i * pull.length, pull.length);
      }
      try (RawClient greedy = new RawClient(host.port()).authenticate(SECRET)) {
        greedy.send(thousand);
        SecurityFaultTest.await(() -> host.counter(TransportCounter.BACK_PRESSURE_PAUSES) > 0);
        work.train(connector, addressOf(host), 1, Duration.ofSeconds(5));
        SecurityFaultTest.await(() -> host.counter(TransportCounter.SILENT_PEERS) == 1);
      }
      assertThat(host.counter(TransportCounter.BYTES_OUT))
          .as("of 256 MiB asked for")
          .isLessThan(64L << 20);
    }
  }

  @Test
  void fault_26_aSenderWaitsForAReaderThatDoesNotRead() throws Exception {
    try (ServerSocket deaf = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        NettyConnector connector =
            new NettyConnector(
                ConnectorOptions.of(SECRET, "run-1").withTimeouts(5000, 400, 60_000))) {
      Thread honest = new Thread(() -> acceptAndNeverRead(deaf));
      honest.start();
      Connection connection =
          connector.connect(new ShardAddress("127.0.0.1", deaf.getLocalPort()), new Mailbox());
      honest.join();
      Message.Put put =
          new Message.Put(new Target("run-1", 0, 1), 0, 0, Floats.of(new float[1 << 16]));
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 200; i++) {
                  connection.send(i, put);
                }
              })
          .isInstanceOf(PsException.class)
          .hasMessageContaining("has not read for 400 ms")
          .extracting(e -> ((PsException) e).code())
          .isEqualTo(PsErrorCode.CONNECTION_LOST);
      connection.close();
    }
  }

  private static void acceptAndNeverRead(ServerSocket socket) {
    try {
      java.net.Socket peer = socket.accept();
      java.io.DataInputStream in = new java.io.DataInputStream(peer.getInputStream());
      byte[] hello = new byte[Handshake.HELLO_BYTES];
      in.readFully(hello);
      Handshake.Server handshake =
          new Handshake.Server(SECRET, WireMode.CLEAR, 1, RawClient.nonce(3), RawClient.nonce(4));
      peer.getOutputStream().write(handshake.challenge(hello));
      byte[] proof = new byte[Handshake.PROOF_BYTES];
      in.readFully(proof);
      peer.getOutputStream().write(handshake.result(proof));
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void fault_27_aPortInUseMeansTheNextOne() throws Exception {
    try (ShardHost first = start()) {
      int port = first.port();
      try (ShardHost second = start(HostOptions.of("127.0.0.1", port, SECRET))) {
        assertThat(second.port()).isGreaterThan(port);
      }
      assertThatThrownBy(() -> start(HostOptions.of("127.0.0.1", port, SECRET).withPortTries(1)))
          .isInstanceOf(ShardHostException.class)
          .hasMessageContaining("[" + port + "]")
          .hasMessageContaining("in use")
          .extracting(e -> ((ShardHostException) e).reason())
          .isEqualTo(ShardHostException.Reason.PORT_IN_USE);
    }
  }

  @Test
  void anAddressThatIsNotOursIsNamed() {
    assertThatThrownBy(() -> start(HostOptions.of("192.0.2.1", 0, SECRET)))
        .isInstanceOf(ShardHostException.class)
        .hasMessageContaining("192.0.2.1")
        .extracting(e -> ((ShardHostException) e).reason())
        .isEqualTo(ShardHostException.Reason.CANNOT_BIND);
    assertThatThrownBy(() -> start(HostOptions.of("no.such.host.invalid", 0, SECRET)))
        .hasMessageContaining("no.such.host.invalid");
  }

  @Test
  void aCutInTheMiddleOfTrainingIsHealedByTheClient() throws Exception {
    Loopback work = new Loopback(70_000, 4, 40);
    ShardServer server = new ShardServer(ServerOptions.defaults(), System::nanoTime);
    try (ShardHost host = ShardHost.start(HostOptions.of("127.0.0.1", 0, SECRET), server);
        FaultProxy proxy = new FaultProxy(host.address(), FaultProxy.Faults.NONE, 1);
        NettyConnector connector = connector()) {
      work.create(connector, addressOf(host));
      Thread cutter =
          new Thread(
              () -> {
                for (int i = 0; i < 5; i++) {
                  try {
                    Thread.sleep(60);
                  } catch (InterruptedException e) {
                    return;
                  }
                  proxy.cutAll();
                }
              });
      cutter.start();
      List<float[]> results =
          work.train(
              connector, new ShardAddress("127.0.0.1", proxy.port()), 2, Duration.ofMillis(500));
      cutter.join();
      float[] truth = work.truth();
      assertThat(results).allSatisfy(result -> assertThat(result).isEqualTo(truth));
    }
  }

  @Test
  void closingLeavesNoThreadsAndMayBeRepeated() throws Exception {
    for (int i = 0; i < 20; i++) {
      ShardHost host = start();
      NettyConnector connector = connector();
      try (PsControl control =
          PsControl.open(
              new Loopback(10, 1, 1).options(addressOf(host), Duration.ofSeconds(1)), connector)) {
        assertThat(control).isNotNull();
        connector.connect(addressOf(host), new Mailbox());
      }
      host.close();
      host.close();
      connector.close();
      connector.close();
    }
    SecurityFaultTest.await(
        () ->
            Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("bellows-")));
  }
}
