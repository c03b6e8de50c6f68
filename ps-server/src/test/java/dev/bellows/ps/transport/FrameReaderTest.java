package dev.bellows.ps.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.ps.protocol.FloatScratch;
import dev.bellows.ps.protocol.Floats;
import dev.bellows.ps.protocol.FrameHeader;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.MessageCodec;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import dev.bellows.ps.protocol.Target;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows 16 to 20 of the fault matrix at the level of bytes. */
class FrameReaderTest {

  private static final int MAX_FRAME = 1 << 20;
  private static final Target TARGET = new Target("run-1", 0, 1);

  /** Collects what a reader reports. */
  private static final class Collected implements FrameReader.Sink {
    final List<String> frames = new ArrayList<>();
    final List<PsErrorCode> badBodies = new ArrayList<>();
    final List<PsErrorCode> badFrames = new ArrayList<>();
    int wanted = Integer.MAX_VALUE;

    @Override
    public boolean ready() {
      return frames.size() < wanted;
    }

    @Override
    public void frame(long requestId, Message message, int frameBytes) {
      String floats = "";
      if (message instanceof Message.Push push) {
        Floats values = push.values();
        floats =
            Arrays.toString(
                Arrays.copyOfRange(
                    values.array(), values.offset(), values.offset() + values.length()));
      }
      frames.add(requestId + " " + message.opcode() + " " + floats);
    }

    @Override
    public void badBody(long requestId, PsException problem) {
      badBodies.add(problem.code());
    }

    @Override
    public void badFrame(long requestId, PsException problem) {
      badFrames.add(problem.code());
    }
  }

  private final Collected collected = new Collected();
  private final FrameReader reader = new FrameReader(MAX_FRAME, FloatScratch.reusing(), collected);

