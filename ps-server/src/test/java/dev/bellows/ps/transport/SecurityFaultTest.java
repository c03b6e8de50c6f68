package dev.bellows.ps.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.protocol.FrameHeader;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ShardServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Rows 20 to 22 of the fault matrix with raw sockets: what a stranger, or a broken peer, gets. */
class SecurityFaultTest {

  private static final String TOKEN = "tOkEn-which-must-never-be-seen-5f1d";
  private static final Secret SECRET = Secret.of(TOKEN);

  private final PrintStream realErr = System.err;
  private final ByteArrayOutputStream logged = new ByteArrayOutputStream();
  private ShardHost host;
  private long lastNanos;

  @BeforeEach
  void start() throws ShardHostException {
    System.setErr(new PrintStream(logged, true, StandardCharsets.UTF_8));
    host = start(HostOptions.of("127.0.0.1", 0, SECRET));
  }

  @AfterEach
  void stop() {
    host.close();
    System.setErr(realErr);
  }

  private static ShardHost start(HostOptions options) throws ShardHostException {
    return ShardHost.start(options, new ShardServer(ServerOptions.defaults(), System::nanoTime));
  }

  private String log() {
    return logged.toString(StandardCharsets.UTF_8);
  }

  @Test
  void fault_20_unknownOpcodesAreAnsweredThenClosed() throws IOException {
    byte[] frame = FrameReaderTest.frame(42, new Message.Ping());
    frame[FrameHeader.OPCODE_OFFSET] = 63;
    FrameReaderTest.sign(frame);
    try (RawClient client = new RawClient(host.port()).authenticate(SECRET)) {
      byte[] answer = client.send(frame).readToEnd();
      ByteBuffer view = ByteBuffer.wrap(answer).order(ByteOrder.LITTLE_ENDIAN);
      assertThat(answer[FrameHeader.OPCODE_OFFSET]).isEqualTo((byte) 65);
      assertThat(view.getLong(FrameHeader.REQUEST_ID_OFFSET)).isEqualTo(42);
      assertThat(view.getInt(FrameHeader.BYTES)).isEqualTo(PsErrorCode.BAD_OPCODE.wire());
    }
  }

  @Test
  void fault_20_malformedBodiesAreAnsweredAndTheConnectionStays() throws IOException {
    byte[] push = FrameReaderTest.frame(7, FrameReaderTest.push(1f, 2f));
    ByteBuffer.wrap(push)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(push.length - 2 * Float.BYTES - Integer.BYTES, Integer.MAX_VALUE);
    FrameReaderTest.sign(push);
    byte[] wrongShard = FrameReaderTest.frame(8, FrameReaderTest.push(1f, 2f));
    byte[] anAnswer = FrameReaderTest.frame(9, new Message.Done(1));
    byte[] ping = FrameReaderTest.frame(10, new Message.Ping());
    try (RawClient client = new RawClient(host.port()).authenticate(SECRET)) {
      client.send(FrameReaderTest.concat(push, wrongShard, anAnswer, ping));
      assertThat(readFailure(client)).isEqualTo("7 BAD_REQUEST");
      assertThat(readFailure(client)).isEqualTo("8 NO_SUCH_NAMESPACE");
      assertThat(readFailure(client)).isEqualTo("9 BAD_REQUEST");
      byte[] done = client.read(FrameHeader.BYTES + Long.BYTES);
      assertThat(done[FrameHeader.OPCODE_OFFSET]).isEqualTo((byte) 64);
    }
  }

  private static String readFailure(RawClient client) throws IOException {
    ByteBuffer header =
        ByteBuffer.wrap(client.read(FrameHeader.BYTES)).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(header.get(FrameHeader.OPCODE_OFFSET)).isEqualTo((byte) 65);
    ByteBuffer body =
        ByteBuffer.wrap(client.read(header.getInt(FrameHeader.BODY_BYTES_OFFSET)))
            .order(ByteOrder.LITTLE_ENDIAN);
    return header.getLong(FrameHeader.REQUEST_ID_OFFSET) + " " + PsErrorCode.ofWire(body.getInt(0));
  }

