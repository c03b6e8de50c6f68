package dev.bellows.ps.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.ps.codec.Compression;
import dev.bellows.ps.sim.Seeds;
import dev.bellows.ps.sim.SimRandom;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MessageCodecTest {
  private static final Target TARGET = new Target("run-7", 3, 41);
  private static final Floats FLOATS = new Floats(new float[] {9, 1.5f, -0f, Float.NaN, 8}, 1, 3);

  static List<Message> all() {
    return List.of(
        new Message.Ping(),
        new Message.Create(
            TARGET, 1024, 5000, 8, 10, 100, 50, 5, Consistency.ssp(4), new byte[] {1, 2, 3}),
        new Message.Create(
            TARGET,
            1024,
            5000,
            8,
            10,
            100,
            50,
            5,
            Consistency.BSP,
            new Compression(Compression.Kind.TOPK, 4, 0.01, 0.03),
            new byte[] {1, 2, 3}),
        new Message.CodedPush(
            new Message.Push(TARGET, 77, 12, 2, 1, 5, true, -1, 1.25, 2.5, 3.5, 4, Floats.EMPTY),
            9,
            0.25,
            new Bytes(new byte[] {4, 5, 6}, 0, 3)),
        new Message.CodedValues(13, 1024, 3, new Bytes(new byte[] {7, 8}, 0, 2)),
        new Message.Put(TARGET, 2, 1024, FLOATS),
        new Message.Seal(TARGET, 400),
        new Message.Join(TARGET, 77, "task 2 on executor 3 (host h\u00e9)", 4, 8),
        new Message.Push(TARGET, 77, 12, 2, 1, 5, true, -1, 1.25, 2.5, 3.5, 4, FLOATS),
        new Message.Pull(TARGET, 77, 13, 5),
        new Message.Norm(TARGET, 12),
        new Message.Commit(TARGET, 12, true, 0.5f),
        new Message.Commit(TARGET, 12, false, 1f, 3),
        new Message.Status(TARGET),
        new Message.Ledger(TARGET, 3, 100),
        new Message.Snapshot(TARGET, 400),
        new Message.Get(TARGET, 400, 1, 5),
        new Message.Release(TARGET, 400),
        new Message.Drop(TARGET),
        new Message.Attach(TARGET, new Peer("10.0.0.7", 7077), 400),
        new Message.Detach(TARGET),
        new Message.Advance(TARGET),
        new Message.Operate(
            TARGET, 5, Operation.ADD_NOISE, 12, 1, 3, 900, new double[] {0.5}, new long[] {-7}),
        new Message.OperateReply(12, new double[] {1.5}, new long[] {3, 4}),
        new RowMessage.CreateTable(
            TARGET,
            1,
            2,
            5,
            new TableSpec(32, 16, 8, 10, 100, 1_000_000, 2, 0.05f, -9, new byte[] {4, 5})),
        new RowMessage.Control(TARGET, 1, RowMessage.Action.SNAPSHOT, 400),
        new RowMessage.PutRows(TARGET, 1, new long[] {7, -8, 9}, new long[] {1, 2, 3}, FLOATS),
        new RowMessage.PullRows(TARGET, 1, 13, new long[] {Long.MIN_VALUE, 5}),
        new RowMessage.PushRows(TARGET, 1, 12, 2, 1, 3, 5, -1, 1.25, new long[] {7, 8, 9}, FLOATS),
        new RowMessage.GetRows(TARGET, 1, 400, 3, 1000, 500),
        new Message.RowPage(400, 3, 1000, 1003, new long[] {7, 8, 9}, new long[] {1, 2, 3}, FLOATS),
        new Message.Done(13),
        new Message.Failure(PsErrorCode.STEP_AHEAD, 5, 6, "gr\u00fc\u00dfe"),
        new Message.Values(13, 0, 1024, FLOATS),
        new Message.NormReply(12, false, 3, 64.5, new double[] {1, 2.5}),
        new Message.StatusReply(
            Message.State.RUNNING,
            41,
            12,
            13,
            8,
            new long[] {0xf0},
            -1,
            true,
            0.25,
            List.of(new Message.ClientInfo(77, "task 2", 4, 8, 11, 9800)),
            new long[] {1, 2, 3}),
        new Message.LedgerReply(
            13,
            3976,
            List.of(
                new Message.LedgerEntry(11, 1, 2, 3, 4, true, true, 0xdeadbeef),
                new Message.LedgerEntry(
                    12,
                    1,
                    2,
                    3,
                    4,
                    true,
                    false,
                    0,
                    new Message.CodedStep(1L << 40, 77, 2.25, 0.25)))));
  }

  static byte[] encode(long id, Message message) {
    byte[] frame = new byte[MessageCodec.frameBytes(message)];
    ByteBuffer out = ByteBuffer.wrap(frame);
    MessageCodec.encode(id, message, out);
    assertThat(out.hasRemaining()).isFalse();
    return frame;
  }

  static Message decode(byte[] frame) {
    ByteBuffer in = ByteBuffer.wrap(frame);
    FrameHeader header = FrameHeader.read(in, FrameHeader.DEFAULT_MAX_FRAME_BYTES);
    return MessageCodec.decode(in, header, FloatScratch.reusing());
  }

  @Test
  void everyMessageSurvivesTheRoundTrip() {
    Set<Opcode> seen = EnumSet.noneOf(Opcode.class);
    for (Message message : all()) {
      seen.add(message.opcode());
      byte[] frame = encode(-5, message);
      Message back = decode(frame);
      assertThat(back)
          .usingRecursiveComparison()
          .ignoringFields("values", "rows")
          .isEqualTo(message);
      if (values(message) != null) {
        Floats floats = values(back);
        assertThat(
                java.util.Arrays.copyOfRange(
                    floats.array(), floats.offset(), floats.offset() + floats.length()))
            .isEqualTo(new float[] {1.5f, -0f, Float.NaN});
      }
      assertThat(encode(-5, back)).isEqualTo(frame);
      assertThat(FrameHeader.read(ByteBuffer.wrap(frame), 1 << 20).requestId()).isEqualTo(-5);
    }
    assertThat(seen).isEqualTo(EnumSet.allOf(Opcode.class));
  }

  private static Floats values(Message message) {
    if (message instanceof Message.Put put) {
      return put.values();
    }
    if (message instanceof Message.Push push) {
      return push.values();
    }
    if (message instanceof RowMessage.PutRows put) {
      return put.rows();
    }
    if (message instanceof RowMessage.PushRows push) {
      return push.values();
    }
    if (message instanceof Message.RowPage page) {
      return page.rows();
    }
    return message instanceof Message.Values values ? values.values() : null;
  }

  /** Changes only together with the protocol version. */
  @Test
  void goldenFrames() {
    assertThat(HexFormat.of().formatHex(encode(258, new Message.Ping())))
        .isEqualTo(
            "424c575301010000020100000000000000000000" + crc(encode(258, new Message.Ping())));
    String push =
        HexFormat.of()
            .formatHex(
                encode(
                    1,
                    new Message.Push(
                        new Target("r", 2, 3),
                        4,
                        5,
                        1,
                        0,
                        6,
                        true,
                        -1,
                        1,
                        2,
                        3,
                        4,
                        Floats.of(new float[] {1f}))));
    assertThat(push)
        .startsWith("424c57530106000001000000000000005b000000")
        .endsWith(
            "010072" // run
                + "02000000" // shard
                + "0300000000000000" // incarnation
                + "0400000000000000" // client
                + "0500000000000000" // step
                + "01000000" // level
                + "00000000" // index
                + "06000000" // chunk
                + "01000000" // pull
                + "ffffffff" // badSlice
                + "000000000000f03f" // weight
                + "0000000000000040" // loss
                + "0000000000000840" // metric
                + "0000000000001040" // rows
                + "01000000" // count
                + "0000803f"); // 1.0f
  }

  /** Changes only together with the protocol version. */
  @Test
  void goldenFramesOfRows() {
    Target target = new Target("r", 2, 3);
    String head = "010072" + "02000000" + "0300000000000000" + "04000000"; // target, table
    assertThat(
            body(
                new RowMessage.PushRows(
                    target, 4, 5, 1, 0, 6, 8, -1, 1, new long[] {-2}, Floats.of(new float[] {1f}))))
        .isEqualTo(
            head
                + "0500000000000000" // step
                + "01000000" // level
                + "00000000" // index
                + "06000000" // from bucket
                + "08000000" // to bucket
                + "ffffffff" // badSlice
                + "000000000000f03f" // weight
                + "01000000" // count
                + "08" // bytes of a key
                + "feffffffffffffff" // key
                + "01000000" // count
                + "0000803f"); // 1.0f
    assertThat(body(new RowMessage.PullRows(target, 4, 5, new long[] {1, 0x203})))
        .isEqualTo(head + "0500000000000000" + "02000000" + "02" + "0100" + "0302");
    assertThat(body(new RowMessage.Control(target, 4, RowMessage.Action.RELEASE, 5)))
        .isEqualTo(head + "03000000" + "0500000000000000");
    assertThat(body(new RowMessage.GetRows(target, 4, 5, 6, 7, 8)))
        .isEqualTo(head + "0500000000000000" + "06000000" + "07000000" + "08000000");
    assertThat(
            body(
                new RowMessage.CreateTable(
                    target, 4, 0, 1, new TableSpec(2, 3, 4, 5, 6, 7, 1, 1f, 8, new byte[] {9}))))
        .isEqualTo(
            head
                + "00000000" // from bucket
                + "01000000" // to bucket
                + "02000000" // width
                + "03000000" // buckets
                + "04000000" // slices
                + "0500000000000000" // steps per epoch
                + "0600000000000000" // total steps
                + "0700000000000000" // rows
                + "01000000" // start
                + "0000803f" // scale
                + "0800000000000000" // seed
                + "01000000" // count
                + "09");
  }

  private static String body(Message message) {
    byte[] frame = encode(1, message);
    return HexFormat.of().formatHex(frame, FrameHeader.BYTES, frame.length);
  }

  private static String crc(byte[] frame) {
    return HexFormat.of().formatHex(frame, FrameHeader.CRC_OFFSET, FrameHeader.BYTES);
  }

  @Test
  void fault_16_everyFlippedBitOfAFrameIsRefused() {
    for (Message message : all()) {
      byte[] frame = encode(7, message);
      for (int bit = 0; bit < 8 * frame.length; bit++) {
        byte[] flipped = frame.clone();
        flipped[bit >>> 3] ^= (byte) (1 << (bit & 7));
        int position = bit;
        assertThatThrownBy(() -> decode(flipped))
            .as("bit %d of %s", position, message.opcode())
            .isInstanceOf(PsException.class);
      }
    }
  }

  @Test
  void fault_17_lengthFieldsAreCheckedBeforeAnythingIsAllocated() {
    byte[] frame = encode(7, new Message.Done(1));
    for (int length :
        new int[] {Integer.MAX_VALUE, -1, Integer.MIN_VALUE, FrameHeader.DEFAULT_MAX_FRAME_BYTES}) {
      ByteBuffer in = ByteBuffer.wrap(frame.clone()).order(ByteOrder.LITTLE_ENDIAN);
      in.putInt(FrameHeader.BODY_BYTES_OFFSET, length);
      assertThatThrownBy(() -> FrameHeader.read(in, FrameHeader.DEFAULT_MAX_FRAME_BYTES))
          .isInstanceOfSatisfying(
              PsException.class, e -> assertThat(e.code()).isEqualTo(PsErrorCode.BAD_LENGTH))
          .hasMessageContaining(String.valueOf(length));
    }
    ByteBuffer zero =
        resealed(
            encode(7, new Message.Done(1)), in -> in.putInt(FrameHeader.BODY_BYTES_OFFSET, 0), 0);
    assertRefused(zero, PsErrorCode.BAD_REQUEST);
  }

  @Test
  void fault_18_countsThatOverflowAreRefused() {
    int countOffset = FrameHeader.BYTES + 2 + 5 + 4 + 8 + 4 + 4; // target, slot, from
    for (int count : new int[] {Integer.MAX_VALUE, -1, 1 << 30, (1 << 30) + 3, 4}) {
      byte[] frame = encode(7, new Message.Put(TARGET, 0, 0, FLOATS));
      int body = frame.length - FrameHeader.BYTES;
      ByteBuffer in = resealed(frame, b -> b.putInt(countOffset, count), body);
      assertThatThrownBy(
              () ->
                  MessageCodec.decode(
                      in,
                      FrameHeader.read(in, 1 << 20),
                      length -> {
                        throw new AssertionError("asked for " + length + " floats");
                      }))
          .isInstanceOfSatisfying(
              PsException.class, e -> assertThat(e.code()).isEqualTo(PsErrorCode.BAD_REQUEST))
          .hasMessageContaining(String.valueOf(count));
    }
  }

  @Test
  void fault_18_lengthsOfCodesThatLieAreRefused() {
    for (Message message : all()) {
      int back = message instanceof Message.CodedPush ? 3 : 2; // bytes of the code
      if (!(message instanceof Message.CodedPush || message instanceof Message.CodedValues)) {
        continue;
      }
      for (int count : new int[] {Integer.MAX_VALUE, -1, Integer.MIN_VALUE, back + 1, back - 1}) {
        byte[] frame = encode(7, message);
        ByteBuffer in = resealed(frame, b -> b.putInt(frame.length - back - 4, count), -1);
        assertRefused(in, PsErrorCode.BAD_REQUEST);
      }
    }
  }

  @Test
  void fault_20_unknownOpcodeVersionMagicAndFieldsAreTypedErrors() {
    byte[] frame = encode(7, new Message.Commit(TARGET, 3, true, 1f));
    int body = frame.length - FrameHeader.BYTES;
    assertRefused(
        resealed(frame, b -> b.put(FrameHeader.OPCODE_OFFSET, (byte) 63), body),
        PsErrorCode.BAD_OPCODE);
    assertRefused(
        resealed(frame, b -> b.put(FrameHeader.OPCODE_OFFSET, (byte) -1), body),
        PsErrorCode.BAD_OPCODE);
    assertRefused(
        resealed(frame, b -> b.put(FrameHeader.VERSION_OFFSET, (byte) 2), body),
        PsErrorCode.BAD_VERSION);
    assertRefused(resealed(frame, b -> b.putInt(0, 0x20544547), body), PsErrorCode.BAD_MAGIC);
    assertRefused(
        resealed(frame, b -> b.putShort(FrameHeader.FLAGS_OFFSET, (short) 1), body),
        PsErrorCode.BAD_REQUEST);
    int shardOffset = FrameHeader.BYTES + 2 + 5;
    assertRefused(resealed(frame, b -> b.putInt(shardOffset, -1), body), PsErrorCode.BAD_REQUEST);
    assertRefused(
        resealed(frame, b -> b.putLong(shardOffset + 4, -1), body), PsErrorCode.BAD_REQUEST);
    assertRefused(
        resealed(frame, b -> b.put(FrameHeader.BYTES + 2, (byte) '/'), body),
        PsErrorCode.BAD_REQUEST);
    assertRefused(
        resealed(frame, b -> b.putInt(shardOffset + 20, 2), body), PsErrorCode.BAD_REQUEST);
    // a body with a byte too many
    assertRefused(
        resealed(
            encode(7, new Message.Join(TARGET, 1, "a\u0001", 0, 1)),
            b -> b.putShort(FrameHeader.BYTES + 27, (short) 1),
            -1),
        PsErrorCode.BAD_REQUEST);
    assertThatCode(() -> decode(frame)).doesNotThrowAnyException();
  }

  @Test
  void fault_20_unknownOperationsAndOversizedArgumentsAreRefused() {
    Message.Operate scale =
        new Message.Operate(TARGET, 1, Operation.SCALE, 0, 0, 0, 9, new double[] {1}, new long[0]);
    byte[] frame = encode(7, scale);
    int operation = FrameHeader.BYTES + 2 + 5 + 4 + 8 + 8; // target, id
    for (int wire : new int[] {0, -1, 8, Integer.MAX_VALUE}) {
      assertRefused(resealed(frame, b -> b.putInt(operation, wire), -1), PsErrorCode.BAD_REQUEST);
    }
    // CLIP takes two numbers, not one
    assertRefused(resealed(frame, b -> b.putInt(operation, 2), -1), PsErrorCode.BAD_REQUEST);
    byte[] large =
        encode(
            7,
            new Message.Operate(
                TARGET,
                1,
                Operation.ADD_HISTOGRAM,
                0,
                0,
                0,
                9,
                new double[0],
                new long[Operation.MAX_WHOLES + 1]));
    assertThatThrownBy(() -> decode(large)).hasMessageContaining("limit 262144");
  }

  @Test
  void randomBodiesNeverDoMoreThanThrowTypedErrors() {
    Seeds.forEach(
        "MessageCodecTest#randomBodies*",
        3000,
        seed -> {
          SimRandom random = new SimRandom(seed);
          List<Message> messages = new ArrayList<>(all());
          byte[] frame = encode(1, random.pick(messages));
          int changes = random.between(1, 4);
          for (int c = 0; c < changes && frame.length > FrameHeader.BYTES; c++) {
            int at = random.between(FrameHeader.BYTES, frame.length - 1);
            frame[at] = random.pick(List.of(0, 1, 0x7f, 0x80, 0xff, random.below(256))).byteValue();
          }
          ByteBuffer in = resealed(frame, b -> {}, -1);
          try {
            MessageCodec.decode(
                in,
                FrameHeader.read(in, 1 << 20),
                length -> {
                  assertThat(length).isLessThanOrEqualTo(frame.length);
                  return new float[length];
                });
          } catch (PsException e) {
            assertThat(e.getMessage()).isNotEmpty();
          }
        });
  }

  @Test
  void errorCodesAndOpcodesHaveUniqueWireNumbers() {
    for (PsErrorCode code : PsErrorCode.values()) {
      assertThat(PsErrorCode.ofWire(code.wire())).isEqualTo(code);
    }
    for (Opcode opcode : Opcode.values()) {
      assertThat(Opcode.ofWire(opcode.wire())).isEqualTo(opcode);
      assertThat(opcode.isAnswer()).isEqualTo(opcode.ordinal() >= Opcode.DONE.ordinal());
    }
    assertThatThrownBy(() -> PsErrorCode.ofWire(0)).isInstanceOf(PsException.class);
    assertThatThrownBy(() -> PsErrorCode.ofWire(99)).isInstanceOf(PsException.class);
  }

  private static void assertRefused(ByteBuffer in, PsErrorCode code) {
    assertThatThrownBy(
            () -> MessageCodec.decode(in, FrameHeader.read(in, 1 << 20), FloatScratch.reusing()))
        .isInstanceOfSatisfying(PsException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  /** Changes bytes and makes the checksum right again. */
  private static ByteBuffer resealed(
      byte[] frame, java.util.function.Consumer<ByteBuffer> change, int bodyBytes) {
    ByteBuffer in = ByteBuffer.wrap(frame.clone()).order(ByteOrder.LITTLE_ENDIAN);
    change.accept(in);
    int body = bodyBytes < 0 ? frame.length - FrameHeader.BYTES : bodyBytes;
    in.putInt(FrameHeader.CRC_OFFSET, FrameHeader.checksum(in, 0, body));
    return in;
  }
}
