package dev.bellows.engine.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.RealData;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** WAV files, whole and damaged. */
final class WavTest {
  private static void chunk(ByteBuffer out, String name, byte[] content) {
    out.put(name.getBytes(StandardCharsets.US_ASCII)).putInt(content.length).put(content);
    if (content.length % 2 == 1) {
      out.put((byte) 0);
    }
  }

  private static byte[] file(int format, int channels, int bits, byte[] data) {
    ByteBuffer out = ByteBuffer.allocate(200 + data.length).order(ByteOrder.LITTLE_ENDIAN);
    out.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(0);
    out.put("WAVE".getBytes(StandardCharsets.US_ASCII));
    ByteBuffer fmt = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    fmt.putShort((short) format).putShort((short) channels).putInt(8000).putInt(16000);
    fmt.putShort((short) (2 * channels)).putShort((short) bits);
    chunk(out, "LIST", new byte[] {1, 2, 3}); // skipped, with its pad
    chunk(out, "fmt ", fmt.array());
    chunk(out, "data", data);
    out.putInt(4, out.position() - 8);
    return Arrays.copyOf(out.array(), out.position());
  }

  private static byte[] samples(int... values) {
    ByteBuffer out = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    Arrays.stream(values).forEach(v -> out.putShort((short) v));
    return out.array();
  }

  @Test
  void samplesAreSharesOfFullScale() {
    Wav mono = Wav.read(file(1, 1, 16, samples(0, 16384, -32768)));
    assertThat(mono.rate()).isEqualTo(8000);
    assertThat(mono.samples()).containsExactly(0f, 0.5f, -1f);
    Wav stereo = Wav.read(file(1, 2, 16, samples(16384, 0, -32768, -32768)));
    assertThat(stereo.samples()).containsExactly(0.25f, -1f);
    assertThat(Wav.read(file(1, 1, 16, new byte[0])).samples()).isEmpty();
  }

  @Test
  void aFileCutAnywhereIsRefused() {
    byte[] whole = file(1, 1, 16, samples(1, 2, 3, 4));
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> Wav.read(cut))
          .as("cut at " + length)
          .isInstanceOf(IllegalArgumentException.class);
    }
    byte[] cut = Arrays.copyOf(whole, whole.length - 2);
    assertThatThrownBy(() -> Wav.read(cut))
        .hasMessageContaining("its header says " + whole.length + " bytes, found " + cut.length)
        .hasMessageContaining("cut off");
  }

  @Test
  void lengthsThatLieAreRefused() {
    byte[] whole = file(1, 1, 16, samples(1, 2, 3, 4));
    ByteBuffer edit = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN);
    int data = whole.length - 12; // length of the chunk "data"
    assertThat(edit.getInt(data)).isEqualTo(8);
    edit.putInt(data, -2); // 4,294,967,294
    assertThatThrownBy(() -> Wav.read(whole))
        .hasMessageContaining("chunk \"data\" says 4294967294 bytes, found 8");
    edit.putInt(data, 7);
    assertThatThrownBy(() -> Wav.read(whole))
        .hasMessageContaining("expected frames of 2 bytes in chunk \"data\", found 7 bytes");
  }

  @Test
  void otherFilesAreNamed() {
    assertThatThrownBy(() -> Wav.read("ID3 and so on ...".getBytes(StandardCharsets.US_ASCII)))
        .hasMessageContaining("expected a WAV file (RIFF ... WAVE)")
        .hasMessageContaining("\"ID3 \"");
    assertThatThrownBy(() -> Wav.read(file(3, 1, 32, new byte[8])))
        .hasMessageContaining("found format 3 of 32 bits, 1 channels, 8000 samples a second");
    assertThatThrownBy(() -> Wav.read(file(1, 0, 16, new byte[8])))
        .hasMessageContaining("0 channels");
  }

  @Test
  void aRecordingOfADigitIsRead() {
    Wav wav = Wav.read(RealData.bytes("fsdd/recordings/0_george_0.wav"));
    assertThat(wav.rate()).isEqualTo(8000);
    assertThat(wav.samples()).hasSize(0x12a0 / 2);
    assertThat(wav.samples()[0]).isEqualTo((short) 0xfa2f / 32768f);
  }
}
