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
import io.netty.buffer.PooledByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Rows 17 and 20 to 24 of the fault matrix with raw sockets: what a stranger, or a broken peer,
 * gets.
 */
class SecurityFaultTest {

  private static final String TOKEN = "tOkEn-which-must-never-be-seen-5f1d";
  private static final Secret SECRET = Secret.of(TOKEN);

  private final PrintStream realErr = System.err;
  private final ByteArrayOutputStream logged = new ByteArrayOutputStream();
  private ShardHost host;

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
  void fault_17_authenticatedPeersThatLieAboutLengthsCostNoMemory() throws IOException {
    long before = direct();
    int[] lies = {Integer.MAX_VALUE, -1, Integer.MIN_VALUE, 5 << 20};
    for (int i = 0; i < 200; i++) {
      byte[] header =
          Arrays.copyOf(FrameReaderTest.frame(1, new Message.Ping()), FrameHeader.BYTES);
      ByteBuffer.wrap(header)
          .order(ByteOrder.LITTLE_ENDIAN)
          .putInt(FrameHeader.BODY_BYTES_OFFSET, lies[i % lies.length]);
      try (RawClient client = new RawClient(host.port()).authenticate(SECRET)) {
        client.send(header);
        assertThat(client.readToEnd()).as("closed without an answer").isEmpty();
      }
    }
    assertThat(host.counter(TransportCounter.BAD_FRAMES)).isEqualTo(200);
    assertThat(direct() - before).as("pooled direct memory").isLessThanOrEqualTo(16L << 20);
    assertStillServes(host, SECRET);
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

  private byte[] refusal(Secret secret, int protocol) throws IOException {
    Handshake.Client handshake =
        new Handshake.Client(secret, WireMode.CLEAR, protocol, "run-1", RawClient.nonce(1));
    try (RawClient client = new RawClient(host.port())) {
      client.send(handshake.hello());
      client.send(handshake.prove(client.read(Handshake.CHALLENGE_BYTES)));
      return client.readToEnd();
    }
  }

  private byte[] downgraded() throws IOException {
    byte[] hello =
        new Handshake.Client(SECRET, WireMode.CLEAR, 0, "run-1", RawClient.nonce(1)).hello();
    try (RawClient client = new RawClient(host.port())) {
      client.send(hello);
      byte[] challenge = client.read(Handshake.CHALLENGE_BYTES);
      byte[] label = "bellows client proof".getBytes(StandardCharsets.US_ASCII);
      client.send(SECRET.mac(label, hello, challenge));
      return client.readToEnd();
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
      client.send(capturedProof);
      return client.readToEnd();
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

  /** A training goes on while strangers knock; memory and threads stay flat and the log quiet. */
  @Test
  void fault_23_portScansDisturbNobody() throws Exception {
    Loopback work = new Loopback(3_000, 4, 500);
    byte[] noise = new byte[64 << 10];
    for (int i = 0; i < noise.length; i++) {
      noise[i] = (byte) (i * 31 + (i >> 8));
    }
    byte[] tls = HexFormat.of().parseHex("160301020001000001fc0303");
    byte[] http = "GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    ExecutorService training = Executors.newSingleThreadExecutor();
    try (NettyConnector connector = new NettyConnector(ConnectorOptions.of(SECRET, "run-1"))) {
      ShardAddress address = new ShardAddress("127.0.0.1", host.port());
      work.create(connector, address);
      Future<List<float[]>> running =
          training.submit(() -> work.train(connector, address, 2, Duration.ofSeconds(5)));
      long memory = direct();
      for (int i = 0; i < 5000; i++) {
        try (RawClient client = new RawClient(host.port())) {
          switch (i % 50) {
            case 0 -> assertRefused(client.send(http));
            case 1 -> assertRefused(client.send(tls));
            case 2 -> sendNoise(client, noise);
            default -> {}
          }
        }
      }
      int threads = hostThreads();
      float[] truth = work.truth();
      for (float[] result : running.get()) {
        assertThat(result).isEqualTo(truth);
      }
      assertThat(threads).as("host threads").isEqualTo(1);
      assertThat(direct() - memory).as("pooled direct memory").isLessThanOrEqualTo(32L << 20);
    } finally {
      training.shutdownNow();
    }
    await(() -> host.counter(TransportCounter.CONNECTIONS_CLOSED) >= 5000);
    assertThat(host.counter(TransportCounter.NOT_OUR_PROTOCOL)).isGreaterThanOrEqualTo(200);
    long lines = log().lines().filter(line -> line.contains("dropped")).count();
    assertThat(lines).as("log lines for 300 bad strangers").isBetween(1L, 100L);
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
    assertThat(client.readToEnd()).isEmpty();
  }

  @Test
  void fault_24_slowStrangersAreDroppedAfterTheDeadlineAndCapped() throws IOException {
    int cap = 100;
    try (ShardHost small =
        start(
            HostOptions.of("127.0.0.1", 0, SECRET)
                .withHandshakeTimeoutMs(1_000)
                .withConnectionCaps(cap, 1_000))) {
      List<RawClient> slow = new ArrayList<>();
      byte[] hello =
          new Handshake.Client(SECRET, WireMode.CLEAR, 1, "run-1", RawClient.nonce(1)).hello();
      try {
        for (int i = 0; i < 500; i++) {
          slow.add(new RawClient(small.port()).send(hello[0]));
        }
        await(() -> small.counter(TransportCounter.UNAUTHENTICATED_EVICTED) >= 400);
        assertStillServes(small, SECRET);
        await(() -> small.counter(TransportCounter.HANDSHAKE_TIMEOUTS) >= cap - 1);
        for (RawClient client : slow) {
          assertThat(client.readToEnd()).isEmpty();
        }
        assertStillServes(small, SECRET);
      } finally {
        for (RawClient client : slow) {
          client.close();
        }
      }
    }
  }

  private static void assertStillServes(ShardHost host, Secret secret) throws IOException {
    try (RawClient client = new RawClient(host.port()).authenticate(secret)) {
      client.send(FrameReaderTest.frame(1, new Message.Ping()));
      byte[] done = client.read(FrameHeader.BYTES + Long.BYTES);
      assertThat(done[FrameHeader.OPCODE_OFFSET]).isEqualTo((byte) 64);
    }
  }

  private static int hostThreads() {
    return (int)
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().startsWith("bellows-shard-host"))
            .count();
  }

  private static long direct() {
    return PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory();
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
