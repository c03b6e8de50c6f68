package dev.bellows.ps.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What an attacker on the wire can do to sealed records: nothing but end the connection. */
class RecordLayerTest {
  private static final int MAX_FRAME = 1 << 20;
  private static final byte[] UP = secret(1);
  private static final byte[] DOWN = secret(2);

  private static byte[] secret(int seed) {
    byte[] bytes = new byte[Hkdf.HASH_BYTES];
    Arrays.fill(bytes, (byte) seed);
    return bytes;
  }

  private static EmbeddedChannel client() {
    return new EmbeddedChannel(
        new RecordLayer(RecordCipher.sealing(UP), RecordCipher.opening(DOWN), MAX_FRAME));
  }

  private static EmbeddedChannel server() {
    return new EmbeddedChannel(
        new RecordLayer(RecordCipher.sealing(DOWN), RecordCipher.opening(UP), MAX_FRAME));
  }

  private static byte[] frame(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (31 * i + length);
    }
    return bytes;
  }

  /** The records of some frames, as they would go out. */
  private static List<byte[]> sealed(EmbeddedChannel from, byte[]... frames) {
    List<byte[]> records = new ArrayList<>();
    for (byte[] frame : frames) {
      from.writeOutbound(Unpooled.directBuffer().writeBytes(frame));
      ByteBuf record = from.readOutbound();
      records.add(ByteBufUtil.getBytes(record));
      record.release();
    }
    return records;
  }

  /** Returns all that came out at the other end. */
  private static byte[] received(EmbeddedChannel to) {
    ByteBuf all = Unpooled.buffer();
    for (ByteBuf part = to.readInbound(); part != null; part = to.readInbound()) {
      all.writeBytes(part);
      part.release();
    }
    return ByteBufUtil.getBytes(all);
  }

  private static void arrives(EmbeddedChannel at, byte[] bytes) {
    at.writeInbound(Unpooled.directBuffer().writeBytes(bytes));
  }

  private static void refuses(EmbeddedChannel at, byte[] bytes, String why) {
    assertThatThrownBy(() -> arrives(at, bytes))
        .isInstanceOf(BadRecordException.class)
        .hasMessageContaining(why);
    assertThat(received(at)).isEmpty();
    assertThat(at.isOpen()).isFalse();
    at.finishAndReleaseAll();
  }

  @Test
  void keysFollowRfc5869() {
    byte[] inputKey = new byte[22];
    Arrays.fill(inputKey, (byte) 0x0b);
    HexFormat hex = HexFormat.of();
    byte[] key = Hkdf.extract(hex.parseHex("000102030405060708090a0b0c"), inputKey);
    assertThat(hex.formatHex(key)) // test case 1 of appendix A
        .isEqualTo("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
    assertThat(hex.formatHex(Hkdf.expand(key, hex.parseHex("f0f1f2f3f4f5f6f7f8f9"), 42)))
        .isEqualTo(
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  }

  @Test
  void framesOfAllSizesArriveInAnyCut() {
    EmbeddedChannel client = client();
    byte[][] frames = {frame(1), frame(24), frame(25), frame(1000), frame(MAX_FRAME), frame(300)};
    ByteBuf stream = Unpooled.buffer();
    sealed(client, frames).forEach(stream::writeBytes);
    byte[] all = ByteBufUtil.getBytes(stream);
    byte[] expected = ByteBufUtil.getBytes(Unpooled.wrappedBuffer(frames));
    for (int cut : new int[] {1, 7, 33, 4096, all.length}) {
      EmbeddedChannel server = server();
      ByteBuf out = Unpooled.buffer();
      for (int at = 0; at < all.length; at += cut) {
        arrives(server, Arrays.copyOfRange(all, at, Math.min(all.length, at + cut)));
        out.writeBytes(received(server));
      }
      assertThat(ByteBufUtil.getBytes(out)).as("pieces of %d bytes", cut).isEqualTo(expected);
      server.finishAndReleaseAll();
    }
  }

  @Test
  void fault_16_everyFlippedBitOfARecordIsRefused() {
    byte[] record = sealed(client(), frame(40)).get(0);
    for (int bit = 0; bit < 8 * record.length; bit++) {
      byte[] changed = record.clone();
      changed[bit / 8] ^= (byte) (1 << bit % 8);
      EmbeddedChannel server = server();
      Throwable problem = catchThrowable(() -> arrives(server, changed));
      if (problem == null) {
        // A longer length waits for bytes that would not fit it either.
        assertThat(bit / 8).isBetween(RecordCipher.LENGTH_OFFSET, RecordCipher.HEADER_BYTES - 1);
        assertThat(server.isOpen()).isTrue();
      } else {
        assertThat(problem).as("bit %d", bit).isInstanceOf(BadRecordException.class);
        assertThat(server.isOpen()).isFalse();
      }
      assertThat(received(server)).as("bit %d", bit).isEmpty();
      server.finishAndReleaseAll();
    }
  }

  @Test
  void fault_21_replayedReorderedOmittedAndReflectedRecordsAreRefused() {
    List<byte[]> records = sealed(client(), frame(40), frame(50), frame(60));
    EmbeddedChannel replay = server();
    arrives(replay, records.get(0));
    assertThat(received(replay)).isEqualTo(frame(40));
    refuses(replay, records.get(0), "record 1 was changed, repeated, left out or moved");
    refuses(server(), records.get(1), "record 0");
    EmbeddedChannel omitted = server();
    arrives(omitted, records.get(0));
    received(omitted);
    refuses(omitted, records.get(2), "record 1");
    refuses(client(), records.get(0), "record 0"); // back to whom it came from
  }

  @Test
  void fault_21_aRecordThatIsCutOffIsNeverDelivered() {
    byte[] record = sealed(client(), frame(40)).get(0);
    for (int length = 0; length < record.length; length++) {
      EmbeddedChannel server = server();
      arrives(server, Arrays.copyOf(record, length));
      server.close();
      assertThat(received(server)).as("%d bytes", length).isEmpty();
      server.finishAndReleaseAll();
    }
  }

  @Test
  void fault_17_lengthsOutOfRangeAreRefusedBeforeAnythingIsAllocated() {
    for (int length : new int[] {0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, MAX_FRAME + 1}) {
      ByteBuffer header =
          ByteBuffer.allocate(RecordCipher.HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      header.putInt(RecordCipher.MAGIC).putInt(length);
      refuses(server(), header.array(), "1.." + MAX_FRAME);
    }
    refuses(server(), "GET / HTTP/1.1".getBytes(StandardCharsets.US_ASCII), "'BLWE'");
  }

  @Test
  void nothingOfAFrameIsReadableAndTheSameFrameLooksDifferentEachTime() {
    byte[] secretFrame = "secret-secret-secret-secret".getBytes(StandardCharsets.US_ASCII);
    List<byte[]> records = sealed(client(), secretFrame, secretFrame);
    assertThat(records.get(0)).hasSize(secretFrame.length + RecordCipher.OVERHEAD_BYTES);
    assertThat(new String(records.get(0), StandardCharsets.ISO_8859_1)).doesNotContain("secret");
    assertThat(Arrays.copyOfRange(records.get(0), RecordCipher.HEADER_BYTES, records.get(0).length))
        .isNotEqualTo(
            Arrays.copyOfRange(records.get(1), RecordCipher.HEADER_BYTES, records.get(1).length));
  }

  @Test
  void theKeyGivesWayToTheNextAtTheSameRecordOnBothSides() throws BadRecordException {
    RecordCipher seal = RecordCipher.sealing(UP).withBytesPerKey(100);
    RecordCipher open = RecordCipher.opening(UP).withBytesPerKey(100);
    RecordCipher never = RecordCipher.opening(UP);
    for (int i = 0; i < 10; i++) {
      ByteBuffer record = ByteBuffer.allocateDirect(40 + RecordCipher.OVERHEAD_BYTES);
      seal.seal(ByteBuffer.wrap(frame(40)), record);
      record.flip();
      ByteBuffer copy = record.duplicate();
      ByteBuffer frame = ByteBuffer.allocate(40);
      open.open(record, frame);
      assertThat(frame.array()).isEqualTo(frame(40));
      if (i < 2) {
        never.open(copy, ByteBuffer.allocate(40));
      } else if (i == 2) {
        assertThatThrownBy(() -> never.open(copy, ByteBuffer.allocate(40)))
            .isInstanceOf(BadRecordException.class);
      }
    }
  }
}
