package dev.bellows.engine.audio;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A WAV file of linear PCM, 16 bits a sample (Microsoft, IBM: Multimedia Programming Interface and
 * Data Specifications 1.0, 1991). Every length in the file is checked against what is there before
 * it is used.
 *
 * <pre>
 * "RIFF" | uint32 bytes that follow | "WAVE" | chunks
 * chunk   = 4 letters | uint32 n | n bytes, and one more when n is odd
 * "fmt "  = uint16 format = 1 | uint16 channels | uint32 rate | uint32 bytes a second | uint16 bytes a frame | uint16 bits
 * "data"  = frames of one int16 per channel
 * </pre>
 *
 * All numbers are little-endian. Other chunks are skipped.
 *
 * @param rate samples a second
 * @param samples [frames] the mean of the channels, in [-1, 1)
 */
@SuppressWarnings("ArrayRecordComponent") // the samples themselves, never compared
public record Wav(int rate, float[] samples) {
  private static final int HEADER = 12;
  private static final int CHUNK_HEADER = 8;
  private static final int FORMAT_BYTES = 16;
  private static final int PCM = 1;
  private static final int BITS = 16;

  /**
   * Reads a whole file.
   *
   * @throws IllegalArgumentException when it is no such file or is cut off; the message follows the
   *     file's name
   */
  public static Wav read(byte[] file) {
    ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    if (file.length < HEADER || !word(in, 0).equals("RIFF") || !word(in, 8).equals("WAVE")) {
      throw new IllegalArgumentException(
          "expected a WAV file (RIFF ... WAVE), found "
              + file.length
              + " bytes that begin with "
              + (file.length < 4 ? "fewer than 4" : "\"" + word(in, 0) + "\""));
    }
    long said = Integer.toUnsignedLong(in.getInt(4)) + CHUNK_HEADER;
    if (said > file.length) {
      throw cut("its header says " + said + " bytes", file.length);
    }
    int at = HEADER;
    int channels = 0;
    int rate = 0;
    while (at + CHUNK_HEADER <= said) {
      String name = word(in, at);
      long bytes = Integer.toUnsignedLong(in.getInt(at + 4));
      int from = at + CHUNK_HEADER;
      if (bytes > said - from) {
        throw cut("chunk \"" + name + "\" says " + bytes + " bytes", said - from);
      }
      if (name.equals("fmt ")) {
        checkFormat(in, from, bytes);
        channels = Short.toUnsignedInt(in.getShort(from + 2));
        rate = in.getInt(from + 4);
      } else if (name.equals("data")) {
        return data(in, from, (int) bytes, channels, rate);
      }
      at = (int) Math.min(said, from + bytes + (bytes & 1));
    }
    throw new IllegalArgumentException(
        "expected a chunk \"data\", found none in " + file.length + " bytes");
  }

  private static IllegalArgumentException cut(String what, long found) {
    return new IllegalArgumentException(what + ", found " + found + ": the file is cut off");
  }

  private static String word(ByteBuffer in, int at) {
    byte[] letters = new byte[4];
    in.get(at, letters);
    return new String(letters, StandardCharsets.ISO_8859_1).replaceAll("[^ -~]", "?");
  }

  private static void checkFormat(ByteBuffer in, int from, long bytes) {
    if (bytes < FORMAT_BYTES) {
      throw new IllegalArgumentException(
          "expected " + FORMAT_BYTES + " bytes or more in chunk \"fmt \", found " + bytes);
    }
    int format = Short.toUnsignedInt(in.getShort(from));
    int channels = Short.toUnsignedInt(in.getShort(from + 2));
    int rate = in.getInt(from + 4);
    int bits = Short.toUnsignedInt(in.getShort(from + 14));
    if (format != PCM || bits != BITS || channels < 1 || rate < 1) {
      throw new IllegalArgumentException(
          "expected linear PCM (format 1) of 16 bits, found format "
              + format
              + " of "
              + bits
              + " bits, "
              + channels
              + " channels, "
              + Integer.toUnsignedString(rate)
              + " samples a second: convert it (ffmpeg -i in -c:a pcm_s16le out.wav)");
    }
  }

  private static Wav data(ByteBuffer in, int from, int bytes, int channels, int rate) {
    if (channels == 0) {
      throw new IllegalArgumentException("expected chunk \"fmt \" before \"data\", found none");
    }
    int frame = 2 * channels;
    if (bytes % frame != 0) {
      throw new IllegalArgumentException(
          "expected frames of " + frame + " bytes in chunk \"data\", found " + bytes + " bytes");
    }
    float[] samples = new float[bytes / frame];
    for (int i = 0; i < samples.length; i++) {
      int sum = 0;
      for (int c = 0; c < channels; c++) {
        sum += in.getShort(from + i * frame + 2 * c);
      }
      samples[i] = (float) sum / (channels * 32768f);
    }
    return new Wav(rate, samples);
  }
}