  /**
   * The four causes look alike from outside: same bytes but for the random MAC, then closed at
   * once.
   */
  @Test
  void fault_21_wrongTokenReplayAndDowngradeGetTheSameAnswer() throws IOException {
    List<byte[]> answers = new ArrayList<>();
    answers.add(refusal(Secret.of("wrong"), 1));
    answers.add(refusal(Secret.none(), 1));
    answers.add(downgraded());
    answers.add(replayed());
    for (byte[] answer : answers) {
      assertThat(answer).hasSize(Handshake.RESULT_BYTES);
      assertThat(Arrays.copyOf(answer, 4)).isEqualTo(Arrays.copyOf(answers.get(0), 4));
    }
    assertThat(host.counter(TransportCounter.HANDSHAKES_REFUSED)).isEqualTo(4);
    assertThat(host.counter(TransportCounter.HANDSHAKE_TIMEOUTS))
        .as("all were closed by the answer, none by the deadline")
        .isZero();
    assertThat(host.counter(TransportCounter.FRAMES_IN)).isZero();
    assertStillServes(host, SECRET);
    byte[] key = SECRET.mac(new byte[0]);
    assertThat(log())
        .contains("could not prove the secret")
        .doesNotContain(TOKEN)
        .doesNotContain(HexFormat.of().formatHex(key));
  }

  /**
   * Nor does the time tell them apart: in the same order again and again, the middle times of all
   * causes lie close together (on a busy machine all are longer). A refusal never waits for a
   * deadline.
   */
  @Test
  void fault_21_everyRefusalTakesTheSameTimeAndLessThanASecond() throws IOException {
    int rounds = 41;
    List<Attack> attacks =
        List.of(
            () -> refusal(Secret.of("wrong"), 1),
            () -> refusal(Secret.none(), 1),
            this::downgraded,
            this::replayed);
    long[][] nanos = new long[attacks.size()][rounds];
    for (int round = 0; round < rounds; round++) {
      for (int cause = 0; cause < attacks.size(); cause++) {
        attacks.get(cause).answer();
        nanos[cause][round] = lastNanos;
        assertThat(lastNanos).as("cause %d", cause).isLessThan(TimeUnit.SECONDS.toNanos(1));
      }
    }
    for (long[] times : nanos) {
      Arrays.sort(times);
    }
    long[] middle = Arrays.stream(nanos).mapToLong(times -> times[rounds / 2]).sorted().toArray();
    assertThat(middle[middle.length - 1] - middle[0])
        .as("ns between the middle times %s", Arrays.toString(middle))
        .isLessThan(TimeUnit.MILLISECONDS.toNanos(5) + middle[0]);
  }

  @FunctionalInterface
  private interface Attack {
    byte[] answer() throws IOException;
  }

  /** Sends a proof and reads until the host has closed. */
  private byte[] toTheEnd(RawClient client, byte[] proof) throws IOException {
    long start = System.nanoTime();
    byte[] answer = client.send(proof).readToEnd();
    lastNanos = System.nanoTime() - start;
    return answer;
  }

  private byte[] refusal(Secret secret, int protocol) throws IOException {
    Handshake.Client handshake =
        new Handshake.Client(secret, WireMode.CLEAR, protocol, "run-1", RawClient.nonce(1));
    try (RawClient client = new RawClient(host.port())) {
      client.send(handshake.hello());
      return toTheEnd(client, handshake.prove(client.read(Handshake.CHALLENGE_BYTES)));
    }
  }

  private byte[] downgraded() throws IOException {
    byte[] hello =
        new Handshake.Client(SECRET, WireMode.CLEAR, 0, "run-1", RawClient.nonce(1)).hello();
    try (RawClient client = new RawClient(host.port())) {
      client.send(hello);
      byte[] challenge = client.read(Handshake.CHALLENGE_BYTES);
      byte[] label = "bellows client proof".getBytes(StandardCharsets.US_ASCII);
      return toTheEnd(client, SECRET.mac(label, hello, challenge));
    }
  }

