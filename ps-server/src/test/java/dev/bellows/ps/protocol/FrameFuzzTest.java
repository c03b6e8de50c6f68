package dev.bellows.ps.protocol;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Rows 16 to 20 of the fault matrix for any bytes at all, with a checksum that is right: a frame is
 * decoded or refused with a typed error, and no more floats are asked for than it has bytes. In the
 * build every message runs; {@code JAZZER_FUZZ=1 ./mvnw -Dfast -pl ps-server -am test
 * -Dtest=FrameFuzzTest} looks for more.
 */
class FrameFuzzTest {

  static List<byte[]> frames() {
    List<byte[]> frames = new ArrayList<>();
    for (Message message : MessageCodecTest.all()) {
      frames.add(MessageCodecTest.encode(7, message));
    }
    return frames;
  }

  @MethodSource("frames")
  @FuzzTest(maxDuration = "2m")
  void anyFrame(byte[] bytes) {
    if (bytes.length < FrameHeader.BYTES) {
      return; // the reader waits for more
    }
    ByteBuffer in = ByteBuffer.wrap(bytes.clone()).order(ByteOrder.LITTLE_ENDIAN);
    int body = bytes.length - FrameHeader.BYTES;
    in.putInt(FrameHeader.BODY_BYTES_OFFSET, body);
    in.putInt(FrameHeader.CRC_OFFSET, FrameHeader.checksum(in, 0, body));
    try {
      MessageCodec.decode(
          in,
          FrameHeader.read(in, FrameHeader.DEFAULT_MAX_FRAME_BYTES),
          length -> {
            if (length > bytes.length) {
              throw new AssertionError(length + " floats for " + bytes.length + " bytes");
            }
            return new float[length];
          });
    } catch (PsException expected) {
      if (expected.getMessage() == null) {
        throw new AssertionError("no message", expected);
      }
    }
  }
}