  private final EmbeddedChannel channel =
      new EmbeddedChannel(
          new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
              ByteBuf in = (ByteBuf) message;
              try {
                reader.read(in, UnpooledByteBufAllocator.DEFAULT);
              } finally {
                in.release();
              }
            }
          });

  static byte[] frame(long requestId, Message message) {
    ByteBuffer buffer = ByteBuffer.allocate(MessageCodec.frameBytes(message));
    MessageCodec.encode(requestId, message, buffer);
    return buffer.array();
  }

  static Message.Push push(float... values) {
    return new Message.Push(TARGET, 7, 0, 0, 0, 0, true, -1, 1.0, 0.5, 1.0, 2.0, Floats.of(values));
  }

  private void write(byte[] bytes, int from, int to) {
    channel.writeInbound(Unpooled.copiedBuffer(bytes, from, to - from));
  }

  @Test
  void fault_19_everySplitPointGivesTheSameFrames() {
    byte[] two = concat(frame(1, push(1f, -2f, 3.5f)), frame(2, new Message.Ping()));
    List<String> expected = List.of("1 PUSH [1.0, -2.0, 3.5]", "2 PING ");
    for (int first = 0; first <= two.length; first++) {
      for (int second = first; second <= two.length; second += 7) {
        collected.frames.clear();
        write(two, 0, first);
        write(two, first, second);
        write(two, second, two.length);
        assertThat(collected.frames).as("split at %d and %d", first, second).isEqualTo(expected);
        assertThat(reader.pendingCapacity()).isZero();
      }
    }
    assertThat(collected.badFrames).isEmpty();
  }

  @Test
  void fault_19_singleByteWrites() {
    byte[] many =
        concat(
            frame(1, push(1f, 2f)),
            frame(2, new Message.Ping()),
            frame(3, push()),
            frame(4, new Message.Done(9)));
    for (int at = 0; at < many.length; at++) {
      write(many, at, at + 1);
    }
    assertThat(collected.frames)
        .containsExactly("1 PUSH [1.0, 2.0]", "2 PING ", "3 PUSH []", "4 DONE ");
  }

  @Test
  void fault_19_twoFramesInOneWrite() {
    byte[] two = concat(frame(1, push(4f)), frame(2, push(5f)));
    write(two, 0, two.length);
    assertThat(collected.frames).containsExactly("1 PUSH [4.0]", "2 PUSH [5.0]");
  }

  @Test
  void framesAreReadWhereTheyAreDecoded() {
    float[] large = new float[9000];
    Arrays.fill(large, 2f);
    byte[] stream =
        concat(frame(1, push(large)), frame(2, push(large)), frame(3, new Message.Ping()));
    for (int read : new int[] {7, 100, 16_384, 36_000, 50_000, stream.length}) {
      for (int wanted = 0; wanted < 4; wanted++) {
        Collected seen = new Collected();
        seen.wanted = wanted;
        FrameReader fresh = new FrameReader(MAX_FRAME, FloatScratch.reusing(), seen);
        int at = 0;
        boolean continued = false;
        while (at < stream.length) {
          ByteBuf room = fresh.room(UnpooledByteBufAllocator.DEFAULT);
          continued |= room.isReadable();
          int part = Math.min(Math.min(read, room.writableBytes()), stream.length - at);
          room.writeBytes(stream, at, part);
          at += part;
          fresh.read(room, UnpooledByteBufAllocator.DEFAULT);
          room.release();
        }
        assertThat(seen.frames).as("%d bytes a read", read).hasSize(wanted);
        assertThat(continued).as("a frame goes on where it began").isEqualTo(wanted > 0);
        seen.wanted = 3;
        fresh.resume(UnpooledByteBufAllocator.DEFAULT);
        assertThat(seen.frames)
            .containsExactly(
                "1 PUSH " + Arrays.toString(large), "2 PUSH " + Arrays.toString(large), "3 PING ");
        assertThat(fresh.pendingCapacity()).isZero();
        fresh.close();
      }
    }
  }

  @Test
  void fault_26_aFrameThatBecomesWholeWhileTheSinkIsNotReadyWaitsForIt() {
    float[] large = new float[9000];
    byte[] one = frame(1, push(large));
    byte[] stream = concat(one, frame(2, push(large)));
    for (int behind : new int[] {30, 20_000, one.length - 1}) { // bytes of the second before
      Collected seen = new Collected();
      FrameReader fresh = new FrameReader(MAX_FRAME, FloatScratch.reusing(), seen);
      int at = 0;
      while (at < stream.length) {
        int before = one.length + behind;
        seen.wanted = at < before ? Integer.MAX_VALUE : 1;
        ByteBuf room = fresh.room(UnpooledByteBufAllocator.DEFAULT);
        int end = at < before ? before : stream.length;
        int part = Math.min(room.writableBytes(), end - at);
        room.writeBytes(stream, at, part);
        at += part;
        fresh.read(room, UnpooledByteBufAllocator.DEFAULT);
        room.release();
      }
      assertThat(seen.frames).as("%d bytes before", behind).hasSize(1);
      seen.wanted = 2;
      fresh.resume(UnpooledByteBufAllocator.DEFAULT);
      assertThat(seen.frames).as("%d bytes before", behind).hasSize(2);
      assertThat(fresh.pendingCapacity()).isZero();
      fresh.close();
    }
  }

  @Test
  void buffersAreUsedAgain() {
    FrameBuffers buffers = new FrameBuffers(100_000);
    ByteBuf first = buffers.take(UnpooledByteBufAllocator.DEFAULT, 40_000);
    ByteBuf second = buffers.take(UnpooledByteBufAllocator.DEFAULT, 40_000);
    assertThat(second).isNotSameAs(first);
    ByteBuf beyondTheLimit = buffers.take(UnpooledByteBufAllocator.DEFAULT, 40_000);
    beyondTheLimit.release();
    assertThat(beyondTheLimit.refCnt()).isZero();
    first.writeInt(7).release();
    ByteBuf again = buffers.take(UnpooledByteBufAllocator.DEFAULT, 40_000);
    assertThat(again).isSameAs(first);
    assertThat(again.readableBytes()).isZero();
    buffers.close();
    again.release();
    second.release();
    assertThat(first.refCnt() + second.refCnt()).isZero();
  }

  @Test
  void fault_26_nothingIsDecodedWhileTheSinkIsNotReady() {
    byte[] three = concat(frame(1, push(1f)), frame(2, push(2f)), frame(3, push(3f)));
    for (int cut = 1; cut < three.length; cut++) {
      Collected seen = new Collected();
      FrameReader fresh = new FrameReader(MAX_FRAME, FloatScratch.reusing(), seen);
      seen.wanted = 1;
      ByteBuf first = Unpooled.copiedBuffer(three, 0, cut);
      ByteBuf second = Unpooled.copiedBuffer(three, cut, three.length - cut);
      fresh.read(first, UnpooledByteBufAllocator.DEFAULT);
      fresh.read(second, UnpooledByteBufAllocator.DEFAULT);
      first.release();
      second.release();
      assertThat(seen.frames).as("cut at %d", cut).containsExactly("1 PUSH [1.0]");
      seen.wanted = 2;
      fresh.resume(UnpooledByteBufAllocator.DEFAULT);
      assertThat(seen.frames).hasSize(2);
      if (cut % 2 == 0) {
        seen.wanted = Integer.MAX_VALUE;
        fresh.resume(UnpooledByteBufAllocator.DEFAULT);
        assertThat(seen.frames).hasSize(3).endsWith("3 PUSH [3.0]");
      }
      fresh.close();
      assertThat(first.refCnt() + second.refCnt()).as("buffers held after closing").isZero();
    }
  }

  @Test
  void fault_16_everyBitOfASmallFrame() {
    byte[] good = frame(5, push(1f, 2f, 3f));
    for (int bit = 0; bit < good.length * 8; bit++) {
      Collected seen = new Collected();
      FrameReader fresh = new FrameReader(MAX_FRAME, FloatScratch.reusing(), seen);
      byte[] bad = good.clone();
      bad[bit / 8] ^= (byte) (1 << (bit % 8));
      ByteBuf in = Unpooled.wrappedBuffer(concat(bad, good));
      fresh.read(in, UnpooledByteBufAllocator.DEFAULT);
      assertThat(seen.frames).as("bit %d: nothing is applied", bit).isEmpty();
      assertThat(seen.badBodies).isEmpty();
      boolean waitsForMore = seen.badFrames.isEmpty();
      if (waitsForMore) {
        // A length that grew within the limit: the bytes behind are taken for the body, then
        // refused.
        assertThat(bit / 8).isBetween(FrameHeader.BODY_BYTES_OFFSET, FrameHeader.CRC_OFFSET - 1);
        assertThat(fresh.pendingCapacity()).isLessThanOrEqualTo(MAX_FRAME);
      } else {
        assertThat(seen.badFrames).hasSize(1);
      }
      fresh.close();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MAX_VALUE, Integer.MIN_VALUE, -1, MAX_FRAME, MAX_FRAME - 23})
  void fault_17_aBadLengthIsRefusedBeforeAllocation(int length) {
    byte[] header = headerOfLength(length);
    write(header, 0, header.length);
    assertThat(collected.badFrames).containsExactly(PsErrorCode.BAD_LENGTH);
    assertThat(reader.pendingCapacity()).isZero();
  }

  @Test
  void fault_17_aZeroLengthPushIsMalformed() {
    byte[] header = Arrays.copyOf(frame(1, push(1f)), FrameHeader.BYTES);
    ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).putInt(FrameHeader.BODY_BYTES_OFFSET, 0);
    write(header, 0, header.length);
    assertThat(collected.badFrames).containsExactly(PsErrorCode.BAD_CHECKSUM);
    assertThat(collected.frames).isEmpty();
  }

  @Test
  void fault_17_theLargestFrameIsAllocatedOnceAndExactly() {
    byte[] header = Arrays.copyOf(frame(1, push(1f)), FrameHeader.BYTES);
    ByteBuffer.wrap(header)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(FrameHeader.BODY_BYTES_OFFSET, MAX_FRAME - FrameHeader.BYTES);
    write(header, 0, header.length);
    assertThat(reader.pendingCapacity()).isEqualTo(MAX_FRAME);
    reader.close();
    assertThat(reader.pendingCapacity()).isZero();
  }

  @Test
  void fault_18_aTensorThatClaimsMoreThanTheFrameHolds() {
    byte[] bytes = frame(1, push(1f, 2f));
    ByteBuffer view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int countAt = bytes.length - 2 * Float.BYTES - Integer.BYTES;
    assertThat(view.getInt(countAt)).isEqualTo(2);
    for (int claim : new int[] {3, 1 << 30, 1 << 29, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
      view.putInt(countAt, claim);
      sign(bytes);
      write(bytes, 0, bytes.length);
    }
    assertThat(collected.badBodies).hasSize(6).containsOnly(PsErrorCode.BAD_REQUEST);
    assertThat(collected.badFrames).isEmpty();
    byte[] good = frame(2, push(1f));
    write(good, 0, good.length);
    assertThat(collected.frames).as("the stream goes on").containsExactly("2 PUSH [1.0]");
  }

  @Test
  void fault_20_unknownOpcodeVersionAndMagic() {
    assertThat(codeAfter(FrameHeader.OPCODE_OFFSET, 63)).isEqualTo(PsErrorCode.BAD_OPCODE);
    assertThat(codeAfter(FrameHeader.OPCODE_OFFSET, 200)).isEqualTo(PsErrorCode.BAD_OPCODE);
    assertThat(codeAfter(FrameHeader.VERSION_OFFSET, 2)).isEqualTo(PsErrorCode.BAD_VERSION);
    assertThat(codeAfter(FrameHeader.MAGIC_OFFSET, 'G')).isEqualTo(PsErrorCode.BAD_MAGIC);
    assertThat(codeAfter(FrameHeader.FLAGS_OFFSET, 1)).isEqualTo(PsErrorCode.BAD_REQUEST);
  }

  private static PsErrorCode codeAfter(int offset, int value) {
    Collected seen = new Collected();
    FrameReader fresh = new FrameReader(MAX_FRAME, FloatScratch.reusing(), seen);
    byte[] bytes = frame(1, new Message.Ping());
    bytes[offset] = (byte) value;
    fresh.read(Unpooled.wrappedBuffer(bytes), UnpooledByteBufAllocator.DEFAULT);
    assertThat(seen.frames).isEmpty();
    return seen.badFrames.get(0);
  }

  /** Makes the checksum right again after a change. */
  static void sign(byte[] frame) {
    java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
    crc.update(frame, 0, FrameHeader.CRC_OFFSET);
    crc.update(frame, FrameHeader.BYTES, frame.length - FrameHeader.BYTES);
    ByteBuffer.wrap(frame)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(FrameHeader.CRC_OFFSET, (int) crc.getValue());
  }

  /** The header of a frame that claims this many bytes of body. */
  static byte[] headerOfLength(int bodyBytes) {
    byte[] header = Arrays.copyOf(frame(1, new Message.Ping()), FrameHeader.BYTES);
    ByteBuffer.wrap(header)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(FrameHeader.BODY_BYTES_OFFSET, bodyBytes);
    return header;
  }

  static byte[] concat(byte[]... parts) {
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
}
