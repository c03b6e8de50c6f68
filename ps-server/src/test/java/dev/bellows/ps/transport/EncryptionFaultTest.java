package dev.bellows.ps.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ShardServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Row 21 of the fault matrix for encryption: it can be neither left out nor talked away. */
class EncryptionFaultTest {
  private static final Secret SECRET = Secret.of("a secret of the wire");
  private static final byte[] PROOF = "bellows client proof".getBytes(StandardCharsets.US_ASCII);
  private static final int MODE_OFFSET = 5;

  private static ShardHost host(WireMode mode) throws IOException {
    return ShardHost.start(
        HostOptions.of("127.0.0.1", 0, SECRET).withMode(mode),
        new ShardServer(ServerOptions.defaults(), System::nanoTime));
  }

  private static NettyConnector connector(WireMode mode) {
    return new NettyConnector(ConnectorOptions.of(SECRET, "run-1").withMode(mode));
  }

  private static Handshake.Client client(WireMode mode) {
    return new Handshake.Client(SECRET, mode, 1, "run-1", RawClient.nonce(1));
  }

  private static Handshake.Server server(WireMode mode) {
    return new Handshake.Server(SECRET, mode, 1, RawClient.nonce(2), RawClient.nonce(3));
  }

  @Test
  void trainingOverSealedRecordsHasTheBitsOfOneProcess() throws Exception {
    Loopback work = new Loopback(300_000, 4, 5); // frames of many reads, several in one read
    try (ShardHost host = host(WireMode.AES_256_GCM);
        NettyConnector connector = connector(WireMode.AES_256_GCM)) {
      ShardAddress address = new ShardAddress("127.0.0.1", host.port());
      work.create(connector, address);
      float[] truth = work.truth();
      for (float[] result : work.train(connector, address, 2, Duration.ofSeconds(5))) {
        assertThat(result).isEqualTo(truth);
      }
      assertThat(host.counter(TransportCounter.BAD_RECORDS)).isZero();
      assertThat(host.counter(TransportCounter.FRAMES_IN)).isGreaterThan(20);
    }
  }

  @Test
  void fault_21_oneSideWithoutEncryptionIsRefusedByName() throws IOException {
    for (WireMode wanted : WireMode.values()) {
      WireMode other = wanted == WireMode.CLEAR ? WireMode.AES_256_GCM : WireMode.CLEAR;
      try (ShardHost host = host(wanted);
          NettyConnector connector = connector(other)) {
        ShardAddress address = new ShardAddress("127.0.0.1", host.port());
        assertThatThrownBy(() -> connector.connect(address, new Mailbox()))
            .isInstanceOf(PsException.class)
            .hasMessageContaining("server wants " + wanted)
            .hasMessageContaining("this client " + other)
            .hasMessageContaining("spark.network.crypto.enabled")
            .extracting(e -> ((PsException) e).code())
            .isEqualTo(PsErrorCode.NOT_AUTHENTICATED);
        assertThat(host.counter(TransportCounter.FRAMES_IN)).isZero();
      }
    }
  }

  /** A client with the right secret that goes on in spite of what the server wants. */
  @Test
  void fault_21_aClearClientThatInsistsIsRefused() throws IOException {
    try (ShardHost host = host(WireMode.AES_256_GCM);
        RawClient client = new RawClient(host.port())) {
      byte[] hello = client(WireMode.CLEAR).hello();
      client.send(hello);
      client.send(SECRET.mac(PROOF, hello, client.read(Handshake.CHALLENGE_BYTES)));
      byte[] answer = client.readToEnd();
      assertThat(answer).hasSize(Handshake.RESULT_BYTES);
      assertThat(Handshake.accepted(answer)).isFalse();
      assertThat(host.counter(TransportCounter.HANDSHAKES_REFUSED)).isEqualTo(1);
    }
  }

  /** Somebody between the two rewrites what each says of its mode, in every combination. */
  @Test
  void fault_21_nobodyBetweenTheTwoCanLowerTheMode() throws HandshakeException {
    for (WireMode ofClient : WireMode.values()) {
      for (WireMode ofServer : WireMode.values()) {
        for (int flips = 1; flips < 4; flips++) {
          Handshake.Client client = client(ofClient);
          Handshake.Server server = server(ofServer);
          byte[] hello = client.hello();
          hello[MODE_OFFSET] ^= (byte) (flips & 1);
          byte[] challenge = server.challenge(hello);
          challenge[MODE_OFFSET] ^= (byte) (flips >> 1);
          boolean accepted;
          try {
            accepted = Handshake.accepted(server.result(client.prove(challenge)));
          } catch (HandshakeException e) {
            assertThat(e.reason()).isEqualTo(HandshakeException.Reason.ENCRYPTION);
            accepted = false;
          }
          assertThat(accepted).as("%s %s %d", ofClient, ofServer, flips).isFalse();
        }
      }
    }
  }

  @Test
  void fault_21_clearFramesBehindAnEncryptedHandshakeCloseTheConnection() throws Exception {
    try (ShardHost host = host(WireMode.AES_256_GCM);
        RawClient client = new RawClient(host.port())) {
      Handshake.Client handshake = client(WireMode.AES_256_GCM);
      client.send(handshake.hello());
      client.send(handshake.prove(client.read(Handshake.CHALLENGE_BYTES)));
      handshake.finish(client.read(Handshake.RESULT_BYTES));
      client.send(FrameReaderTest.frame(1, new Message.Ping()));
      assertThat(client.readToEnd()).isEmpty();
      SecurityFaultTest.await(() -> host.counter(TransportCounter.BAD_RECORDS) == 1);
      assertThat(host.counter(TransportCounter.FRAMES_IN)).isZero();
    }
  }

  @Test
  void fault_22_encryptionWithoutASecretIsRefused() {
    assertThatThrownBy(() -> HostOptions.loopback().withMode(WireMode.AES_256_GCM))
        .hasMessageContaining("needs a secret");
    assertThatThrownBy(
            () -> ConnectorOptions.of(Secret.none(), "run").withMode(WireMode.AES_256_GCM))
        .hasMessageContaining("needs a secret");
  }

  /** Keys differ by direction and by connection. */
  @Test
  void everyConnectionHasKeysOfItsOwn() {
    byte[] nonces = new byte[64];
    byte[] other = nonces.clone();
    other[63] = 1;
    byte[] key = SECRET.traffic(nonces, new byte[] {1});
    assertThat(key).hasSize(Hkdf.HASH_BYTES);
    assertThat(SECRET.traffic(nonces, new byte[] {2})).isNotEqualTo(key);
    assertThat(SECRET.traffic(other, new byte[] {1})).isNotEqualTo(key);
    assertThat(Secret.of("another").traffic(nonces, new byte[] {1})).isNotEqualTo(key);
  }
}
