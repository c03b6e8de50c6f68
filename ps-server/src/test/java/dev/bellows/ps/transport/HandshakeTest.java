package dev.bellows.ps.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class HandshakeTest {

  private static final int PROTOCOL = 1;
  private static final String TOKEN = "correct horse battery staple";

  private final Secret secret = Secret.of(TOKEN);

  private static byte[] nonce(int seed) {
    byte[] nonce = new byte[Handshake.NONCE_BYTES];
    Arrays.fill(nonce, (byte) seed);
    return nonce;
  }

  private Handshake.Client client(Secret clientSecret, int protocol, String run, int nonce) {
    return new Handshake.Client(clientSecret, WireMode.CLEAR, protocol, run, nonce(nonce));
  }

  private Handshake.Server server(Secret serverSecret, int nonce) {
    return new Handshake.Server(serverSecret, WireMode.CLEAR, PROTOCOL, nonce(nonce), nonce(99));
  }

  @Test
  void bothProveTheSameSecret() throws HandshakeException {
    Handshake.Client client = client(secret, PROTOCOL, "run", 1);
    Handshake.Server server = server(secret, 2);
    byte[] hello = client.hello();
    byte[] challenge = server.challenge(hello);
    byte[] proof = client.prove(challenge);
    byte[] result = server.result(proof);
    assertThat(hello).hasSize(Handshake.HELLO_BYTES);
    assertThat(challenge).hasSize(Handshake.CHALLENGE_BYTES);
    assertThat(proof).hasSize(Handshake.PROOF_BYTES);
    assertThat(result).hasSize(Handshake.RESULT_BYTES);
    assertThat(Handshake.accepted(result)).isTrue();
    client.finish(result);
  }

  @Test
  void noSecretOnBothSidesAgreesToo() throws HandshakeException {
    Handshake.Client client = client(Secret.none(), PROTOCOL, "run", 1);
    Handshake.Server server = server(Secret.none(), 2);
    byte[] result = server.result(client.prove(server.challenge(client.hello())));
    client.finish(result);
    assertThat(Handshake.accepted(result)).isTrue();
  }

  @Test
  void fault_21_everyCauseOfRefusalGetsTheSameAnswer() throws HandshakeException {
    byte[] wrongToken =
        refusedBy(server(secret, 2), client(Secret.of("guess"), PROTOCOL, "run", 1));
    byte[] noToken = refusedBy(server(secret, 2), client(Secret.none(), PROTOCOL, "run", 1));

    // A client of another protocol version that goes on in spite of what the server says.
    Handshake.Server versioned = server(secret, 2);
    byte[] oldHello = client(secret, PROTOCOL + 1, "run", 1).hello();
    byte[] challenge = versioned.challenge(oldHello);
    byte[] proofOfOld =
        secret.mac("bellows client proof".getBytes(StandardCharsets.US_ASCII), oldHello, challenge);
    byte[] downgraded = versioned.result(proofOfOld);

    // A recorded conversation played against a new challenge.
    Handshake.Client recorded = client(secret, PROTOCOL, "run", 1);
    byte[] oldProof = recorded.prove(server(secret, 2).challenge(recorded.hello()));
    Handshake.Server fresh = server(secret, 3);
    fresh.challenge(recorded.hello());
    byte[] replayed = fresh.result(oldProof);

    for (byte[] answer : new byte[][] {wrongToken, noToken, downgraded, replayed}) {
      assertThat(Handshake.accepted(answer)).isFalse();
      assertThat(answer).hasSize(Handshake.RESULT_BYTES).startsWith(wrongToken[0], 0, 0, 0);
    }
  }

  private static byte[] refusedBy(Handshake.Server server, Handshake.Client client)
      throws HandshakeException {
    byte[] result = server.result(client.prove(server.challenge(client.hello())));
    assertThatThrownBy(() -> client.finish(result))
        .isInstanceOf(HandshakeException.class)
        .hasMessageContaining("secrets differ");
    return result;
  }

  @Test
  void fault_21_aChangedByteAnywhereIsRefused() throws HandshakeException {
    for (int at = 0; at < Handshake.HELLO_BYTES; at++) {
      Handshake.Client client = client(secret, PROTOCOL, "run", 1);
      Handshake.Server server = server(secret, 2);
      byte[] hello = client.hello();
      hello[at] ^= 1;
      assertThat(Handshake.accepted(server.result(client.prove(server.challenge(hello)))))
          .as("HELLO byte %d", at)
          .isFalse();
    }
    for (int at = 8; at < Handshake.CHALLENGE_BYTES; at++) {
      Handshake.Client client = client(secret, PROTOCOL, "run", 1);
      Handshake.Server server = server(secret, 2);
      byte[] challenge = server.challenge(client.hello());
      challenge[at] ^= 1;
      assertThat(Handshake.accepted(server.result(client.prove(challenge)))).isFalse();
    }
    for (int at = 4; at < Handshake.RESULT_BYTES; at++) {
      Handshake.Client client = client(secret, PROTOCOL, "run", 1);
      Handshake.Server server = server(secret, 2);
      byte[] result = server.result(client.prove(server.challenge(client.hello())));
      result[at] ^= 1;
      assertThatThrownBy(() -> client.finish(result)).hasMessageContaining("could not prove");
    }
  }

  @Test
  void fault_21_downgradedVersionIsNamedByTheClient() {
    Handshake.Client client = client(secret, PROTOCOL, "run", 1);
    byte[] challenge = server(secret, 2).challenge(client.hello());
    challenge[6] = 0;
    assertThatThrownBy(() -> client.prove(challenge))
        .isInstanceOf(HandshakeException.class)
        .hasMessageContaining("protocol 0")
        .extracting(e -> ((HandshakeException) e).reason())
        .isEqualTo(HandshakeException.Reason.VERSION);
  }

  @Test
  void aServerThatOnlyEchoesOurProofIsNotBelieved() throws HandshakeException {
    Handshake.Client client = client(secret, PROTOCOL, "run", 1);
    byte[] proof = client.prove(server(Secret.of("other"), 2).challenge(client.hello()));
    byte[] forged = new byte[Handshake.RESULT_BYTES];
    forged[0] = Handshake.ACCEPTED;
    System.arraycopy(proof, 0, forged, 4, proof.length);
    assertThatThrownBy(() -> client.finish(forged)).hasMessageContaining("could not prove");
  }

  @Test
  void fault_21_theSecretIsNotInItsText() {
    assertThat(secret.toString()).isEqualTo("Secret[hidden]");
    assertThat(HostOptions.of("127.0.0.1", 0, secret).toString()).doesNotContain(TOKEN);
    assertThat(ConnectorOptions.of(secret, "run").toString()).doesNotContain(TOKEN);
    assertThatThrownBy(() -> Secret.of("")).hasMessageContaining("empty");
  }

  @Test
  void theHelloMagicIsCheckedByteByByte() {
    byte[] get = "GET / HTTP/1.1".getBytes(StandardCharsets.US_ASCII);
    assertThat(Handshake.startsLikeHello(get, 1)).isFalse();
    byte[] hello = client(secret, PROTOCOL, "run", 1).hello();
    for (int length = 0; length <= hello.length; length++) {
      assertThat(Handshake.startsLikeHello(hello, length)).isTrue();
    }
  }
}