  private byte[] replayed() throws IOException {
    Handshake.Client honest =
        new Handshake.Client(SECRET, WireMode.CLEAR, 1, "run-1", RawClient.nonce(1));
    byte[] capturedHello = honest.hello();
    byte[] capturedProof;
    try (RawClient client = new RawClient(host.port())) {
      client.send(capturedHello);
      capturedProof = honest.prove(client.read(Handshake.CHALLENGE_BYTES));
      client.send(capturedProof);
      assertThat(Handshake.accepted(client.read(Handshake.RESULT_BYTES))).isTrue();
    }
    try (RawClient client = new RawClient(host.port())) {
      client.send(capturedHello);
      client.read(Handshake.CHALLENGE_BYTES);
      return toTheEnd(client, capturedProof);
    }
  }

  @Test
  void fault_21_theClientSaysThatTheSecretsDiffer() {
    ShardAddress address = new ShardAddress("127.0.0.1", host.port());
    for (Secret wrong : new Secret[] {Secret.of("other"), Secret.none()}) {
      try (NettyConnector connector = new NettyConnector(ConnectorOptions.of(wrong, "run-1"))) {
        assertThatThrownBy(() -> connector.connect(address, new Mailbox()))
            .isInstanceOf(PsException.class)
            .hasMessageContaining("secrets differ")
            .extracting(e -> ((PsException) e).code())
            .isEqualTo(PsErrorCode.NOT_AUTHENTICATED);
      }
    }
  }

  @Test
  void fault_21_framesBehindTheProofAreRefused() throws IOException {
    Handshake.Client handshake =
        new Handshake.Client(SECRET, WireMode.CLEAR, 1, "run-1", RawClient.nonce(1));
    try (RawClient client = new RawClient(host.port())) {
      client.send(handshake.hello());
      byte[] proof = handshake.prove(client.read(Handshake.CHALLENGE_BYTES));
      client.send(FrameReaderTest.concat(proof, FrameReaderTest.frame(1, new Message.Ping())));
      assertThat(client.readToEnd().length).isLessThanOrEqualTo(Handshake.RESULT_BYTES);
    }
    assertThat(host.counter(TransportCounter.FRAMES_IN)).isZero();
  }

  @Test
  void fault_22_noSecretAndAnotherAddressThanLoopbackRefusesToStart() {
    for (String outer : new String[] {"0.0.0.0", "::", "192.0.2.1"}) {
      assertThatThrownBy(() -> start(HostOptions.of(outer, 0, Secret.none())))
          .isInstanceOf(ShardHostException.class)
          .hasMessageContaining("bind to 127.0.0.1")
          .hasMessageContaining("set a secret")
          .hasMessageContaining("spark.authenticate")
          .extracting(e -> ((ShardHostException) e).reason())
          .isEqualTo(ShardHostException.Reason.NO_SECRET);
    }
    try (NettyConnector connector =
        new NettyConnector(ConnectorOptions.of(Secret.none(), "run-1"))) {
      assertThatThrownBy(() -> connector.connect(new ShardAddress("192.0.2.1", 7), new Mailbox()))
          .isInstanceOf(PsException.class)
          .hasMessageContaining("without a secret");
    }
  }

  @Test
  void fault_22_loopbackWithoutASecretServes() throws IOException {
    try (ShardHost open = start(HostOptions.loopback())) {
      assertStillServes(open, Secret.none());
    }
  }

  private static void assertStillServes(ShardHost host, Secret secret) throws IOException {
    try (RawClient client = new RawClient(host.port()).authenticate(secret)) {
      client.send(FrameReaderTest.frame(1, new Message.Ping()));
      byte[] done = client.read(FrameHeader.BYTES + Long.BYTES);
      assertThat(done[FrameHeader.OPCODE_OFFSET]).isEqualTo((byte) 64);
    }
  }

  static void await(BooleanSupplier condition) {
    for (int i = 0; i < 2_000 && !condition.getAsBoolean(); i++) {
      try {
        Thread.sleep(10);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    assertThat(condition.getAsBoolean()).as("condition within 20 s").isTrue();
  }
}
