package dev.bellows.ps.transport;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The mutual challenge that opens every connection: who can't prove the secret sees nothing else.
 *
 * <pre>
 *   client -> server  HELLO      0 magic 'BLWH' | 4 handshake u8 | 5 mode u8 | 6 protocol u16 | 8 run 32 | 40 nonce 32   = 72 bytes
 *   server -> client  CHALLENGE  0 magic 'BLWH' | 4 handshake u8 | 5 mode u8 | 6 protocol u16 | 8 nonce 32              = 40 bytes
 *   client -> server  PROOF      HMAC(key, "bellows client proof" HELLO CHALLENGE)                                       = 32 bytes
 *   server -> client  RESULT     0 status u32 | 4 HMAC(key, "bellows server proof" HELLO CHALLENGE PROOF)                = 36 bytes
 * </pre>
 *
 * <p>Little-endian; {@code run} is the SHA-256 of the run's name. Both nonces and both versions are
 * under both MACs, so a recorded conversation can't be replayed and a changed version is noticed.
 * The client proves first: the server answers nothing derived from the key to a stranger. The role
 * labels keep one side's proof from serving as the other's. A refusal has the same length and the
 * same work behind it whatever the cause; the status of a refusal is {@link #REFUSED} and its MAC
 * bytes are a MAC under a random key.
 *
 * <p>The {@link WireMode} is each side's own setting, never negotiated down: who is told another
 * one ends the connection, and as both are under the MACs nobody between them can change what is
 * told. In {@link WireMode#CLEAR} the handshake proves who opened the connection, and the frames
 * that follow are neither encrypted nor authenticated one by one (their CRC32C finds accidents, not
 * attackers on the wire). In {@link WireMode#AES_256_GCM} all that follows is sealed under keys
 * made of the secret, both nonces and the whole handshake, another one for each direction.
 */
final class Handshake {

  static final int VERSION = 1;
  static final int MAGIC = 0x48574C42; // "BLWH" read as little-endian bytes
  static final int NONCE_BYTES = 32;
  static final int MAC_BYTES = 32;

  static final int HELLO_BYTES = 72;
  static final int CHALLENGE_BYTES = 40;
  static final int PROOF_BYTES = MAC_BYTES;
  static final int RESULT_BYTES = 4 + MAC_BYTES;

  static final int ACCEPTED = 1;
  static final int REFUSED = 2;

  private static final int VERSION_OFFSET = 4;
  private static final int MODE_OFFSET = 5;
  private static final int PROTOCOL_OFFSET = 6;

  private static final byte[] CLIENT_LABEL = label("bellows client proof");
  private static final byte[] SERVER_LABEL = label("bellows server proof");
  private static final byte[] CLIENT_TRAFFIC = label("bellows client traffic");
  private static final byte[] SERVER_TRAFFIC = label("bellows server traffic");

  private Handshake() {}

  /** Returns whether the first bytes can be those of a HELLO; {@code prefix} may be short. */
  static boolean startsLikeHello(byte[] prefix, int length) {
    for (int i = 0; i < Math.min(length, Integer.BYTES); i++) {
      if (prefix[i] != (byte) (MAGIC >>> (8 * i))) {
        return false;
      }
    }
    return true;
  }

  /** The client's half. */
  static final class Client {
    private final Secret secret;
    private final WireMode mode;
    private final int protocolVersion;
    private final byte[] hello;
    private byte[] challenge = new byte[0];
    private byte[] proof = new byte[0];

    Client(Secret secret, WireMode mode, int protocolVersion, String run, byte[] nonce) {
      this.secret = secret;
      this.mode = mode;
      this.protocolVersion = protocolVersion;
      ByteBuffer out = ByteBuffer.allocate(HELLO_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      out.putInt(MAGIC).put((byte) VERSION).put((byte) mode.wire());
      out.putShort((short) protocolVersion);
      out.put(sha256(run)).put(nonce, 0, NONCE_BYTES);
      this.hello = out.array();
    }

    byte[] hello() {
      return hello.clone();
    }

    /**
     * Answers the challenge.
     *
     * @throws HandshakeException when the other end speaks another version or is no Bellows server
     */
    byte[] prove(byte[] receivedChallenge) throws HandshakeException {
      ByteBuffer in = ByteBuffer.wrap(receivedChallenge).order(ByteOrder.LITTLE_ENDIAN);
      if (in.getInt(0) != MAGIC) {
        throw new HandshakeException(
            HandshakeException.Reason.NOT_BELLOWS,
            "the other end is not a Bellows parameter server (first bytes "
                + Integer.toHexString(in.getInt(0))
                + ")");
      }
      int version = in.get(VERSION_OFFSET) & 0xFF;
      int protocol = in.getShort(PROTOCOL_OFFSET) & 0xFFFF;
      if (version != VERSION || protocol != protocolVersion) {
        throw new HandshakeException(
            HandshakeException.Reason.VERSION,
            "the parameter server speaks handshake "
                + version
                + " and protocol "
                + protocol
                + ", this client "
                + VERSION
                + " and "
                + protocolVersion
                + "; run the same release of Bellows everywhere");
      }
      int serverMode = in.get(MODE_OFFSET) & 0xFF;
      if (serverMode != mode.wire()) {
        throw new HandshakeException(
            HandshakeException.Reason.ENCRYPTION,
            "the parameter server wants "
                + WireMode.title(serverMode)
                + ", this client "
                + mode
                + "; nothing was sent to it: turn encryption on at both ends or at none"
                + " (spark.network.crypto.enabled or spark.ssl.rpc.enabled)");
      }
      challenge = receivedChallenge.clone();
      proof = secret.mac(CLIENT_LABEL, hello, challenge);
      return proof.clone();
    }

    /**
     * Checks the server's answer.
     *
     * @throws HandshakeException when the server refused, or accepted without knowing the secret
     */
    void finish(byte[] result) throws HandshakeException {
      byte[] expected = secret.mac(SERVER_LABEL, hello, challenge, proof);
      boolean proven = MessageDigest.isEqual(expected, Arrays.copyOfRange(result, 4, RESULT_BYTES));
      int status = ByteBuffer.wrap(result).order(ByteOrder.LITTLE_ENDIAN).getInt(0);
      if (status != ACCEPTED) {
        throw new HandshakeException(
            HandshakeException.Reason.REFUSED,
            "the parameter server refused the handshake: the secrets differ, or one side has none;"
                + " give both the same secret (Spark's spark.authenticate.secret, or the run's own)");
      }
      if (!proven) {
        throw new HandshakeException(
            HandshakeException.Reason.REFUSED,
            "the other end accepted but could not prove the shared secret; it is not our parameter"
                + " server, nothing was sent to it");
      }
    }

    /** The cipher of the connection after {@link #finish}; null when its frames are clear. */
    @Nullable RecordLayer records(int maxFrameBytes) {
      return mode == WireMode.CLEAR
          ? null
          : new RecordLayer(
              RecordCipher.sealing(traffic(secret, CLIENT_TRAFFIC, hello, challenge, proof)),
              RecordCipher.opening(traffic(secret, SERVER_TRAFFIC, hello, challenge, proof)),
              maxFrameBytes);
    }
  }

  /** The server's half. */
  static final class Server {
    private final Secret secret;
    private final WireMode mode;
    private final int protocolVersion;
    private final byte[] challenge;
    private final byte[] decoyKey;
    private byte @Nullable [] hello;
    private byte[] proof = new byte[0];

    /**
     * @param nonce 32 fresh random bytes, sent as the challenge
     * @param decoyKey fresh random bytes that key the MAC of a refusal
     */
    Server(Secret secret, WireMode mode, int protocolVersion, byte[] nonce, byte[] decoyKey) {
      this.secret = secret;
      this.mode = mode;
      this.protocolVersion = protocolVersion;
      this.decoyKey = decoyKey;
      ByteBuffer out = ByteBuffer.allocate(CHALLENGE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      out.putInt(MAGIC).put((byte) VERSION).put((byte) mode.wire());
      out.putShort((short) protocolVersion);
      out.put(nonce, 0, NONCE_BYTES);
      this.challenge = out.array();
    }

    /** Takes HELLO and returns the challenge, whatever versions HELLO names. */
    byte[] challenge(byte[] receivedHello) {
      hello = receivedHello.clone();
      return challenge.clone();
    }

    /** What the client asks for when it is not what this server wants, else null; for the log. */
    @Nullable String otherMode() {
      byte[] clientHello = hello;
      int asked = clientHello == null ? mode.wire() : clientHello[MODE_OFFSET] & 0xFF;
      return asked == mode.wire()
          ? null
          : "it asks for " + WireMode.title(asked) + ", this server wants " + mode;
    }

    /** Takes PROOF and returns RESULT; {@link #accepted} reads it. */
    byte[] result(byte[] receivedProof) {
      byte[] clientHello = hello;
      if (clientHello == null) {
        throw new IllegalStateException("PROOF before HELLO");
      }
      proof = receivedProof.clone();
      byte[] expected = secret.mac(CLIENT_LABEL, clientHello, challenge);
      ByteBuffer in = ByteBuffer.wrap(clientHello).order(ByteOrder.LITTLE_ENDIAN);
      // No short cut: every cause of refusal costs the same two MACs.
      boolean accept = MessageDigest.isEqual(expected, receivedProof);
      accept &= in.getInt(0) == MAGIC;
      accept &= (in.get(VERSION_OFFSET) & 0xFF) == VERSION;
      accept &= (in.get(MODE_OFFSET) & 0xFF) == mode.wire();
      accept &= (in.getShort(PROTOCOL_OFFSET) & 0xFFFF) == protocolVersion;
      Secret answerKey = accept ? secret : Secret.of(decoyKey);
      byte[] mac = answerKey.mac(SERVER_LABEL, clientHello, challenge, receivedProof);
      ByteBuffer out = ByteBuffer.allocate(RESULT_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      out.putInt(accept ? ACCEPTED : REFUSED).put(mac);
      return out.array();
    }

    /** The cipher of an accepted connection; null when its frames are clear. */
    @Nullable RecordLayer records(int maxFrameBytes) {
      byte[] clientHello = hello;
      if (mode == WireMode.CLEAR || clientHello == null) {
        return null;
      }
      return new RecordLayer(
          RecordCipher.sealing(traffic(secret, SERVER_TRAFFIC, clientHello, challenge, proof)),
          RecordCipher.opening(traffic(secret, CLIENT_TRAFFIC, clientHello, challenge, proof)),
          maxFrameBytes);
    }
  }

  /** Returns whether a RESULT made by {@link Server#result} lets the client in. */
  static boolean accepted(byte[] result) {
    return ByteBuffer.wrap(result).order(ByteOrder.LITTLE_ENDIAN).getInt(0) == ACCEPTED;
  }

  /** The secret of one direction: bound to both nonces, both versions, the mode and the run. */
  private static byte[] traffic(
      Secret secret, byte[] direction, byte[] hello, byte[] challenge, byte[] proof) {
    byte[] nonces = new byte[2 * NONCE_BYTES];
    System.arraycopy(hello, HELLO_BYTES - NONCE_BYTES, nonces, 0, NONCE_BYTES);
    System.arraycopy(challenge, CHALLENGE_BYTES - NONCE_BYTES, nonces, NONCE_BYTES, NONCE_BYTES);
    return secret.traffic(nonces, concat(direction, sha256(concat(hello, challenge, proof))));
  }

  private static byte[] concat(byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    ByteBuffer all = ByteBuffer.allocate(length);
    for (byte[] part : parts) {
      all.put(part);
    }
    return all.array();
  }

  private static byte[] sha256(String text) {
    return sha256(text.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java runtime has no SHA-256", e);
    }
  }

  private static byte[] label(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
